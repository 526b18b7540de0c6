"""Emotions over time: which segment counts when, and a long clip summed up."""

from __future__ import annotations

import numpy as np

MOST = 10  # stretches that a reader takes in


def shown(times: np.ndarray) -> np.ndarray:
    """When each segment is the one to show: from its begin to the next one's, (S, 2) seconds.

    Segments overlap, and between two of them may lie silence, which is nobody's.

    Examples
    --------
    >>> shown(np.array([[0, 0.66], [0.34, 1.0], [3, 3.66]])).tolist()
    [[0.0, 0.34], [0.34, 1.0], [3.0, 3.66]]
    """
    begins, ends = np.asarray(times, float).T
    return np.stack([begins, np.minimum(ends, np.append(begins[1:], np.inf))], axis=1)


def at(times: np.ndarray, moment: float) -> int | None:
    """The segment to show at a moment, or None where there is none.

    Examples
    --------
    >>> times = np.array([[0, 0.66], [0.34, 1.0], [3, 3.66]])
    >>> at(times, 0.4), at(times, 2.0)
    (1, None)
    """
    spans = shown(times)
    inside = np.flatnonzero((spans[:, 0] <= moment) & (moment < spans[:, 1]))
    return int(inside[-1]) if len(inside) else None


def stretches(
    times: np.ndarray, timeline: np.ndarray, most: int = MOST
) -> list[tuple[float, float, np.ndarray]]:
    """The timeline in a few pieces: begin, end, and mean probabilities (C,) of each.

    A piece lasts as long as one class is the likeliest. Where these are more than ``most``, the
    segments are parted into so many pieces of equal number instead.

    Parameters
    ----------
    times : (S, 2) float, seconds
    timeline : (S, C) float

    Examples
    --------
    >>> times = np.array([[0, 0.66], [0.34, 1.0], [0.68, 1.34]])
    >>> rows = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    >>> [(begin, end, mean.round(2).tolist()) for begin, end, mean in stretches(times, rows)]
    [(0.0, 0.68, [0.8, 0.2]), (0.68, 1.34, [0.2, 0.8])]
    """
    likeliest = timeline.argmax(axis=1)
    pieces = np.split(np.arange(len(times)), np.flatnonzero(np.diff(likeliest)) + 1)
    if len(pieces) > most:
        pieces = np.array_split(np.arange(len(times)), most)
    spans = shown(times)
    ends = [(float(spans[p[0], 0]), float(spans[p[-1], 1])) for p in pieces]
    return [(*span, timeline[p].mean(axis=0)) for span, p in zip(ends, pieces, strict=True)]
