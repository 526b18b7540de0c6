"""What each fold says of the clips whose speakers it never heard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from avef.core import paths, store
from avef.core.errors import ParameterError
from avef.learning import fusion
from avef.preparation.prepared import TABLE, prepared_clips
from avef.protocol import labels
from avef.recognition.calibration import Unheard

if TYPE_CHECKING:
    from avef.recognition.ensemble import Fold


def unheard(corpus: str, keys: Sequence[str], folds: Sequence[Fold]) -> Unheard:
    """Gather, of the cells that the folds' networks were kept of, the clips of other speakers.

    Parameters
    ----------
    keys : sequence of str
        Of these cells, a fold each.
    folds : sequence of Fold

    Raises
    ------
    ParameterError
        If a cell is missing, or is of other clips than those that are prepared.
    """
    table = paths.prepared(corpus) / TABLE
    if not table.is_file():
        raise ParameterError(f"{table} is missing; run `dvc repro preprocessing@{corpus}`")
    clips = prepared_clips(table.parent)
    truth, parts = labels(clips, fusion.PREDICTS[0]), []
    for number, (key, fold) in enumerate(zip(keys, folds, strict=True)):
        file = _cell(paths.cells("dbn_fusion", corpus), number, key)
        cell = store.load(file)
        if len(cell["softmax"]) != len(clips) or not set(fold.clips) <= set(clips["clip"]):
            raise ParameterError(f"{file} is of other clips than {table}; run `dvc repro`")
        rows = others(clips, fold.clips)
        decided = fold.svm.predict(cell["features"][rows])
        parts.append((cell["softmax"][rows], decided, truth[rows], np.full(len(rows), number)))
    return Unheard(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def others(clips: pd.DataFrame, learnt: Sequence[str] | np.ndarray) -> np.ndarray:
    """Rows of a clip table whose speakers have no clip among those learnt from.

    Examples
    --------
    Of ``b`` one clip was left out of training, and the other was not.

    >>> clips = pd.DataFrame({"clip": ["1", "2", "3", "4"], "speaker": list("abbc")})
    >>> others(clips, ["1", "2"]).tolist()
    [3]
    """
    heard = set(clips.loc[clips["clip"].isin(list(learnt)), "speaker"])
    return np.flatnonzero(~clips["speaker"].isin(heard))


def _cell(folder: Path, fold: int, key: str) -> Path:
    """The file of the cell that a fold's networks were kept of."""
    for file in sorted(folder.glob("{}-case{}-seed*-fold{}.npz".format(*fusion.PREDICTS, fold))):
        if store.has(file, key, [fusion.weights_file(folder, fold)]):
            return file
    corpus = folder.name
    raise ParameterError(
        f"{folder} lacks the cell of fold {fold}; run `dvc repro dbn_fusion@{corpus}`"
    )
