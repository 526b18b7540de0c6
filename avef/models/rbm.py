"""The restricted Boltzmann machine (§2.2.3), trained by contrastive divergence [1, 2].

An update reads the weights three times and rewrites them and their momentum once; at
8192 → 4096 it is memory that takes the time. On an accelerator the arrays stay on the
device; without one the update happens in place, by BLAS on the host.

[1] Hinton (2002). Training products of experts by minimizing contrastive divergence.
[2] Hinton (2012). A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

import os

import numpy as np
from keras import distribution, ops
from scipy.linalg.blas import saxpy, sgemm
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from avef.core.errors import ParameterError

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
    gaps_ : list of float
        Free energy of the watched data minus that of as many training rows, their means
        after each epoch, per visible unit; it grows where the machine overfits [2, §6].
        Empty where nothing is watched.
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

    def fit(self, X, y=None, initial: RBM | None = None, watch: np.ndarray | None = None):
        """Train on X (n, n_visible), float.

        Parameters
        ----------
        X : ndarray (n, n_visible)
        initial : RBM, optional
            Where to start from; random weights else.
        watch : ndarray (m, n_visible), optional
            Data of other speakers, for ``gaps_`` alone: nothing is learnt or chosen by them.

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
        update = (_OnDevice if _accelerator() else _OnHost)(self, state)

        data = (X - self.mean_) / self.scale_
        batch = min(self.batch, n)
        self.errors_, self.gaps_ = [], []
        with threadpool_limits(int(os.environ["TF_NUM_INTRAOP_THREADS"])):
            for _ in range(self.epochs):
                order = rng.permutation(n)
                starts = range(0, n - batch + 1, batch)
                errors = [update(data[order[s : s + batch]], rng) for s in starts]
                self.errors_.append(float(np.mean([float(e) for e in errors])))
                if watch is not None:
                    self._keep(update.state())
                    self.gaps_.append(self._gap(X, watch))
        if not np.isfinite(self.errors_).all():
            raise ParameterError(f"learning_rate {self.learning_rate} makes the RBM diverge")
        self._keep(update.state())
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

    def _keep(self, state):
        weights, self.visible_bias_, self.hidden_bias_ = state
        self.components_ = np.ascontiguousarray(weights.T)

    def _gap(self, X, watch):
        some = slice(None, None, -(-len(X) // len(watch)))
        rows = self.free_energy(watch).mean(), self.free_energy(X[some]).mean()
        return float(rows[0] - rows[1]) / X.shape[1]

    def _checked(self, X):
        X = np.asarray(X, np.float32)
        if X.ndim != 2 or len(X) == 0 or not np.isfinite(X).all():
            raise ParameterError(f"X must be a finite array (n, n_visible), got shape {X.shape}")
        if self.visible not in VISIBLE:
            raise ParameterError(f"visible must be one of {VISIBLE}, got {self.visible!r}")
        if self.visible == "bernoulli" and (X.min() < 0 or X.max() > 1):
            raise ParameterError(f"Bernoulli units take 0…1, got {X.min():.3g}…{X.max():.3g}")
        return X


class _OnHost:
    """CD-k in place: weights and momentum are never copied."""

    def __init__(self, rbm, state):
        self.rbm = rbm
        # Copies, in Fortran's order, which BLAS wants.
        self.w, self.a, self.b = (np.array(s, np.float32, order="F") for s in state)
        self.speed = [np.zeros_like(s) for s in (self.w, self.a, self.b)]

    def __call__(self, v0, rng):
        """One update by v0 (B, V); the error of reconstructing it."""
        rbm, w = self.rbm, self.w  # w (V, H)
        h = h0 = _sigmoid(v0 @ w + self.b)  # (B, H)
        for k in range(rbm.cd_steps):
            drawn = (rng.random(h.shape, np.float32) < h).astype(np.float32)
            v = drawn @ w.T + self.a  # (B, V)
            if rbm.visible == "bernoulli":
                v = _sigmoid(v)
            h = _sigmoid(v @ w + self.b)
            if k == 0:
                error = np.square(v0 - v).mean()
        rate = np.float32(rbm.learning_rate)
        up, down = np.concatenate([v0, -v]), np.concatenate([h0, h])
        s = self.speed
        s[0] = sgemm(rate / len(v0), up, down, rbm.momentum, s[0], trans_a=1, overwrite_c=1)
        flat = [array.ravel(order="K") for array in (w, s[0])]  # views
        saxpy(flat[0], flat[1], a=-rate * rbm.weight_decay)
        saxpy(flat[1], flat[0])
        s[1] = rbm.momentum * s[1] + rate * (v0 - v).mean(axis=0)
        s[2] = rbm.momentum * s[2] + rate * (h0 - h).mean(axis=0)
        self.a, self.b = self.a + s[1], self.b + s[2]
        return error

    def state(self):
        return self.w, self.a, self.b


class _OnDevice:
    """The same with arrays that stay on the accelerator."""

    def __init__(self, rbm, state):
        self.rbm = rbm
        self.arrays = [ops.convert_to_tensor(np.asarray(s, np.float32)) for s in state]
        self.speed = [ops.zeros_like(s) for s in self.arrays]

    def __call__(self, v0, rng):
        """One update by v0 (B, V); the error of reconstructing it."""
        rbm, (w, a, b) = self.rbm, self.arrays
        v0 = ops.convert_to_tensor(v0)
        h = h0 = ops.sigmoid(v0 @ w + b)  # (B, H)
        for k in range(rbm.cd_steps):
            coin = ops.convert_to_tensor(rng.random(h.shape, np.float32))
            v = ops.cast(coin < h, v0.dtype) @ ops.transpose(w) + a  # (B, V)
            if rbm.visible == "bernoulli":
                v = ops.sigmoid(v)
            h = ops.sigmoid(v @ w + b)
            if k == 0:
                error = ops.mean(ops.square(v0 - v))
        rate = rbm.learning_rate
        up = ops.transpose(ops.concatenate([v0, -v]))
        down = ops.concatenate([h0, h]) * (rate / len(v0))
        steps = [up @ down, rate * ops.mean(v0 - v, axis=0), rate * ops.mean(h0 - h, axis=0)]
        steps[0] = steps[0] - (rate * rbm.weight_decay) * w
        self.speed = [rbm.momentum * s + step for s, step in zip(self.speed, steps, strict=True)]
        self.arrays = [p + s for p, s in zip(self.arrays, self.speed, strict=True)]
        return error

    def state(self):
        return tuple(map(ops.convert_to_numpy, self.arrays))


def _accelerator():
    return any(not name.startswith("cpu") for name in distribution.list_devices())


def _sigmoid(x):
    return (0.5 * (np.tanh(0.5 * x) + 1)).astype(np.float32)
