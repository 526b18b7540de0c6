"""Faces of a clip (section 2.1.2): key points in every frame, box around them, crop.

Pure functions on arrays. A full detection is run on every n-th frame only; between
detections the box moves linearly and one small network finds the key points inside
it. Where that network no longer sees a face, the full detection has its turn.
"""

from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from avef.core.errors import ParameterError

NONE, DETECTED, TRACKED, INTERPOLATED = range(4)
"""Status of a frame: no face; found by the whole cascade; found inside a box carried from
such frames; carried over a short gap between frames with a face."""

_DETECTED, _REFINED = 16, 64  # frames worked on at once
_FACE = 0.7  # O-Net's score is near 1 on a face and near 0 off it; little lies between


class FaceTrack(NamedTuple):
    """One person's face through F frames, in pixels of the original frames.

    A point (0, 0) is the centre of the first pixel. Where `status` is `NONE`, `points`
    and `box` are NaN and `score` is 0.

    Attributes
    ----------
    points : float32 array (F, 5, 2)
        x and y of left eye, right eye, nose, left and right corner of the mouth; left
        and right as seen in the image. May lie outside the frame.
    box : float32 array (F, 4)
        The detector's box x0, y0, x1, y1. May reach outside the frame.
    score : float32 array (F,), 0…1
        How sure the detector is of a face there; 0 where `INTERPOLATED`.
    status : uint8 array (F,)
        `NONE`, `DETECTED`, `TRACKED` or `INTERPOLATED`.
    """

    points: np.ndarray
    box: np.ndarray
    score: np.ndarray
    status: np.ndarray


def load_detector():
    """Return the process's `avef.preparation.mtcnn.Cascade`; the first call takes seconds."""
    from avef.preparation.mtcnn import load_detector as load  # brings TensorFlow with it

    return load()


def track(frames, *, every=10, detector=None, working_height=240, smallest=0.15, bridge=5):
    """Follow the face of a clip's main person through all frames (section 2.1.2).

    Of several persons the one is kept who is there longest and largest. Before or after
    that person's time another face of like size is taken for them, after a jump.

    Parameters
    ----------
    frames : uint8 array (F, H, W, 3), RGB
        Or any sequence of F frames (H, W, 3) of one size. Read a few at a time: the
        working memory beside the frames does not grow with F.
    every : int >= 1, frames
        Distance between the frames on which the whole cascade is run.
    detector : object with the methods of `avef.preparation.mtcnn.Cascade`, optional
        Default: `load_detector()`.
    working_height : int >= 12, pixels
        Higher frames are shrunk to it for the whole cascade.
    smallest : float in (0, 1]
        Side of the smallest face looked for, as a share of the frame's height.
    bridge : int >= 0, frames
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
    _check_track(frames, every, working_height, smallest, bridge)
    count = len(frames)
    detector = detector or load_detector()
    detect = partial(_detect, frames, detector, working_height, smallest)
    faces = detect(np.unique(np.append(np.arange(0, count, every), count - 1)))
    anchors = _main_person(faces)
    rows = _refine(frames, anchors, detector) if anchors else np.zeros((count, 15), np.float32)
    held = rows[:, 4] > _FACE

    faces |= detect([f for f in np.nonzero(~held)[0] if f not in faces])
    person = _main_person({f: rows[f : f + 1] if held[f] else faces[f] for f in range(count)})
    status = np.full(count, NONE, np.uint8)
    out = np.full((count, 15), np.nan, np.float32)
    for f, row in person.items():
        out[f] = row
        status[f] = TRACKED if held[f] and f not in anchors else DETECTED
    _bridge(out, status, bridge)
    points = out[:, 5:].reshape(count, 5, 2)
    return FaceTrack(points, out[:, :4].copy(), np.nan_to_num(out[:, 4]), status)


def face_box(points, margin=0.6, smooth=5):
    """Square box of the face, extended from its key points (section 2.1.2).

    The paper does not say how far. Here the square over the longer side of the points'
    upright rectangle grows by `margin` of its side in all four directions.

    Parameters
    ----------
    points : float array (…, 5, 2), pixels, or NaN
    margin : float >= 0
    smooth : int >= 1, frames
        For (F, 5, 2) only, taken as F frames in order: centre and side are averaged over
        so many frames (fewer next to NaN), or the crop's jitter would look like motion.

    Returns
    -------
    float32 array (…, 4)
        x0, y0, x1, y1 in pixel edges (the first pixel spans 0…1), as `crop` takes
        them; NaN where a point is NaN. May reach outside the frame.

    Raises
    ------
    ParameterError
        If the shape, `margin` or `smooth` breaks the rules above.
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


