"""The grid of Tables 4–7: (emotion model, case, seed, fold) cells, each a file.

A cell's file (see :mod:`avef.core.store`) is keyed by all that the cell depends on.
"""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.config.corpus import CorpusParams
from avef.config.schema import Stop
from avef.core import store
from avef.core.errors import ParameterError
from avef.core.machine import described
from avef.learning import dataset, lessons
from avef.learning.dataset import Dataset
from avef.learning.lessons import Lesson
from avef.preparation.prepared import modalities
from avef.protocol import EMOTION_MODELS, folds, labels

CASES = (1, 2)
_log = logging.getLogger(__name__)

#: A learning curve; the last two only where training speakers were held out.
COLUMNS = ("loss", "accuracy", "held_loss", "held_accuracy")


class Cell(NamedTuple):
    """One training: an entry of Tables 4–7, from one seed, with one fold left out.

    Examples
    --------
    >>> Cell("arousal", 2, 2020, 0).name
    'arousal-case2-seed2020-fold0'
    """

    emotion_model: str
    case: int
    seed: int
    fold: int

    @property
    def name(self) -> str:
        """Its file's stem."""
        return f"{self.emotion_model}-case{self.case}-seed{self.seed}-fold{self.fold}"

    @property
    def lot(self) -> int:
        """What its random numbers are drawn from; unlike that of any other seed or fold."""
        mixed = np.random.SeedSequence([self.seed, self.fold]).generate_state(1)
        return int(mixed[0] >> 1)


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


def pairs() -> list[tuple[str, int]]:
    """The (emotion model, case) pairs of Tables 4–7."""
    return list(product(EMOTION_MODELS, CASES))


def seen_pairs(prepared: str | Path) -> list[tuple[str, int]]:
    """:func:`pairs` of what has to see; none where the corpus is sound alone."""
    return pairs() if "visual" in modalities(prepared) else []


def clear(folder: str | Path) -> None:
    """Leave no cell in a stage's folder, which is made if it is not there."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)


def chunks(wanted: Sequence[tuple[str, int]], workers: int) -> list[list[tuple[str, int]]]:
    """Pairs, parted so that workers are busy alike and few networks are built.

    Emotion models of as many classes have the same network. A chunk is of one network, and no
    longer than a worker's share; the longest come first.

    Examples
    --------
    >>> [[len(chunk) for chunk in chunks(pairs(), workers)] for workers in (1, 2)]
    [[4, 2], [3, 2, 1]]
    """
    every = sorted(wanted, key=lambda pair: len(EMOTION_MODELS[pair[0]]))  # stable
    share = -(-len(every) // workers)
    parts = []
    for _, same in groupby(every, key=lambda pair: len(EMOTION_MODELS[pair[0]])):
        alike = list(same)
        parts += [alike[first : first + share] for first in range(0, len(alike), share)]
    return sorted(parts, key=len, reverse=True)


def file(folder: str | Path, cell: Cell) -> Path:
    """Where a cell lies in its stage's folder."""
    return Path(folder) / f"{cell.name}.npz"


class Work(NamedTuple):
    """All seeds and folds of one (emotion model, case) on a corpus; from :func:`work`.

    Attributes
    ----------
    data : Dataset
    target : (S,) int
        Classes of all segments.
    classes : int
        How many there are.
    splits : list of (train, test)
        Rows of ``data.clips``.
    cells : list of Cell
    """

    data: Dataset
    target: np.ndarray
    classes: int
    splits: list[tuple[np.ndarray, np.ndarray]]
    cells: list[Cell]

    def lesson(self, cell: Cell, stop: Stop) -> Lesson:
        """What a cell learns from."""
        split = self.splits[cell.fold]
        return lessons.lesson(self.data, self.target, split, stop=stop, seed=cell.lot)


def work(
    pair: tuple[str, int], prepared: str | Path, out: str | Path, *, chosen: CorpusParams
) -> Work:
    """Read a corpus and part it into folds; cells of other seeds or more folds are removed.

    The folds are the same for all seeds: what differs among these is the training alone.
    """
    emotion_model, case = pair
    data = dataset.load(prepared, case)
    corpus = data.clips["corpus"].iloc[0]
    splits = folds(data.clips, corpus, **asdict(chosen.protocol), seed=chosen.seed)
    cells = [Cell(*pair, *of) for of in product(chosen.seeds, range(len(splits)))]
    prune(out, pair, cells)
    target = labels(data.clips, emotion_model)[data.clip]
    return Work(data, target, len(EMOTION_MODELS[emotion_model]), splits, cells)


