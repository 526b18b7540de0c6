"""The restricted Boltzmann machine (§2.2.3), trained by contrastive divergence [1, 2].

The updates are those of :mod:`avef.models.divergence`.

[1] Hinton (2002). Training products of experts by minimizing contrastive divergence.
[2] Hinton (2012). A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

import os

import numpy as np
from keras import distribution
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from avef.core.errors import ParameterError
from avef.models import divergence

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
            Data of training speakers held out, for ``gaps_`` alone: nothing is learnt from them.

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
        update = (divergence.OnDevice if _accelerator() else divergence.OnHost)(self, state)

        data = (X - self.mean_) / self.scale_
        batch = min(self.batch, n)
        self.errors_, self.gaps_ = [], []
        with threadpool_limits(int(os.environ["TF_NUM_INTRAOP_THREADS"])):
            for _ in range(self.epochs):
                self.errors_.append(divergence.epoch(update, data, rng, batch=batch))
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
        return divergence.sigmoid(data @ self.components_.T + self.hidden_bias_)

    def reconstruct(self, X):
        """The visible units' means after one step up and down: (n, n_visible)."""
        v = self.transform(X) @ self.components_ + self.visible_bias_
        v = divergence.sigmoid(v) if self.visible == "bernoulli" else v
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


def _accelerator():
    return any(not name.startswith("cpu") for name in distribution.list_devices())
