"""Faces of a clip (§2.1.2): key points in every frame, box around them, crop.

Pure functions on arrays. A full detection is run on every n-th frame only; between
detections the box moves linearly and one small network finds the key points inside
it. Where that network no longer sees a face, the full detection has its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from avef.core.errors import ParameterError
from avef.preparation.person import alike, main_person
from avef.preparation.warp import bilinear

if TYPE_CHECKING:  # it imports TensorFlow
    from avef.preparation.mtcnn import Cascade

NONE, DETECTED, TRACKED, INTERPOLATED = range(4)
"""Status of a frame: no face; a face seen by the whole cascade; one seen inside a box carried
from such frames; one carried over a short gap between frames with a face."""

_DETECTED, _REFINED = 16, 64  # frames worked on at once
_FINER, _TINY = (1, 2, 4), 12  # times the working side; pixels of a face too small to show
_FACE = 0.7  # O-Net's score is near 1 on a face and near 0 off it; little lies between


class FaceTrack(NamedTuple):
    """One person's face through F frames, in pixels of the original frames.

    A point (0, 0) is the centre of the first pixel. Where ``status`` is ``NONE``,
    ``points`` and ``box`` are NaN and ``score`` is 0.

    Attributes
    ----------
    points : (F, 5, 2) float32
        x and y of left eye, right eye, nose, left and right corner of the mouth; left
        and right as seen in the image. May lie outside the frame.
    box : (F, 4) float32
        The detector's box x0, y0, x1, y1. May reach outside the frame.
    score : (F,) float32 in 0…1
        How sure the detector is of a face there; 0 where ``INTERPOLATED``.
    status : (F,) uint8
        ``NONE``, ``DETECTED``, ``TRACKED`` or ``INTERPOLATED``.
    """

    points: np.ndarray
    box: np.ndarray
    score: np.ndarray
    status: np.ndarray


def load_detector() -> Cascade:
    """Return the process's detector of faces; the first call takes seconds."""
    from avef.preparation.mtcnn import load_detector as load  # brings TensorFlow with it

    return load()


def track(
    frames: np.ndarray | Sequence[np.ndarray],
    *,
    every: int = 10,
    detector: Cascade | None = None,
    working_side: int = 240,
    smallest: float = 0.15,
    bridge: int = 5,
) -> FaceTrack:
    """Follow the face of a clip's main person through all frames (§2.1.2).

    Of several persons it is the one who is there longest and largest. Before or after
    that person's time another face of like size is taken for them, after a jump.

    Parameters
    ----------
    frames : ndarray (F, H, W, 3), uint8, RGB
        Or any sequence of F frames (H, W, 3) of one size. Read a few at a time: the
        working memory beside the frames does not grow with F.
    every : int ≥ 1, frames
        Distance between the frames on which the whole cascade is run.
    detector : Cascade, optional
        Whatever has its methods; by default that of :func:`load_detector`.
    working_side : int ≥ 12, pixels
        Frames whose shorter side is longer are shrunk to it for the whole cascade.
    smallest : float in (0, 1]
        Side of the smallest face looked for, as a share of the frame's shorter side. Where
        no face is in any of every n-th frames, they are searched again for smaller ones, in
        finer pictures.
    bridge : int ≥ 0, frames
        Longest gap without a face that is filled by interpolation, if the face is at
        about the same place before and after it.

    Returns
    -------
    FaceTrack

    Raises
    ------
    ParameterError
        If there is no frame, frames are not uint8 (H, W, 3) of one size, or a parameter
        is out of its range.
    """
    _check_track(frames, every, working_side, smallest, bridge)
    count = len(frames)
    detector = detector or load_detector()
    probes = np.unique(np.append(np.arange(0, count, every), count - 1))
    searches = [
        partial(_detect, frames, detector, working_side * finer, smallest / finer)
        for finer in _FINER
        if finer == 1 or smallest / finer * min(frames[0].shape[:2]) >= _TINY
    ]
    detect, faces = _first_with_a_face(searches, probes)
    anchors = main_person(faces)
    rows = _refine(frames, anchors, detector) if anchors else np.zeros((count, 15), np.float32)
    held = rows[:, 4] > _FACE

    faces |= detect([f for f in np.nonzero(~held)[0] if f not in faces])
    person = main_person({f: rows[f : f + 1] if held[f] else faces[f] for f in range(count)})
    status = np.full(count, NONE, np.uint8)
    out = np.full((count, 15), np.nan, np.float32)
    for f, row in person.items():
        out[f] = row
        status[f] = TRACKED if held[f] and f not in anchors else DETECTED
    _bridge(out, status, bridge)
    points = out[:, 5:].reshape(count, 5, 2)
    return FaceTrack(points, out[:, :4].copy(), np.nan_to_num(out[:, 4]), status)