def finished(path: Path, *beside: Path, key: str) -> bool:
    """Whether a cell is there and of that key, and the files of weights beside it are its own.

    If so, it needs no checkpoint any more, which a kill may have left.
    """
    done = store.has(path, key, beside)
    if done:
        checkpoint(path, key, 0).path.unlink(missing_ok=True)
    return done


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


def prune(folder: str | Path, pair: tuple[str, int], cells: Iterable[Cell]) -> None:
    """Remove what is left of other cells of a pair: of other seeds, or of more folds."""
    names = {cell.name for cell in cells}
    for pattern in ("{}-case{}-*.*", ".{}-case{}-*.part.npz"):
        for path in Path(folder).glob(pattern.format(*pair)):
            if path.name.removeprefix(".").partition(".")[0] not in names:
                path.unlink()


def read(folder: str | Path, cell: Cell) -> dict[str, np.ndarray]:
    """A cell's arrays.

    Raises
    ------
    ParameterError
        Naming the file, if it is damaged, another cell's, or not of the weights beside it.
    """
    path = file(folder, cell)
    arrays, weights = store.load(path), path.with_suffix(".weights.h5")  # a fusion has none
    moved = str(arrays.pop("place", _place(path))) != _place(path)
    if moved or weights.is_file() and not store.vouches(path, weights):
        store.distrust(path)
        raise ParameterError(f"{path} is not the cell that was saved there; run `dvc repro`")
    return arrays


def load_all(folder: str | Path) -> Iterator[tuple[Cell, dict[str, np.ndarray]]]:
    """Every cell of a folder, in order, and its arrays."""
    cells = []
    for path in Path(folder).glob("[!.]*-case*-seed*-fold*.npz"):  # a killed run leaves .files
        emotion_model, *numbers = re.split(r"-\D+", path.stem)
        cells.append(Cell(emotion_model, *map(int, numbers)))
    for cell in sorted(cells):
        yield cell, read(folder, cell)


def curves(folder: str | Path) -> pd.DataFrame:
    """The learning curves of all cells in a folder, one below the other.

    Columns ``emotion_model``, ``case``, ``seed``, ``fold``, ``epoch`` and those of
    ``COLUMNS``; the held-out ones only where speakers were held out.
    """
    names = [*Cell._fields, "epoch", *COLUMNS]
    rows = [
        dict(zip(names, (*cell, epoch, *values), strict=False))
        for cell, arrays in load_all(folder)
        for epoch, values in enumerate(arrays["curve"].T, start=1)
    ]
    return pd.DataFrame(rows, columns=None if rows else names[:7])


def trained_on(folder: str | Path) -> list[str]:
    """The machines that trained the cells of a folder."""
    return sorted({str(arrays["machine"]) for _, arrays in load_all(folder)})


def checkpoint(path: Path, key: str, seconds: float) -> Checkpoint:
    """Where the training of a cell goes on; neither :func:`load_all` nor DVC sees it."""
    return Checkpoint(path.with_name(f".{path.stem}.part.npz"), key, seconds)


def begin(path: Path) -> None:
    """Remove an older cell: it must not vouch for what is now written beside it."""
    path.unlink(missing_ok=True)


def save(path: Path, key: str, beside: Iterable[Path] = (), **arrays: np.ndarray) -> None:
    """Write a finished cell, which vouches for the files beside it; remove its checkpoint.

    It says on what machine it was trained, since float sums depend on that.
    """
    told = {"machine": "{cpu}, {instructions}".format(**described()), "place": _place(path)}
    store.save(path, key, beside, **arrays, **{name: np.array(t) for name, t in told.items()})
    checkpoint(path, key, 0).path.unlink(missing_ok=True)
    _log.info("%s is finished", path)


def _place(path):
    """Which corpus' and which cell's file it is."""
    return f"{path.absolute().parent.name}/{path.name}"
