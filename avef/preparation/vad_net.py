"""The VAD's network (§2.1.1): MRCG frames in, a speech probability each out.

It runs in numpy, so that preparing a clip needs no training framework. The weights
that come with the package, and what they were trained and tested on, are described
in ``weights/README.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from avef.core import store
from avef.core.errors import ParameterError
from avef.core.files import replacing
from avef.preparation.mrcg import FEATURES, OFFSETS, mrcg_blocks


class SpeechNet(NamedTuple):
    """A network with two hidden layers over a frame and its neighbours.

    Attributes
    ----------
    mean, scale : (768,) float32
        Features are standardised by them.
    w1 : (7, 768, h) float16, b1 : (h,) float32
        One matrix for each of ``mrcg.OFFSETS``.
    w2 : (h, k) float16, b2 : (k,) float32
    w3 : (k,) float16, b3 : () float32
    threshold : () float32
        Chosen on validation speakers.
    """

    mean: np.ndarray
    scale: np.ndarray
    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray
    w3: np.ndarray
    b3: np.ndarray
    threshold: np.ndarray

    def probability(self, y: np.ndarray) -> np.ndarray:
        """Speech probability per 10 ms of a 16 kHz signal: (T,) float32 in 0…1, T = n // 160."""
        return self.decide(mrcg_blocks(y))

    def decide(self, blocks: Iterable[np.ndarray]) -> np.ndarray:
        """Speech probability of MRCG rows, (t, 768) at a time: (T,) float32 in 0…1.

        Worked out in float64 and rounded, so that every CPU finds the same frames voiced.
        """
        taps = np.concatenate(list(self.w1.astype(np.float64)), axis=1)  # (768, 7h)
        parts = [  # (t, 7h): what each frame gives to its own and to its neighbours' sums
            ((block - self.mean) / self.scale) @ taps for block in blocks
        ]
        if not parts:
            return np.zeros(0, np.float32)
        seen = np.concatenate(parts).reshape(-1, len(OFFSETS), len(self.b1))
        rows = np.arange(len(seen))
        hidden = np.tile(self.b1.astype(np.float64), (len(seen), 1))
        for k, offset in enumerate(OFFSETS):
            hidden += seen[np.clip(rows + offset, 0, len(seen) - 1), k]
        hidden = np.maximum(hidden, 0) @ self.w2.astype(np.float64) + self.b2
        logit = np.maximum(hidden, 0) @ self.w3.astype(np.float64) + self.b3
        return (1 / (1 + np.exp(-np.clip(logit, -50, 50)))).round(9).astype(np.float32)


def shipped() -> Path:
    """The weights that come with the package."""
    return Path(str(resources.files("avef.preparation") / "weights" / "vad.npz"))


def save(path: str | Path, net: SpeechNet) -> None:
    """Write a network atomically, sealed as :mod:`avef.core.store` does; no pickle is involved."""
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **net._asdict())
        store.seal(temporary)


@lru_cache(maxsize=2)
def load(path: str | Path | None = None) -> SpeechNet:
    """Read a network written by :func:`save`; None for the one that comes with the package.

    Raises
    ------
    ParameterError
        If it is missing or damaged, or no such network.
    """
    path = Path(path or shipped())
    try:
        arrays = store.load(path)
        net = SpeechNet(**{name: arrays[name] for name in SpeechNet._fields})
    except store.BROKEN as error:
        raise ParameterError(f"{path}: no weights of the VAD: {error}") from error
    if net.w1.shape[:2] != (len(OFFSETS), FEATURES):
        raise ParameterError(f"{path}: w1 must be (7, 768, h), got {net.w1.shape}")
    return net
