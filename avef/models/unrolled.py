"""The DBN as layers of a network that is trained with labels (§2.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keras import layers, ops

if TYPE_CHECKING:  # which brings scikit-learn
    from avef.models.dbn import DBN


def fusion_layers(hidden: Sequence[int], classes: int) -> list[layers.Layer]:
    """The DBN as a supervised network: standardise, hidden layers, softmax.

    Fill its weights with :func:`unroll`. (B, n_visible) → (B, classes).
    """
    return [
        Standardise(name="visible"),
        *(layers.Dense(u, "sigmoid", name=f"hidden{i + 1}") for i, u in enumerate(hidden)),
        layers.Dense(classes, "softmax", dtype="float32", name="output"),
    ]


def unroll(dbn: DBN, stack: list[layers.Layer]) -> None:
    """Copy a fitted DBN's weights into the (built) layers of :func:`fusion_layers`."""
    visible, *hidden, _ = stack
    visible.set_weights([dbn.rbms_[0].mean_, dbn.rbms_[0].scale_])
    for layer, rbm in zip(hidden, dbn.rbms_, strict=True):
        layer.set_weights([rbm.components_.T, rbm.hidden_bias_])


class Standardise(layers.Layer):
    """(x − mean) / scale, unit by unit, with constants found by an RBM's ``fit``."""

    def build(self, input_shape):
        """Make room for the constants."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, trainable=False, initializer="zeros", name="mean")
        self.scale = self.add_weight(shape=shape, trainable=False, initializer="ones", name="scale")

    def call(self, x):
        """(B, n) → (B, n)."""
        return (x - ops.cast(self.mean, x.dtype)) / ops.cast(self.scale, x.dtype)
