"""The three networks of the ``mtcnn`` package as one batched cascade.

The package finds the key points that section 2.1.2 of the paper asks for, but
frame by frame it takes several times the clip's duration, a batch with one
face-less image comes back empty, and ``min_face_size`` of 30 or more finds
nothing because its image pyramid runs below the 12 pixels that P-Net sees.
Here its networks (:mod:`avef.preparation.nets`) run on whole batches; everything
around them (pyramid, boxes, suppression, crops) is ours.

Importing this module imports TensorFlow, because the package does.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import numpy as np

from avef.preparation.nets import SIDES, Network
from avef.preparation.warp import bilinear

WINDOW = SIDES["pnet"]
"""Side of the window that P-Net looks through, in pixels."""

COLUMNS = 15
"""Columns of a face: x0, y0, x1, y1, score, then x, y of the five key points."""


class Cascade:
    """P-Net, R-Net and O-Net of the ``mtcnn`` package, run on batches on the CPU.

    Parameters
    ----------
    pnet, rnet, onet : float, in (0, 1)
        The score that a candidate must exceed to pass the network.
    scale_factor : float, in (0, 1)
        Ratio between neighbouring levels of the image pyramid.

    Thresholds and factor default to the package's own.
    """

    def __init__(
        self,
        *,
        pnet: float = 0.6,
        rnet: float = 0.7,
        onet: float = 0.8,
        scale_factor: float = 0.709,
    ) -> None:
        self.thresholds = {"pnet": pnet, "rnet": rnet, "onet": onet}
        self.scale_factor = scale_factor
        self._networks = {name: Network(name) for name in SIDES}

    def detect(self, frames: np.ndarray, smallest: float = 24.0) -> list[np.ndarray]:
        """Find all faces of every frame.

        Parameters
        ----------
        frames : ndarray (F, H, W, 3), uint8, RGB
        smallest : float, pixels
            Side of the smallest face looked for; at least 12 counts.

        Returns
        -------
        list of F ndarrays (n, 15), float32
            Best score first, columns as in :data:`COLUMNS`, coordinates in pixels of the
            frame. n = 0 where there is no face.
        """
        if not len(frames):
            return []
        rows = self._propose(frames, max(float(smallest), WINDOW))
        for name in ("rnet", "onet"):
            rows[:, 1:5] = square(rows[:, 1:5])
            which = rows[:, 0].astype(int)
            faces = self._score(name, frames, which, rows[:, 1:5])
            passed = faces[:, 4] > self.thresholds[name]
            rows = np.column_stack([rows[passed, :1], faces[passed]])
            rows = rows[suppress(rows, 0.7, smaller=name == "onet")]
        return [rows[rows[:, 0] == f, 1:] for f in range(len(frames))]

    def refine(self, frames: Sequence[np.ndarray], boxes: np.ndarray) -> np.ndarray:
        """Look at one given box per frame with O-Net only.

        Parameters
        ----------
        frames : sequence of F ndarrays (H, W, 3), uint8, RGB
        boxes : ndarray (F, 4), float, pixels x0, y0, x1, y1
            Made square before use; may leave the frame.

        Returns
        -------
        ndarray (F, 15), float32
            Columns as in :data:`COLUMNS`. The score is near 0 where the box holds no face;
            box and points mean nothing there.
        """
        boxes = square(np.asarray(boxes, np.float32))
        return self._score("onet", frames, np.arange(len(boxes)), boxes)

    def _propose(self, frames, smallest):
        """P-Net over the image pyramid: candidate rows (frame, x0, y0, x1, y1, score)."""
        height, width = frames.shape[1:3]
        levels, scale = [], WINDOW / smallest
        while min(height, width) * scale >= WINDOW:
            levels.append((_even(height * scale), _even(width * scale)))
            scale *= self.scale_factor
        candidates = [np.empty((0, 6), np.float32)]
        source = frames
        for level in levels:
            images = np.stack([_resize(image, level) for image in source])
            if source is frames:
                source = images  # the largest level already is an average of pixels
            at, outputs = self._networks["pnet"].everywhere(images, self.thresholds["pnet"])
            corner = at[:, [2, 1]]
            boxes = np.hstack([corner, corner + WINDOW]) + outputs[:, :4] * WINDOW
            boxes *= np.tile([width / level[1], height / level[0]], 2)
            rows = np.column_stack([at[:, 0], boxes, outputs[:, -1]]).astype(np.float32)
            candidates.append(rows[suppress(rows, 0.5)])
        rows = np.concatenate(candidates)
        return rows[suppress(rows, 0.7)]

    def _score(self, name, frames, which, boxes):
        """R-Net's or O-Net's view of square boxes, as rows (n, 5) or (n, 15)."""
        if not len(boxes):
            return np.empty((0, 5 if name == "rnet" else COLUMNS), np.float32)
        crops = [_patch(frames[f], b, SIDES[name]) for f, b in zip(which, boxes, strict=True)]
        outputs = self._networks[name](np.stack(crops))
        # The networks count a box's width inclusively: x1 - x0 + 1 pixels.
        size = boxes[:, 2:3] - boxes[:, 0:1] + 1
        parts = [boxes + outputs[:, :4] * size, outputs[:, -1:]]
        if name == "onet":
            points = outputs[:, 4:14].reshape(-1, 2, 5).transpose(0, 2, 1)
            points = points * size[:, None] + boxes[:, None, :2] - 1
            parts.append(points.reshape(-1, 10))
        return np.hstack(parts).astype(np.float32)


@functools.cache
def load_detector() -> Cascade:
    """Return the process's :class:`Cascade`; the first call builds it."""
    return Cascade()


