"""The deep belief network of the segment-based fusion (§2.2.3).

Restricted Boltzmann machines are trained greedily, one on the hidden
probabilities of the other, by contrastive divergence [1, 2]; their weights
then initialise the hidden layers of a network that is trained with labels.

[1] Hinton, Osindero, Teh (2006). A fast learning algorithm for deep belief nets.
[2] Hinton (2012). A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import layers, ops
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from avef.errors import ParameterError

VISIBLE = ("gaussian", "bernoulli")


class RBM(TransformerMixin, BaseEstimator):
    """Restricted Boltzmann machine trained by CD-k.

    Parameters
    ----------
    n_hidden : int
    visible : {"gaussian", "bernoulli"}
        Gaussian units take any real input and are standardised here, unit by
        unit, on the data given to ``fit``; Bernoulli units take 0…1.
    learning_rate, momentum, weight_decay : float
    cd_steps : int
        k of CD-k.
    batch, epochs : int
    seed : int

    Attributes
    ----------
    components_ : ndarray (n_hidden, n_visible), float32
    hidden_bias_ : ndarray (n_hidden,)
    visible_bias_ : ndarray (n_visible,)
    mean_, scale_ : ndarray (n_visible,)
        The standardisation of Gaussian units; 0 and 1 for Bernoulli ones.
    errors_ : list of float
        Mean squared reconstruction error of each epoch, per visible unit.
    """

    def __init__(
        self,
        n_hidden=256,
        visible="gaussian",
        learning_rate=0.001,
        momentum=0.9,
        weight_decay=0.0002,
        cd_steps=1,
        batch=30,
        epochs=10,
        seed=0,
    ):
        self.n_hidden = n_hidden
        self.visible = visible
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.cd_steps = cd_steps
        self.batch = batch
        self.epochs = epochs
        self.seed = seed

    def fit(self, X, y=None, initial: RBM | None = None):
        """Train on X (n, n_visible), float; start from ``initial`` where given.

        Raises
        ------
        ParameterError
            If X is not finite and 2-d, or not in 0…1 for Bernoulli units, or if CD-k diverges.
        """
        X = self._checked(X)
        for name in ("n_hidden", "cd_steps", "batch"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} must be at least 1, got {getattr(self, name)}")
        rng = np.random.default_rng(self.seed)
        n, n_visible = X.shape
        self.mean_, self.scale_ = np.zeros(n_visible, np.float32), np.ones(n_visible, np.float32)
        if self.visible == "gaussian":
            self.mean_ = X.mean(axis=0)
            self.scale_ = np.maximum(X.std(axis=0), 1e-2 * X.std() + 1e-6)  # dead units stay small
        shape = (n_visible, self.n_hidden)
        state = [0.01 * rng.standard_normal(shape), np.zeros(n_visible), np.zeros(self.n_hidden)]
        if initial is not None:
            state = [initial.components_.T, initial.visible_bias_, initial.hidden_bias_]
            if state[0].shape != shape:
                raise ParameterError(f"initial has shape {state[0].shape}, this RBM {shape}")
        state = [ops.convert_to_tensor(s.astype(np.float32)) for s in state]
        speed = [ops.zeros_like(s) for s in state]

        data = (X - self.mean_) / self.scale_
        batch = min(self.batch, n)
        self.errors_ = []
        for _ in range(self.epochs):
            order = rng.permutation(n)
            errors = []
            for start in range(0, n - batch + 1, batch):
                v = ops.convert_to_tensor(data[order[start : start + batch]])
                state, speed, error = self._step(v, state, speed, rng)
                errors.append(error)
            self.errors_.append(float(ops.mean(ops.stack(errors))))
        if not np.isfinite(self.errors_).all():
            raise ParameterError(f"learning_rate {self.learning_rate} makes the RBM diverge")
        weights, self.visible_bias_, self.hidden_bias_ = map(ops.convert_to_numpy, state)
        self.components_ = np.ascontiguousarray(weights.T)
        return self

    def transform(self, X):
        """Hidden probabilities: (n, n_visible) → (n, n_hidden), float32 in 0…1."""
        check_is_fitted(self)
        data = (self._checked(X) - self.mean_) / self.scale_
        return _sigmoid(data @ self.components_.T + self.hidden_bias_)

    def reconstruct(self, X):
        """The visible units' means after one step up and down: (n, n_visible)."""
        v = self.transform(X) @ self.components_ + self.visible_bias_
        v = _sigmoid(v) if self.visible == "bernoulli" else v
        return v * self.scale_ + self.mean_

    def free_energy(self, X):
        """Free energy of each row: (n, n_visible) → (n,). Lower is likelier [2, §16]."""
        check_is_fitted(self)
        v = (self._checked(X) - self.mean_) / self.scale_
        hidden = np.logaddexp(0, v @ self.components_.T + self.hidden_bias_).sum(axis=1)
        if self.visible == "gaussian":
            return 0.5 * ((v - self.visible_bias_) ** 2).sum(axis=1) - hidden
        return -(v @ self.visible_bias_) - hidden

    def _step(self, v0, state, speed, rng):
        """One update by CD-k: v0 (B, V), state and speed (V, H), (V,), (H,)."""
        w, a, b = state
        h0 = ops.sigmoid(v0 @ w + b)  # (B, H)
        h = h0
        for k in range(self.cd_steps):
            coin = ops.convert_to_tensor(rng.random(h.shape, np.float32))
            v = ops.cast(coin < h, v0.dtype) @ ops.transpose(w) + a  # (B, V)
            if self.visible == "bernoulli":
                v = ops.sigmoid(v)
            h = ops.sigmoid(v @ w + b)
            if k == 0:
                error = ops.mean(ops.square(v0 - v))
        rate = self.learning_rate
        up = ops.transpose(ops.concatenate([v0, -v]))  # both products in one: the large matrix
        down = ops.concatenate([h0, h]) * (rate / len(v0))  # is passed over once
        pull = self.momentum * speed[0] - (rate * self.weight_decay) * w
        speed = [
            up @ down + pull,
            self.momentum * speed[1] + rate * ops.mean(v0 - v, axis=0),
            self.momentum * speed[2] + rate * ops.mean(h0 - h, axis=0),
        ]
        return [p + s for p, s in zip(state, speed, strict=True)], speed, error

    def _checked(self, X):
        X = np.asarray(X, np.float32)
        if X.ndim != 2 or len(X) == 0 or not np.isfinite(X).all():
            raise ParameterError(f"X must be a finite array (n, n_visible), got shape {X.shape}")
        if self.visible not in VISIBLE:
            raise ParameterError(f"visible must be one of {VISIBLE}, got {self.visible!r}")
        if self.visible == "bernoulli" and (X.min() < 0 or X.max() > 1):
            raise ParameterError(f"Bernoulli units take 0…1, got {X.min():.3g}…{X.max():.3g}")
        return X


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

    def fit(self, X, y=None, kept: Sequence[RBM] = ()):
        """Train on X (n, n_visible).

        Parameters
        ----------
        X : ndarray (n, n_visible), float
        kept : sequence of RBM
            Layers of another DBN, lowest first, from which this one's lowest
            layers start (§2.2, transfer).
        """
        shared = {n: getattr(self, n) for n in _SHARED}
        self.rbms_ = []
        for depth, units in enumerate(self.hidden):
            visible = self.visible if depth == 0 else "bernoulli"
            rate = self.learning_rate * (0.1 if visible == "gaussian" else 1)
            rbm = RBM(units, visible, rate, seed=self.seed + depth, **shared)
            rbm.fit(X, initial=kept[depth] if depth < len(kept) else None)
            X = rbm.transform(X)
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


def fusion_layers(hidden, classes: int) -> list[layers.Layer]:
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


def _sigmoid(x):
    return (0.5 * (np.tanh(0.5 * x) + 1)).astype(np.float32)


_SHARED = ("momentum", "weight_decay", "cd_steps", "batch", "epochs")
_SAVED = ("components_", "hidden_bias_", "visible_bias_", "mean_", "scale_")
