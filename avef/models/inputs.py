"""Segments as the networks see them, made on the device.

A whole corpus' frames lie in one table beside the weights. What travels to the
device in training is a batch of row numbers; gathering, Δ and ΔΔ, resizing and
scaling are the model's first layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

_AT_ONCE = 1 << 26  # bytes of a table that are copied at once


class Table(layers.Layer):
    """Rows of a table that can be exchanged: (B, …) integers → ``(B, …, *row shape)``.

    On TensorFlow one traced graph serves tables of any length; JAX compiles anew for another
    length. Tables are data: they are not saved with a model's weights.

    Parameters
    ----------
    rows : ndarray (n, …)
        n may be 0: then they come by :meth:`fill`.
    """

    def __init__(self, rows: np.ndarray, **kwargs):
        super().__init__(**kwargs)
        self.rows = _variable(rows)
        self.built = True

    def fill(self, rows: np.ndarray) -> None:
        """Put other rows, of the same shape and type, in the place of those that are there."""
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            rows = _placed(rows)
            self.rows.assign(rows[:0])  # lets the old ones go before the new ones come
            self.rows.assign(tf.raw_ops.Empty(shape=rows.shape, dtype=self.rows.dtype))
            some = max(1, _AT_ONCE // max(1, rows[:1].nbytes))  # at once there would be two copies
            for first in range(0, len(rows), some):
                self.rows[first : first + some].assign(rows[first : first + some])
        else:
            del self.rows
            self.rows = _variable(rows)

    def clear(self) -> None:
        """Let the rows go."""
        kind = keras.backend.standardize_dtype(self.rows.dtype)
        self.fill(np.empty((0, *self.rows.shape[1:]), kind))

    def call(self, indices):
        """Gather along the first axis."""
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # Of a variable this is ResourceGather, which knows bytes on a GPU. Gathering from
            # a tensor does not there: all faces would cross the bus in every step.
            return tf.gather(self.rows, indices)
        return ops.take(self.rows, indices, axis=0)

    def compute_output_spec(self, indices: keras.KerasTensor) -> keras.KerasTensor:
        """Known without a row: JAX does not even tell the shape of rows from an empty table."""
        kind = keras.backend.standardize_dtype(self.rows.dtype)
        return keras.KerasTensor((*indices.shape, *self.rows.shape[1:]), kind)

    def save_own_variables(self, store: Any) -> None:
        """Save nothing."""

    def load_own_variables(self, store: Any) -> None:
        """Load nothing."""


class MelImage(layers.Layer):
    """Log-mel frames of a segment → the scaled image of Fig. 3 (Eq. 2.2).

    Parameters
    ----------
    mean, std : sequence of 3 floats
        Of the static, Δ and ΔΔ channels, over the corpora that transfer learns from.
    size : int
        Height and width of the result.
    """

    def __init__(self, mean, std, size, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size = size
        self.mean, self.factor = (self.add_weight((3,), trainable=False) for _ in range(2))
        self.scale(mean, std)
        self.built = True

    def scale(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Scale by other means and deviations from now on."""
        # Of constants, a division became this product when the graph was optimised.
        self.mean.assign(np.asarray(mean, np.float32))
        self.factor.assign(1 / np.asarray(std, np.float32))

    def call(self, frames):
        """(B, 64 frames, 64 mel bins) → (B, size, size, 3): height mel, width time."""
        d = _delta(frames)
        image = ops.stack([frames, d, _delta(d)], axis=-1)  # (B, frames, mel, 3)
        image = ops.transpose(image, (0, 2, 1, 3))
        image = (image - self.mean) * self.factor
        return _resized(image, self.size)


class FaceStack(layers.Layer):
    """Faces of a segment at the visual-net's size (§2.1.2), standardised over the segment.

    Light and skin differ more among clips than expressions do; what differs within a
    segment stays. A segment of one flat colour becomes 0.
    """

    def __init__(self, size, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.size = size

    def call(self, images):
        """(B, 16, s, s, 3) uint8 → (B, 16, size, size, 3), mean 0 and deviation 1."""
        images = ops.cast(images, "float32")
        flat = _resized(ops.reshape(images, (-1, *images.shape[2:])), self.size)
        stack = ops.reshape(flat, (-1, 16, self.size, self.size, 3))
        mean, variance = ops.moments(stack, axes=(1, 2, 3, 4), keepdims=True)
        return (stack - mean) / ops.sqrt(variance + 1)  # 1: below what 8 bits can tell


def audio_source(log_mel: np.ndarray, scaling: dict, size: int) -> keras.Sequential:
    """(B, 64) rows of ``log_mel`` (T, 64) → audio-net's input (B, size, size, 3)."""
    stack = [Table(log_mel), MelImage(scaling["mean"], scaling["std"], size)]
    return keras.Sequential([keras.Input((64,), dtype="int32"), *stack], name="audio_source")


def visual_source(faces: np.ndarray, size: int) -> keras.Sequential:
    """(B, 16) rows of ``faces`` (F, s, s, 3) → visual-net's input (B, 16, size, size, 3)."""
    stack = [Table(faces), FaceStack(size)]
    return keras.Sequential([keras.Input((16,), dtype="int32"), *stack], name="visual_source")


def mel_scaling(log_mel: np.ndarray, audio: np.ndarray) -> dict[str, list[float]]:
    """Mean and standard deviation of the three channels of MelImage.

    Parameters
    ----------
    log_mel : (T, 64) float32
    audio : (S, 64) int
        Segments; at most 2000 of them, evenly spread, are looked at.
    """
    some = audio[:: -(-len(audio) // 2000)]
    frames = ops.convert_to_tensor(log_mel[some])
    d = _delta(frames)
    channels = [ops.convert_to_numpy(c) for c in (frames, d, _delta(d))]
    return {
        "mean": [round(float(c.mean()), 6) for c in channels],
        "std": [round(float(c.std()) + 1e-6, 6) for c in channels],
    }


def _variable(rows):
    """A variable of the backend that holds a table of any length."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        rows = _placed(rows)
        return tf.Variable(rows, shape=(None, *rows.shape[1:]), trainable=False)
    # Without autocast: in a lower precision the whole table would be cast in every step.
    return keras.Variable(rows, dtype=str(rows.dtype), trainable=False, autocast=False)


def _placed(rows):
    """Rows of a type whose variables TensorFlow puts on a GPU: int32 stays with the host."""
    return rows.astype(np.int64) if rows.dtype == np.int32 else rows


def _delta(c, width=2):
    """Eq. 2.2 along axis 1 of (B, T, n), edges repeated; as `speech.delta`."""
    length = c.shape[1]
    first, last = c[:, :1], c[:, -1:]
    padded = ops.concatenate([first] * width + [c] + [last] * width, axis=1)
    total = 0
    for n in range(1, width + 1):
        ahead = padded[:, width + n : width + n + length]
        behind = padded[:, width - n : width - n + length]
        total = total + n * (ahead - behind)
    return total / (2 * sum(n * n for n in range(1, width + 1)))


def _resized(image, size):
    if image.shape[1:3] == (size, size):
        return image
    return ops.image.resize(image, (size, size), interpolation="bilinear")