def crop(frames, boxes, size):
    """Cut square crops out of frames and bring them to one size, bilinearly.

    Parameters
    ----------
    frames : uint8 array (H, W, 3), or a sequence of F such frames
    boxes : float array (4,), or (F, 4) beside F frames
        x0, y0, x1, y1 in pixel edges, as `face_box` gives them: 0, 0, W, H is the whole
        frame. Beyond the frame its edge pixels are repeated.
    size : int >= 1, pixels

    Returns
    -------
    uint8 array (size, size, 3), or (F, size, size, 3)
        Black where a box is NaN.

    Raises
    ------
    ParameterError
        If boxes and frames differ in number, a frame is not uint8 (H, W, 3), a box has no
        area, or `size` is below 1.
    """
    boxes = np.asarray(boxes, np.float64)
    if size < 1:
        raise ParameterError(f"size must be at least 1 pixel, not {size}")
    if boxes.shape == (4,):
        return crop([frames], boxes[None], size)[0]
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
        # cv2 counts from pixel centres, boxes from pixel edges.
        matrix = np.column_stack([np.diag(step), box[:2] + step / 2 - 0.5])
        flags, edge = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
        out[:] = cv2.warpAffine(frame, matrix, (size, size), flags=flags, borderMode=edge)
    return crops


def _check_frame(frame, shape=None):
    """Raise unless `frame` is an RGB image, of the given shape if there is one."""
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ParameterError(f"a frame must be uint8 (H, W, 3), not {frame.dtype} {frame.shape}")
    if 0 in frame.shape or frame.shape != (shape or frame.shape):
        raise ParameterError(f"frames must have one size, and some: {frame.shape}, not {shape}")


def _check_track(frames, every, working_height, smallest, bridge):
    """Check the arguments of `track`."""
    if len(frames) == 0:
        raise ParameterError("a clip must have at least one frame, not 0")
    for frame in frames:
        _check_frame(frame, frames[0].shape)
    whole = {"every": (every, 1), "working_height": (working_height, 12), "bridge": (bridge, 0)}
    for name, (value, least) in whole.items():
        if int(value) != value or value < least:
            raise ParameterError(f"{name} must be a whole number >= {least}, not {value}")
    if not 0 < smallest <= 1:
        raise ParameterError(f"smallest must lie in (0, 1], not {smallest}")


def _detect(frames, detector, working_height, smallest, indices):
    """Whole cascade on some frames: {frame: rows (n, 15) in original pixels}."""
    faces = {}
    height, width = frames[0].shape[:2]
    shrink = min(1.0, working_height / height)
    size = max(1, round(width * shrink)), round(height * shrink)
    ratio = np.array([width / size[0], height / size[1]], np.float32)
    for start in range(0, len(indices), _DETECTED):
        part = [int(f) for f in indices[start : start + _DETECTED]]
        # Bilinear: ten times faster than area averaging, and the pyramid averages anyway.
        small = np.stack([cv2.resize(frames[f], size) for f in part])
        for f, rows in zip(part, detector.detect(small, smallest * size[1]), strict=True):
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


def _alike(a, b):
    """Whether rows `a` and `b` (15,) can be one face: near each other, of like size."""
    small, large = sorted([_side(a), _side(b)])
    shift = (a[:2] + a[2:4] - b[:2] - b[2:4]) / 2
    return np.hypot(*shift) < small and large < 2 * small


def _side(row):
    """Mean side of a row's box."""
    return float(row[2] - row[0] + row[3] - row[1]) / 2


def _main_person(faces):
    """Choose among {frame: rows (n, 15)} the main person's: {frame: row (15,)}."""
    tracks = []
    for f in sorted(faces):
        free = list(tracks)
        for row in faces[f]:  # best score first
            near = [t for t in free if _alike(t[1][-1], row)]
            if near:
                one = max(near, key=lambda t: t[0][-1])  # seen last
                free = [t for t in free if t is not one]
            else:
                tracks.append(one := ([], []))
            one[0].append(f)
            one[1].append(row)
    # Presence times size: a large passer-by loses against whoever stays.
    tracks.sort(key=lambda t: -sum(map(_side, t[1])))
    chosen = []
    for indices, rows in tracks:
        apart = all(indices[-1] < t[0][0] or t[0][-1] < indices[0] for t in chosen)
        sides = [np.median([*map(_side, r)]) for r in (rows, tracks[0][1])]
        if apart and max(sides) < 2 * min(sides):
            chosen.append((indices, rows))
    return {f: row for indices, rows in chosen for f, row in zip(indices, rows, strict=True)}


def _bridge(rows, status, longest):
    """Fill gaps of up to `longest` frames, in place, where the face stays put."""
    found = np.nonzero(status != NONE)[0]
    for a, b in zip(found[:-1], found[1:], strict=True):
        if 1 < b - a <= longest + 1 and _alike(rows[a], rows[b]):
            share = (np.arange(a + 1, b) - a)[:, None] / (b - a)
            rows[a + 1 : b] = rows[a] + share * (rows[b] - rows[a])
            rows[a + 1 : b, 4] = 0
            status[a + 1 : b] = INTERPOLATED


def _smooth(values, window):
    """Centred average of (F, n) over `window` frames, symmetric and inside runs of values."""
    out = values.copy()
    valid = np.pad(~np.isnan(values).any(axis=1), 1)
    for start, stop in np.nonzero(np.diff(valid))[0].reshape(-1, 2):
        total = np.cumsum(np.pad(values[start:stop], ((1, 0), (0, 0))), axis=0)
        at = np.arange(stop - start)
        # As far back as ahead, or a moving face would be pulled inwards at a run's ends.
        reach = np.minimum(np.minimum(at, at[::-1]), window // 2)
        out[start:stop] = (total[at + reach + 1] - total[at - reach]) / (2 * reach + 1)[:, None]
    return out
