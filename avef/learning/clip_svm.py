"""Video-based fusion (§2.2.4): a polynomial SVM on features averaged over a clip.

The same reading is used for one modality alone, where the paper does not say
how segments become a clip's decision; the other reading, the class of the
greatest averaged softmax, is a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from avef.config.params import Svm
from avef.core import store
from avef.core.errors import ParameterError
from avef.learning import grid
from avef.protocol import EMOTION_MODELS, folds, labels


def svm(settings: Svm):
    """libsvm with a polynomial kernel (§2.2.4), one against one."""
    machine = SVC(
        C=settings.c,
        kernel="poly",
        degree=settings.degree,
        gamma=settings.gamma,
        coef0=settings.coef0,
    )
    return make_pipeline(StandardScaler(), machine) if settings.standardise else machine


def predictions(
    prepared: str | Path,
    cell_folder: str | Path,
    feature: str,
    settings: Svm,
    groups: int | None,
    seed: int,
    decision: str = "svm",
    pairs: Sequence[tuple[str, int]] | None = None,
) -> pd.DataFrame:
    """Recognise every clip in the fold that leaves its speaker out.

    Parameters
    ----------
    prepared, cell_folder : path
        The corpus' prepared clips, and the cells of one stage.
    feature : {"fc7", "features"}
        The cells' array that the SVM works on.
    decision : {"svm", "softmax"}
    pairs : sequence of (emotion model, case), optional
        Of the grid of Tables 4–7; all of it if not given.

    Returns
    -------
    DataFrame
        ``emotion_model``, ``case``, ``fold``, ``clip``, ``speaker``, ``true``,
        ``predicted``; every clip once per (emotion model, case).
    """
    clips = pd.read_csv(Path(prepared) / "clips.csv", dtype={"clip": str, "speaker": str})
    splits = folds(clips, clips["corpus"].iloc[0], groups=groups, seed=seed)
    tables = []
    for emotion_model, case in pairs or grid.pairs():
        truth = labels(clips, emotion_model)
        names = np.array(EMOTION_MODELS[emotion_model])
        for fold, (train, test) in enumerate(splits):
            cell = store.load(Path(cell_folder) / f"{grid.name(emotion_model, case, fold)}.npz")
            guess = decide(cell, feature, truth, train, test, settings, decision)
            table = clips.loc[test, ["clip", "speaker"]].assign(
                true=names[truth[test]], predicted=names[guess]
            )
            table.insert(0, "fold", fold)
            table.insert(0, "case", case)
            table.insert(0, "emotion_model", emotion_model)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def decide(
    cell: dict[str, np.ndarray],
    feature: str,
    truth: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    settings: Svm,
    decision: str,
) -> np.ndarray:
    """Classes of the test clips of one cell: (len(test),) int; only training labels are read."""
    if decision == "softmax":
        return cell["softmax"][test].argmax(axis=1)
    if decision != "svm":
        raise ParameterError(f"decision must be svm or softmax, got {decision!r}")
    if len(set(truth[train])) == 1:  # nothing to tell apart
        return truth[train][:1].repeat(len(test))
    return svm(settings).fit(cell[feature][train], truth[train]).predict(cell[feature][test])