def face_box(points: np.ndarray, margin: float = 0.6, smooth: int = 5) -> np.ndarray:
    """Square box of the face, extended from its key points (§2.1.2).

    The paper does not say how far. Here the square over the longer side of the points'
    upright rectangle grows by ``margin`` of its side in all four directions.

    Parameters
    ----------
    points : ndarray (…, 5, 2), float, pixels, or NaN
    margin : float ≥ 0
    smooth : int ≥ 1, frames
        For (F, 5, 2) only, taken as F frames in order: centre and side are averaged over
        so many frames (fewer next to NaN), or the crop's jitter would look like motion.

    Returns
    -------
    ndarray (…, 4), float32
        x0, y0, x1, y1 in pixel edges (the first pixel spans 0…1), as :func:`crop` takes
        them; NaN where a point is NaN. May reach outside the frame.

    Raises
    ------
    ParameterError
        If the shape, ``margin`` or ``smooth`` breaks the rules above.

    Examples
    --------
    Points 20 pixels apart in width and 10 in height: a square of 20, and 10 more on each side.

    >>> points = np.array([[30, 40], [50, 40], [40, 45], [32, 50], [48, 50]])
    >>> face_box(points, margin=0).tolist(), face_box(points, margin=0.5).tolist()
    ([30.5, 35.5, 50.5, 55.5], [20.5, 25.5, 60.5, 65.5])
    """
    points = np.asarray(points, np.float64)
    if points.ndim < 2 or points.shape[-2:] != (5, 2):
        raise ParameterError(f"points must have the shape (…, 5, 2), not {points.shape}")
    if not margin >= 0 or smooth < 1:
        raise ParameterError(f"margin {margin} must be >= 0 and smooth {smooth} >= 1")
    low, high = points.min(axis=-2), points.max(axis=-2)
    side = (high - low).max(axis=-1, keepdims=True) * (1 + 2 * margin)
    square = np.concatenate([(low + high) / 2 + 0.5, side], axis=-1)
    if points.ndim == 3 and smooth > 1:
        square = _smooth(square, smooth)
    centre, half = square[..., :2], square[..., 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=-1).astype(np.float32)


def crop(frames: np.ndarray | Sequence[np.ndarray], boxes: np.ndarray, size: int) -> np.ndarray:
    """Cut square crops out of frames and bring them to one size, bilinearly.

    Parameters
    ----------
    frames : ndarray (H, W, 3), uint8, or a sequence of F such frames
    boxes : ndarray (4,), float, or (F, 4) beside F frames
        x0, y0, x1, y1 in pixel edges, as :func:`face_box` gives them: 0, 0, W, H is the
        whole frame. Beyond the frame its edge pixels are repeated.
    size : int ≥ 1, pixels

    Returns
    -------
    ndarray (size, size, 3), uint8, or (F, size, size, 3)
        Black where a box is NaN.

    Raises
    ------
    ParameterError
        If boxes and frames differ in number, a frame is not uint8 (H, W, 3), a box has no
        area, or ``size`` is below 1.

    Examples
    --------
    Four pixels become one, their mean.

    >>> frame = np.arange(0, 32, 2, np.uint8).reshape(4, 4, 1).repeat(3, axis=2)
    >>> frame[1:3, 2:4, 0].tolist(), crop(frame, np.array([2, 1, 4, 3]), size=1).tolist()
    ([[12, 14], [20, 22]], [[[17, 17, 17]]])
    """
    boxes = np.asarray(boxes, np.float64)
    if size < 1:
        raise ParameterError(f"size must be at least 1 pixel, not {size}")
    if boxes.shape == (4,):
        return crop([np.asarray(frames)], boxes[None], size)[0]
    if boxes.shape != (len(frames), 4):
        raise ParameterError(f"{len(frames)} frames need boxes of that number, not {boxes.shape}")
    crops = np.zeros((len(frames), size, size, 3), np.uint8)
    for frame, box, out in zip(frames, boxes, crops, strict=True):
        _check_frame(frame)
        if np.isnan(box).any():
            continue
        step = (box[2:] - box[:2]) / size
        if not (step > 0).all():
            raise ParameterError(f"a box must have x0 < x1 and y0 < y1, not {box.tolist()}")
        # Places count from pixel centres, boxes from pixel edges.
        places = box[:2] - 0.5 + (np.arange(size)[:, None] + 0.5) * step
        out[:] = bilinear(frame, places[:, 0], places[:, 1])
    return crops


