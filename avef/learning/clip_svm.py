"""Video-based fusion (§2.2.4): a polynomial SVM on features averaged over a clip.

The same reading is used for one modality alone, where the paper does not say
how segments become a clip's decision; the other reading, the class of the
greatest averaged softmax, is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.config.schema import Svm
from avef.core.errors import ParameterError
from avef.learning import grid
from avef.preparation.prepared import prepared_clips
from avef.protocol import EMOTION_MODELS, folds, labels

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.svm import SVC


def machine(settings: Svm) -> SVC | Pipeline:
    """libsvm with a polynomial kernel (§2.2.4), one against one."""
    # here, and not above: only what fits an SVM loads scikit-learn
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    svc = SVC(
        C=settings.c,
        kernel="poly",
        degree=settings.degree,
        gamma=settings.gamma,
        coef0=settings.coef0,
    )
    return make_pipeline(StandardScaler(), svc) if settings.standardise else svc


def predictions(
    prepared: str | Path,
    cells: str | Path,
    chosen: CorpusParams,
    *,
    feature: str,
    decision: str = "svm",
    pairs: Sequence[tuple[str, int]] | None = None,
) -> pd.DataFrame:
    """Recognise every clip in the fold that leaves its speaker out.

    Parameters
    ----------
    prepared, cells : path
        The corpus' prepared clips, and the cells of one stage.
    feature : {"fc7", "features"}
        The cells' array that the SVM works on.
    decision : {"svm", "softmax"}
    pairs : sequence of (emotion model, case), optional
        Of the grid of Tables 4–7; all of it if not given, and of none no row.

    Returns
    -------
    DataFrame
        ``emotion_model``, ``case``, ``seed``, ``fold``, ``clip``, ``speaker``, ``true``,
        ``predicted``; every clip once per (emotion model, case, seed).
    """
    clips = prepared_clips(prepared)
    splits = folds(clips, clips["corpus"].iloc[0], **asdict(chosen.protocol), seed=chosen.seed)
    tables = [pd.DataFrame(columns=[*grid.Cell._fields, "clip", "speaker", "true", "predicted"])]
    for emotion_model, case in grid.pairs() if pairs is None else pairs:
        truth = labels(clips, emotion_model)
        names = np.array(EMOTION_MODELS[emotion_model])
        for seed, (fold, split) in product(chosen.seeds, enumerate(splits)):
            cell = grid.Cell(emotion_model, case, seed, fold)
            arrays = grid.read(cells, cell)
            guess = classes(
                arrays, truth, split, svm=chosen.svm, feature=feature, decision=decision
            )
            _, test = split
            table = clips.loc[test, ["clip", "speaker"]].assign(
                true=names[truth[test]], predicted=names[guess]
            )
            for column, value in reversed(cell._asdict().items()):
                table.insert(0, column, value)
            tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)


def classes(
    cell: Mapping[str, np.ndarray],
    truth: np.ndarray,
    split: tuple[np.ndarray, np.ndarray],
    *,
    svm: Svm,
    feature: str,
    decision: str,
) -> np.ndarray:
    """Classes of the test clips of one cell: (len(test),) int; see :func:`predictions`."""
    if decision == "softmax":
        return cell["softmax"][split[1]].argmax(axis=1)
    if decision != "svm":
        raise ParameterError(f"decision must be svm or softmax, got {decision!r}")
    return decide(cell[feature], truth, split, svm=svm)


def decide(
    x: np.ndarray, truth: np.ndarray, split: tuple[np.ndarray, np.ndarray], *, svm: Svm
) -> np.ndarray:
    """Classes of the test clips of one fold, by an SVM on the training clips.

    Parameters
    ----------
    x : (clips, d) float
    truth : (clips,) int
        Classes; only those of training clips are read.
    split : (train, test)
        Rows of ``x``.

    Returns
    -------
    ndarray (len(test),), int
    """
    train, test = split
    if len(set(truth[train])) == 1:  # nothing to tell apart
        return truth[train][:1].repeat(len(test))
    return machine(svm).fit(x[train], truth[train]).predict(x[test])
