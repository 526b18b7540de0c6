"""What one training learns from: segments of its training speakers, and of nobody else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from avef.config.schema import Stop
from avef.learning.dataset import Dataset
from avef.protocol import inner_split, require_disjoint


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
    """The segments that a fold learns from, of its training speakers alone; from :func:`lesson`.

    Attributes
    ----------
    rows : (n,) int32
        Segments to train on.
    labels : (n,) int
        Classes of these.
    held : Held or None
        None where ``stop.early`` is off.
    gauge : (learn, watch) or None
        Segments (n,) and (m,) int32 of the same speakers, parted by speaker: an RBM that learns
        from the former tells by the latter how much it overfits (:func:`avef.models.rbm.RBM`'s
        gap). None where one speaker is all that there is.
    """

    rows: np.ndarray
    labels: np.ndarray
    held: Held | None
    gauge: tuple[np.ndarray, np.ndarray] | None


def lesson(
    data: Dataset,
    target: np.ndarray,
    split: tuple[np.ndarray, np.ndarray],
    *,
    stop: Stop,
    seed: int,
) -> Lesson:
    """What one fold learns from: nothing of the speakers that it tests.

    Parameters
    ----------
    target : (S,) int
        Classes of all segments.
    split : (train, test)
        Rows of ``data.clips`` that may be learnt from, and that may not.
    """
    train, test = split
    require_disjoint(data.clips, [(train, test)])
    gauge = None
    if stop.early or data.clips["speaker"][train].nunique() > 1:
        learn, watch = inner_split(data.clips, train, fraction=stop.fraction, seed=seed)
        gauge = data.segments_of(learn).astype(np.int32), data.segments_of(watch).astype(np.int32)
    if gauge is None or not stop.early:
        rows = data.segments_of(train).astype(np.int32)
        return Lesson(rows, target[rows], None, gauge)
    rows, watched = gauge
    return Lesson(rows, target[rows], Held(watched, target[watched], stop.patience), gauge)


def heard(data: Dataset, lesson: Lesson) -> dict[str, np.ndarray]:
    """Who is in a training, to be saved with it (see :mod:`avef.learning.provenance`).

    Returns
    -------
    dict
        ``learnt``, the clips trained on, and ``chose``, those that the epoch was chosen by:
        each ``corpus/clip``, once.
    """
    names = (data.clips["corpus"] + "/" + data.clips["clip"]).to_numpy(str)
    held = lesson.held.rows if lesson.held else lesson.rows[:0]
    sides = {"learnt": lesson.rows, "chose": held}
    return {side: names[np.unique(data.clip[rows])] for side, rows in sides.items()}