def _check_frame(frame, shape=None):
    """Raise unless ``frame`` is an RGB image, of the given shape if there is one."""
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ParameterError(f"a frame must be uint8 (H, W, 3), not {frame.dtype} {frame.shape}")
    if 0 in frame.shape or frame.shape != (shape or frame.shape):
        raise ParameterError(f"frames must have one size, and some: {frame.shape}, not {shape}")


def _check_track(frames, every, working_side, smallest, bridge):
    """Check the arguments of :func:`track`."""
    if len(frames) == 0:
        raise ParameterError("a clip must have at least one frame, not 0")
    for frame in frames:
        _check_frame(frame, frames[0].shape)
    whole = {"every": (every, 1), "working_side": (working_side, 12), "bridge": (bridge, 0)}
    for name, (value, least) in whole.items():
        if int(value) != value or value < least:
            raise ParameterError(f"{name} must be a whole number >= {least}, not {value}")
    if not 0 < smallest <= 1:
        raise ParameterError(f"smallest must lie in (0, 1], not {smallest}")


def _first_with_a_face(searches, probes):
    """The first search that shows a face, or else the first; and what the probes show."""
    for detect in searches:
        faces = detect(probes)
        if any(map(len, faces.values())):
            return detect, faces
    return searches[0], faces


def _detect(frames, detector, working_side, smallest, indices):
    """Whole cascade on some frames: {frame: rows (n, 15) in original pixels}."""
    faces = {}
    height, width = frames[0].shape[:2]
    side = min(height, width)  # a face is small against the height of a tall picture
    shrink = min(1.0, working_side / side)
    size = max(1, round(width * shrink)), round(height * shrink)
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    for start in range(0, len(indices), _DETECTED):
        part = [int(f) for f in indices[start : start + _DETECTED]]
        # Bilinear: ten times faster than area averaging, and the pyramid averages anyway.
        small = np.stack([cv2.resize(frames[f], size) for f in part])
        for f, rows in zip(part, detector.detect(small, smallest * min(size)), strict=True):
            at = np.delete(np.arange(15), 4)  # all but the score
            faces[f] = rows.copy()
            faces[f][:, at] = (rows[:, at] + 0.5) * np.tile(ratio, 7) - 0.5
    return faces


def _refine(frames, anchors, detector):
    """O-Net in the box of every frame, moved linearly from anchor to anchor: (F, 15)."""
    known, every = sorted(anchors), np.arange(len(frames))
    corners = np.stack([anchors[f][:4] for f in known], axis=1)
    boxes = np.stack([np.interp(every, known, corner) for corner in corners], axis=1)
    parts = np.split(every, range(_REFINED, len(frames), _REFINED))
    return np.concatenate([detector.refine([frames[f] for f in p], boxes[p]) for p in parts])


def _bridge(rows, status, longest):
    """Fill gaps of up to ``longest`` frames, in place, where the face stays put."""
    seen = np.nonzero(status != NONE)[0]
    for a, b in zip(seen[:-1], seen[1:], strict=True):
        if 1 < b - a <= longest + 1 and alike(rows[a], rows[b]):
            share = (np.arange(a + 1, b) - a)[:, None] / (b - a)
            rows[a + 1 : b] = rows[a] + share * (rows[b] - rows[a])
            rows[a + 1 : b, 4] = 0
            status[a + 1 : b] = INTERPOLATED


def _smooth(values, window):
    """Centred average of (F, n) over ``window`` frames, symmetric and inside runs of values."""
    out = values.copy()
    valid = np.pad(~np.isnan(values).any(axis=1), 1)
    for start, stop in np.nonzero(np.diff(valid))[0].reshape(-1, 2):
        total = np.cumsum(np.pad(values[start:stop], ((1, 0), (0, 0))), axis=0)
        at = np.arange(stop - start)
        # As far back as ahead, or a moving face would be pulled inwards at a run's ends.
        reach = np.minimum(np.minimum(at, at[::-1]), window // 2)
        out[start:stop] = (total[at + reach + 1] - total[at - reach]) / (2 * reach + 1)[:, None]
    return out