def square(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) grown about their centres to squares of their longer side."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0, keepdims=True) / 2
    return np.hstack([centre - half, centre + half])


def overlap(a: np.ndarray, b: np.ndarray, smaller: bool = False) -> np.ndarray:
    """Shared area of boxes over their joint area, or over the smaller one's.

    Parameters
    ----------
    a, b : ndarray (…, 4), float
        x0, y0, x1, y1; they broadcast against each other.
    smaller : bool

    Returns
    -------
    ndarray (…), float in 0…1

    Examples
    --------
    They share 2 of the 8 pixels that they cover together; the smaller one has 4.

    >>> a, b = np.array([0, 0, 3, 2]), np.array([2, 0, 4, 2])
    >>> float(overlap(a, b)), float(overlap(a, b, smaller=True))
    (0.25, 0.5)
    """
    inner = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.prod(np.maximum(inner, 0), axis=-1)
    area_a = np.prod(np.maximum(a[..., 2:4] - a[..., :2], 0), axis=-1)
    area_b = np.prod(np.maximum(b[..., 2:4] - b[..., :2], 0), axis=-1)
    whole = np.minimum(area_a, area_b) if smaller else area_a + area_b - shared
    return shared / np.maximum(whole, 1e-9)


def suppress(rows: np.ndarray, threshold: float, smaller: bool = False) -> np.ndarray:
    """Choose the boxes that no better one covers: greedy non-maximum suppression.

    Parameters
    ----------
    rows : ndarray (n, 6 or more), float
        frame, x0, y0, x1, y1, score, …; frames do not disturb each other.
    threshold : float in 0…1
        A box is covered if :func:`overlap` exceeds it.
    smaller : bool
        See :func:`overlap`.

    Returns
    -------
    ndarray (m,), int
        Indices into ``rows``, sorted by frame, then by falling score.

    Examples
    --------
    The second box is much the same as the better first one; the third is of another frame.

    >>> rows = [[0, 0, 0, 9, 9, 0.9], [0, 1, 0, 9, 9, 0.8], [1, 1, 0, 9, 9, 0.7]]
    >>> suppress(np.array(rows), 0.5).tolist()
    [0, 2]
    """
    order = np.lexsort((-rows[:, 5], rows[:, 0]))
    chosen = []
    for part in np.split(order, np.nonzero(np.diff(rows[order, 0]))[0] + 1):
        boxes = rows[part, 1:5]
        covers = np.triu(overlap(boxes[:, None], boxes[None], smaller) > threshold, k=1)
        stays: np.ndarray = np.ones(len(part), bool)
        while True:
            # Only a box that itself stays may suppress: repeated until nothing
            # changes, this is the greedy answer without a loop over boxes.
            update = ~(covers & stays[:, None]).any(axis=0)
            if np.array_equal(update, stays):
                break
            stays = update
        chosen.append(part[stays])
    return np.concatenate(chosen)


def _even(length):
    """A level's side: of even ones P-Net's windows cover every pixel that it pools."""
    return max(WINDOW, 2 * round(length / 2))


def _resize(frame, size):
    """``frame`` brought to (height, width) ``size`` by area averaging."""
    return cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA)


def _patch(frame, box, side):
    """The square ``box`` of ``frame`` as (side, side, 3), corner pixel on corner pixel."""
    step = np.arange(side) * float(box[2] - box[0]) / (side - 1)
    # Outside is what the networks take for zero.
    return bilinear(frame, box[0] + step, box[1] + step, outside=127)
