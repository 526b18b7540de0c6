"""Whose face it is: the main person among the faces of a clip (§2.1.2).

A face is a row as in :data:`avef.preparation.mtcnn.COLUMNS`; its first four numbers are
the box x0, y0, x1, y1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def main_person(faces: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Choose the faces of the person who is there longest and largest.

    Before or after that person's time another one's faces of like size are taken, too.

    Parameters
    ----------
    faces : frame → ndarray (n, 15), float32
        All faces of some frames, best score first.

    Returns
    -------
    frame → ndarray (15,), float32
        Only of frames where that person is.

    Examples
    --------
    Somebody stays on the left; a passer-by, twice as large, is there in one frame alone.

    >>> sitting, passing = np.zeros((2, 15), np.float32)
    >>> sitting[:4], passing[:4] = (0, 0, 40, 40), (100, 0, 180, 80)
    >>> faces = {0: [sitting], 1: [passing, sitting], 2: [], 3: [sitting]}
    >>> {frame: row[:4].tolist() for frame, row in main_person(faces).items()}
    {0: [0.0, 0.0, 40.0, 40.0], 1: [0.0, 0.0, 40.0, 40.0], 3: [0.0, 0.0, 40.0, 40.0]}
    """
    tracks: list[tuple[list[int], list[np.ndarray]]] = []
    for f in sorted(faces):
        free = list(tracks)
        for row in faces[f]:  # best score first
            near = [t for t in free if alike(t[1][-1], row)]
            if near:
                one = max(near, key=lambda t: t[0][-1])  # seen last
                free = [t for t in free if t is not one]
            else:
                tracks.append(one := ([], []))
            one[0].append(f)
            one[1].append(row)
    # Presence times size: a large passer-by loses against whoever stays.
    tracks.sort(key=lambda t: -sum(map(_side, t[1])))
    chosen: list[tuple[list[int], list[np.ndarray]]] = []
    for indices, rows in tracks:
        apart = all(indices[-1] < t[0][0] or t[0][-1] < indices[0] for t in chosen)
        sides = [np.median([*map(_side, r)]) for r in (rows, tracks[0][1])]
        if apart and max(sides) < 2 * min(sides):
            chosen.append((indices, rows))
    return {f: row for indices, rows in chosen for f, row in zip(indices, rows, strict=True)}


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two faces can be one person's: rows (15,) near each other and of like size."""
    small, large = sorted([_side(a), _side(b)])
    shift = (a[:2] + a[2:4] - b[:2] - b[2:4]) / 2
    return bool(np.hypot(*shift) < small and large < 2 * small)


def _side(row):
    """Mean side of a row's box."""
    return float(row[2] - row[0] + row[3] - row[1]) / 2
