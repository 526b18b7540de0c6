"""Contrastive divergence (§2.2.3): one update of a restricted Boltzmann machine [1, 2].

An update reads the weights three times and rewrites them and their momentum once; at
8192 → 4096 it is memory that takes the time. On an accelerator the arrays stay on the
device; without one the update happens in place, by BLAS on the host.

[1] Hinton (2002). Training products of experts by minimizing contrastive divergence.
[2] Hinton (2012). A practical guide to training restricted Boltzmann machines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from scipy.linalg.blas import saxpy, sgemm


def epoch(update: Any, data: np.ndarray, rng: np.random.Generator, *, batch: int) -> float:
    """Update by every batch of standardised data, in a new order; the mean error.

    Parameters
    ----------
    update : OnHost or OnDevice
    data : ndarray (n, V), float32
    batch : int, ≤ n
        A last, incomplete batch is left out.
    """
    order = rng.permutation(len(data))
    starts = range(0, len(data) - batch + 1, batch)
    errors = [update(data[order[s : s + batch]], rng) for s in starts]
    return float(np.mean([float(e) for e in errors]))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)), float32.

    Examples
    --------
    >>> sigmoid(np.float32([-100, 0, 100])).tolist()
    [0.0, 0.5, 1.0]
    """
    return (0.5 * (np.tanh(0.5 * x) + 1)).astype(np.float32)


class OnHost:
    """CD-k in place: weights and momentum are never copied.

    Parameters
    ----------
    rbm : RBM
        Or whatever has its ``visible``, ``learning_rate``, ``momentum``, ``weight_decay`` and
        ``cd_steps``.
    state : sequence of weights (V, H), visible biases (V,), hidden biases (H,)
    """

    def __init__(self, rbm, state):
        self.rbm = rbm
        # Copies, in Fortran's order, which BLAS wants.
        self.w, self.a, self.b = (np.array(s, np.float32, order="F") for s in state)
        self.speed = [np.zeros_like(s) for s in (self.w, self.a, self.b)]

    def __call__(self, v0, rng):
        """One update by v0 (B, V); the error of reconstructing it."""
        rbm, w = self.rbm, self.w  # w (V, H)
        h = h0 = sigmoid(v0 @ w + self.b)  # (B, H)
        for k in range(rbm.cd_steps):
            drawn = (rng.random(h.shape, np.float32) < h).astype(np.float32)
            v = drawn @ w.T + self.a  # (B, V)
            if rbm.visible == "bernoulli":
                v = sigmoid(v)
            h = sigmoid(v @ w + self.b)
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

    def state(self) -> tuple:
        """Weights (V, H), visible and hidden biases."""
        return self.w, self.a, self.b


class OnDevice:
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

    def state(self) -> tuple:
        """As :meth:`OnHost.state`, on the host."""
        return tuple(map(ops.convert_to_numpy, self.arrays))
