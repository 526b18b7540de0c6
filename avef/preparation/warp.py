"""Bilinear sampling in whole numbers, which comes out the same on every CPU."""

from __future__ import annotations

import cv2
import numpy as np

_PARTS = 32  # of a pixel, OpenCV's own


def bilinear(
    frame: np.ndarray, x: np.ndarray, y: np.ndarray, *, outside: int | None = None
) -> np.ndarray:
    """Read a picture at the crossings of columns and rows, between its pixels.

    OpenCV's warps of pictures add in floats, and in another way with each instruction set.
    Here places are rounded to 32nds of a pixel, and all else is whole numbers.

    Parameters
    ----------
    frame : ndarray (H, W, 3), uint8
    x : ndarray (w,), float, pixels
        Columns; 0 is the centre of the first pixel.
    y : ndarray (h,), float, pixels
        Rows.
    outside : int in 0…255, optional
        What lies beyond the frame; by default its edge pixels are repeated there.

    Returns
    -------
    ndarray (h, w, 3), uint8

    Examples
    --------
    Half-way between two pixels, then far outside.

    >>> frame = np.array([[10, 30]], np.uint8)[..., None].repeat(3, axis=2)
    >>> bilinear(frame, np.array([0.5, 99.0]), np.array([0.0]))[..., 0].tolist()
    [[20, 30]]
    >>> bilinear(frame, np.array([0.5, 99.0]), np.array([0.0]), outside=0)[..., 0].tolist()
    [[20, 0]]
    """
    height, width = frame.shape[:2]
    column, right = _parts(x, width)
    row, below = _parts(y, height)
    whole = np.empty((len(row), len(column), 2), np.int16)
    whole[..., 0], whole[..., 1] = column, row[:, None]
    part = (below[:, None] * _PARTS + right).astype(np.uint16)
    edge = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    value = (outside or 0,) * 3
    return cv2.remap(frame, whole, part, cv2.INTER_LINEAR, borderMode=edge, borderValue=value)


def _parts(places, size):
    """Whole pixels, at most two outside, and what is beyond them, in 32nds."""
    parts = np.rint(np.asarray(places, np.float64).clip(-2, size + 1) * _PARTS).astype(np.int32)
    return parts // _PARTS, parts % _PARTS
