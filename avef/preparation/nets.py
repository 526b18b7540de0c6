"""The networks of the ``mtcnn`` package, with the same outputs on every CPU.

In which order a float32 sum is taken depends on the CPU's instruction set, and with it
the last bits of a face's box; a bit decides whether a pixel of its crop is 127 or 128.
So outputs are rounded to steps much finer than the detector's own error. The few that
lie so near to the middle between two steps that float32 cannot tell are worked out once
more in float64, whose own last bits are 2**-29 of float32's.

Importing this module imports TensorFlow, because the package does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import keras
import numpy as np
from mtcnn.stages import StageONet, StagePNet, StageRNet

STEP = 2.0**-9
"""What outputs are rounded to; boxes and points count in sides of the picture looked at."""

DOUBT = 2.0**-17
"""float32's outputs are less far from float64's: three times the most that was seen."""

SIDES = {"pnet": 12, "rnet": 24, "onet": 48}
"""Side of the picture that a network looks at, in pixels; P-Net at one of each position."""

# A graph is traced (or compiled) once per shape, so a batch is filled up to the
# next of these sizes and what lies beyond the last one goes into a further batch.
_BATCHES = (1, 4, 8, 16, 64)

_STAGES = {"pnet": StagePNet, "rnet": StageRNet, "onet": StageONet}
_HEADS = {  # box, points, classes
    "pnet": ("conv4_1", "conv4_2"),
    "rnet": ("fc5_1", "fc5_2"),
    "onet": ("fc6_1", "fc6_2", "fc6_3"),
}
_DEVICE = "cpu:0"


class Network:
    """P-Net, R-Net or O-Net on the CPU, with the package's weights.

    Parameters
    ----------
    name : {"pnet", "rnet", "onet"}
    """

    def __init__(self, name: str) -> None:
        # Absolute paths, because the package would otherwise prefer (and unpickle)
        # a file of the same name in the working directory.
        weights = resources.files("mtcnn") / "assets" / "weights" / f"{name}.lz4"
        with keras.device(_DEVICE):
            theirs = _STAGES[name](weights=str(weights)).model
            self._fast = _model(name, theirs, "float32")
            self._exact = _model(name, theirs, "float64")

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """What the network says of n pictures of its own size.

        Parameters
        ----------
        images : ndarray (n, side, side, 3), uint8, RGB

        Returns
        -------
        ndarray (n, 5) or of O-Net (n, 15), float64
            Shifts of the box's four sides, x of the five points, their y, and the score of a
            face in 0…1; whole multiples of :data:`STEP`.
        """
        return settled(
            _rows(self._fast, images), exact=lambda rows: _rows(self._exact, images[rows])
        )

    def everywhere(self, images: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Look through P-Net at every second pixel of larger pictures.

        Parameters
        ----------
        images : ndarray (n, H, W, 3), uint8, RGB
            H and W are even and at least 12.
        threshold : float
            The score that a window must exceed.

        Returns
        -------
        windows : ndarray (m, 3), int
            Number of the picture, row and column of the window's first pixel.
        outputs : ndarray (m, 5), float64
            As of a call, of the windows of 12 pixels whose score exceeds it.
        """
        side, outputs = SIDES["pnet"], _run(self._fast, images)
        at = np.nonzero(outputs[..., -1] > threshold - STEP)
        windows = np.stack(at, axis=1) * (1, 2, 2)

        def exact(rows):
            cut = [images[i, y : y + side, x : x + side] for i, y, x in windows[rows]]
            return _rows(self._exact, np.stack(cut))

        rows = settled(outputs[at], exact=exact)
        passed = rows[:, -1] > threshold
        return windows[passed], rows[passed]


def settled(outputs: np.ndarray, *, exact: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Round outputs to whole steps; where float32 cannot tell which, float64 does.

    Parameters
    ----------
    outputs : ndarray (n, k), float32
    exact : callable
        Takes the numbers of rows, (m,), and gives their outputs in float64, (m, k).

    Returns
    -------
    ndarray (n, k), float64

    Examples
    --------
    Of 3.5 steps float32 cannot tell whether they are 3 or 4; of 5.2 it can.

    >>> outputs = np.array([[3.5, 0.0], [5.2, 0.0]], np.float32) * STEP
    >>> (settled(outputs, exact=lambda rows: np.array([[3.4999, 0.0]]) * STEP) / STEP).tolist()
    [[3.0, 0.0], [5.0, 0.0]]
    """
    steps = outputs.astype(np.float64) / STEP
    doubtful = np.abs(steps - np.floor(steps) - 0.5).min(axis=1, initial=1) < DOUBT / STEP
    if doubtful.any():
        steps[doubtful] = exact(np.flatnonzero(doubtful)) / STEP
    return np.rint(steps) * STEP


def _rows(model, images):
    """Outputs for pictures of a network's own size, a row each."""
    return _run(model, images).reshape(len(images), -1)


def _run(model, images):
    """Outputs of a network for any number of pictures, in batches of constant size."""
    parts = []
    for start in range(0, len(images), _BATCHES[-1]):
        part = images[start : start + _BATCHES[-1]]
        n = len(part)
        full = next(size for size in _BATCHES if size >= n)
        # uint8 until here: a batch of crops stays small until a network needs it.
        batch = np.zeros((full, *part.shape[1:]), model.inputs[0].dtype)
        np.subtract(part, 127.5, out=batch[:n])
        batch /= 128
        with keras.device(_DEVICE):
            parts.append(np.asarray(model.predict_on_batch(batch))[:n])
    return np.concatenate(parts)


def _model(name, theirs, dtype):
    """A network of the package in a type of float, its heads in one row.

    PReLU is written so that it costs half as much.
    """

    def same(layer, x):
        """A layer of theirs with its weights."""
        old = getattr(theirs, layer)
        new = type(old).from_config(old.get_config() | {"dtype": dtype})
        y = new(x)
        new.set_weights(old.get_weights())
        return y

    def prelu(layer, x):
        slope = getattr(theirs, layer).get_weights()[0].astype(dtype)
        return x + keras.ops.minimum(x, 0) * (slope - 1)

    depth, side = {"pnet": (3, None), "rnet": (3, 24), "onet": (4, 48)}[name]
    x = image = keras.Input((side, side, 3), dtype=dtype)
    for i in range(1, depth + 1):
        x = prelu(f"prelu{i}", same(f"conv{i}", x))
        x = same(f"maxpool{i}", x) if hasattr(theirs, f"maxpool{i}") else x
    if name != "pnet":
        x = same("flatten", same("permute", x))
        x = prelu(f"prelu{depth + 1}", same(f"fc{depth + 1}", x))
    heads = [same(head, x) for head in _HEADS[name]]
    heads[-1] = heads[-1][..., 1:]  # of "no face" and "face"
    model = keras.Model(image, keras.ops.concatenate(heads, axis=-1))
    # XLA makes TensorFlow slower on a CPU; without it JAX would run op by op.
    model.jit_compile = keras.backend.backend() == "jax"
    return model
