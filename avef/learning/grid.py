"""The grid of Tables 4–7: (emotion model, case, fold) cells, each a file.

A cell's file (see :mod:`avef.core.store`) is keyed by all that the cell depends on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.config.schema import CorpusParams, Stop
from avef.core import store
from avef.core.errors import ParameterError
from avef.learning import dataset
from avef.learning.dataset import Dataset
from avef.protocol import EMOTION_MODELS, folds, inner_split, labels

CASES = (1, 2)
#: Emotion model, case, fold.
Cell = tuple[str, int, int]
_log = logging.getLogger(__name__)

#: A learning curve; the last two only where training speakers were held out.
COLUMNS = ("loss", "accuracy", "held_loss", "held_accuracy")


class Checkpoint(NamedTuple):
    """A file that a killed training goes on from.

    Attributes
    ----------
    path : Path
    key : str
        Of all that the training depends on (see :mod:`avef.core.store`); a file of another
        key is ignored.
    seconds : float
        Least time between two writings.
    """

    path: Path
    key: str
    seconds: float


class Held(NamedTuple):
    """Training speakers that are held out, to choose the epoch by.

    Attributes
    ----------
    rows : (m,) int32
        Their segments.
    labels : (m,) int
        Classes of these.
    patience : int
        Epochs without a lower loss after which training stops.
    """

    rows: np.ndarray
    labels: np.ndarray
    patience: int


class Lesson(NamedTuple):
    """The segments that a fold learns from and watches; from :func:`lesson`.

    Attributes
    ----------
    rows : (n,) int32
        Segments to train on.
    labels : (n,) int
        Classes of these.
    held : Held or None
        None where ``stop.early`` is off.
    watch : (m,) int32
        Segments of other speakers, for the RBMs' gaps alone: no labels of theirs are read,
        and nothing is learnt or chosen by them.
    """

    rows: np.ndarray
    labels: np.ndarray
    held: Held | None
    watch: np.ndarray


def pairs() -> list[tuple[str, int]]:
    """The (emotion model, case) pairs of Tables 4–7."""
    return list(product(EMOTION_MODELS, CASES))


def name(emotion_model: str, case: int, fold: int) -> str:
    """File stem of a cell.

    Examples
    --------
    >>> name("arousal", 2, 0)
    'arousal-case2-fold0'
    """
    return f"{emotion_model}-case{case}-fold{fold}"


def file(folder: str | Path, cell: Cell) -> Path:
    """Where a cell lies in its stage's folder."""
    return Path(folder) / f"{name(*cell)}.npz"


class Work(NamedTuple):
    """All folds of one (emotion model, case) on a corpus; from :func:`work`.

    Attributes
    ----------
    data : Dataset
    target : (S,) int
        Classes of all segments.
    classes : int
        How many there are.
    splits : list of (train, test)
        Rows of ``data.clips``.
    cells : list of Path
        Of the folds.
    """

    data: Dataset
    target: np.ndarray
    classes: int
    splits: list[tuple[np.ndarray, np.ndarray]]
    cells: list[Path]


def work(
    pair: tuple[str, int], prepared: str | Path, out: str | Path, *, chosen: CorpusParams
) -> Work:
    """Read a corpus and part it into folds; cells of more folds than there are are removed."""
    emotion_model, case = pair
    data = dataset.load(prepared, case)
    corpus = data.clips["corpus"].iloc[0]
    splits = folds(data.clips, corpus, **asdict(chosen.protocol), seed=chosen.seed)
    prune(out, pair, len(splits))
    target = labels(data.clips, emotion_model)[data.clip]
    cells = [file(out, (*pair, fold)) for fold in range(len(splits))]
    return Work(data, target, len(EMOTION_MODELS[emotion_model]), splits, cells)


def finished(path: Path, *beside: Path, key: str) -> bool:
    """Whether a cell is there and of that key, and the files of weights beside it are its own."""
    return store.has(path, key, beside)


def require(path: Path, file: Path, stage: str) -> Path:
    """The file of weights that a cell was saved with.

    Raises
    ------
    ParameterError
        If it is not there, or not as it was then.
    """
    if not store.vouches(path, file):
        raise ParameterError(f"{file} is missing or damaged; run `dvc repro {stage}` to make it")
    return file


def prune(folder: str | Path, pair: tuple[str, int], count: int) -> None:
    """Remove what is left, in a folder and below it, of a time when there were more folds."""
    for path in Path(folder).rglob("{}-case{}-fold*.*".format(*pair)):
        if int(path.name.partition(".")[0].rpartition("-fold")[2]) >= count:
            path.unlink()


def load_all(folder: str | Path) -> Iterator[tuple[tuple[str, int, int], dict[str, np.ndarray]]]:
    """Every cell of a folder, in order: (emotion model, case, fold) and its arrays."""
    files = {}
    for path in Path(folder).glob("[!.]*-case*-fold*.npz"):  # a killed run leaves .files
        emotion_model, case, fold = path.stem.split("-")
        files[emotion_model, int(case[4:]), int(fold[4:])] = path
    for cell in sorted(files):
        yield cell, store.load(files[cell])


def curves(folder: str | Path) -> pd.DataFrame:
    """The learning curves of all cells in a folder, one below the other.

    Columns ``emotion_model``, ``case``, ``fold``, ``epoch`` and those of
    ``COLUMNS``; the held-out ones only where speakers were held out.
    """
    names = ["emotion_model", "case", "fold", "epoch", *COLUMNS]
    rows = [
        dict(zip(names, (*cell, epoch, *values), strict=False))
        for cell, arrays in load_all(folder)
        for epoch, values in enumerate(arrays["curve"].T, start=1)
    ]
    return pd.DataFrame(rows, columns=None if rows else names[:6])


def lesson(
    data: Dataset,
    target: np.ndarray,
    split: tuple[np.ndarray, np.ndarray],
    *,
    stop: Stop,
    seed: int,
) -> Lesson:
    """What one fold learns from and watches.

    Parameters
    ----------
    target : (S,) int
        Classes of all segments.
    split : (train, test)
        Rows of ``data.clips`` that may be learnt from, and that may not.
    """
    train, test = split
    assert not set(data.clips["speaker"][train]) & set(data.clips["speaker"][test])
    if not stop.early:
        rows = data.segments_of(train).astype(np.int32)
        return Lesson(rows, target[rows], None, data.segments_of(test).astype(np.int32))
    learn, watch = inner_split(data.clips, train, fraction=stop.fraction, seed=seed)
    rows, watched = (data.segments_of(clips).astype(np.int32) for clips in (learn, watch))
    held = Held(watched, target[watched], stop.patience)
    return Lesson(rows, target[rows], held, watched)


def checkpoint(path: Path, key: str, seconds: float) -> Checkpoint:
    """Where the training of a cell goes on; :func:`load_all` does not see it."""
    return Checkpoint(path.with_name(f".{path.stem}.part.npz"), key, seconds)


def begin(path: Path) -> None:
    """Remove an older cell: it must not vouch for what is now written beside it."""
    path.unlink(missing_ok=True)


def save(path: Path, key: str, beside: Iterable[Path] = (), **arrays: np.ndarray) -> None:
    """Write a finished cell, which vouches for the files beside it; remove its checkpoint."""
    store.save(path, key, beside, **arrays)
    checkpoint(path, key, 0).path.unlink(missing_ok=True)
    _log.info("%s is finished", path)
