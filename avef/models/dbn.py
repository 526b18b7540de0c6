"""The deep belief network of the segment-based fusion (§2.2.3).

Restricted Boltzmann machines (:mod:`avef.models.rbm`) are trained greedily, one on the
hidden probabilities of the other [1]; their weights then initialise the hidden
layers of a network that is trained with labels (:mod:`avef.models.unrolled`).

[1] Hinton, Osindero, Teh (2006). A fast learning algorithm for deep belief nets.
[2] Hinton (2012). A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from avef.config.schema import Dbn, Rbm
from avef.models.rbm import RBM

__all__ = ["DBN", "RBM", "pretrained"]


class DBN(TransformerMixin, BaseEstimator):
    """A stack of RBMs trained greedily, layer by layer, without labels.

    Parameters
    ----------
    hidden : sequence of int
        Units of the hidden layers; the paper's are (4096, 2048).
    visible : {"gaussian", "bernoulli"}
        Units of the lowest layer; the others are Bernoulli.
    learning_rate, momentum, weight_decay, cd_steps, batch, epochs, seed
        Passed on to each :class:`RBM`. Gaussian units ask for a smaller rate
        [2, §13.2]: the lowest layer takes a tenth of ``learning_rate`` then.

    Attributes
    ----------
    rbms_ : list of RBM
    """

    def __init__(
        self,
        hidden=(4096, 2048),
        visible="gaussian",
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=0.0002,
        cd_steps=1,
        batch=30,
        epochs=10,
        seed=0,
    ):
        self.hidden = hidden
        self.visible = visible
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.cd_steps = cd_steps
        self.batch = batch
        self.epochs = epochs
        self.seed = seed

    def fit(self, X, y=None, initial: Sequence[RBM] = (), watch=None):
        """Train on X (n, n_visible).

        Parameters
        ----------
        X : ndarray (n, n_visible), float
        initial : sequence of RBM
            Layers of another DBN, lowest first, from which this one's lowest
            layers start (§2.2, transfer).
        watch : ndarray (m, n_visible), optional
            Data of training speakers held out, for the RBMs' ``gaps_`` alone.
        """
        shared = {n: getattr(self, n) for n in _SHARED}
        self.rbms_ = []
        for depth, units in enumerate(self.hidden):
            visible = self.visible if depth == 0 else "bernoulli"
            rate = self.learning_rate * (0.1 if visible == "gaussian" else 1)
            rbm = RBM(units, visible, rate, seed=self.seed + depth, **shared)
            rbm.fit(X, initial=initial[depth] if depth < len(initial) else None, watch=watch)
            X = rbm.transform(X)
            watch = None if watch is None else rbm.transform(watch)
            self.rbms_.append(rbm)
        return self

    def transform(self, X):
        """Last hidden probabilities: (n, n_visible) → (n, hidden[-1]), in 0…1."""
        check_is_fitted(self)
        for rbm in self.rbms_:
            X = rbm.transform(X)
        return X

    def arrays(self):
        """The weights as a flat dict of arrays, for ``np.savez``."""
        check_is_fitted(self)
        return {
            f"{depth}/{name}": getattr(rbm, name)
            for depth, rbm in enumerate(self.rbms_)
            for name in _SAVED
        }

    def restore(self, arrays):
        """Take weights as :meth:`arrays` gives them; the sizes must be the same."""
        self.rbms_ = []
        for depth, units in enumerate(self.hidden):
            visible = self.visible if depth == 0 else "bernoulli"
            rbm = RBM(n_hidden=units, visible=visible)
            for name in _SAVED:
                setattr(rbm, name, arrays[f"{depth}/{name}"])
            self.rbms_.append(rbm)
        return self


def pretrained(
    features: np.ndarray,
    shape: Dbn,
    rbm: Rbm,
    *,
    seed: int,
    initial: Sequence[RBM] = (),
    watch: np.ndarray | None = None,
) -> DBN:
    """Greedy pre-training of the DBN on [fc7 audio, fc7 visual] (§2.2.3).

    ``initial`` and ``watch`` are those of :meth:`DBN.fit`.
    """
    dbn = DBN(
        hidden=shape.hidden,
        visible=shape.visible,
        learning_rate=rbm.learning_rate,
        momentum=rbm.momentum,
        weight_decay=rbm.weight_decay,
        cd_steps=rbm.cd_steps,
        batch=rbm.batch,
        epochs=rbm.epochs,
        seed=seed,
    )
    return dbn.fit(features, initial=initial, watch=watch)


_SHARED = ("momentum", "weight_decay", "cd_steps", "batch", "epochs")
_SAVED = ("components_", "hidden_bias_", "visible_bias_", "mean_", "scale_")
