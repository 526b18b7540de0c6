"""Voice activity detection (§2.1.1): a speech probability every 10 ms, and its mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from avef.core.errors import ParameterError
from avef.preparation import silero, vad_net
from avef.preparation.speech import HOP, RATE

METHODS = ("mrcg_dnn", "silero", "energy", "none")
FAINTEST = 1e-4  # of full scale: a signal that never exceeds it is silence


def speech_probability(
    y: np.ndarray,
    sr: int = RATE,
    *,
    method: str = "mrcg_dnn",
    weights: str | Path | None = None,
) -> np.ndarray:
    """Probability of speech in each 10 ms of a signal (§2.1.1).

    Parameters
    ----------
    y : ndarray (n,), float
        Samples at 16 kHz, not pre-emphasised. Their level does not matter unless they are
        all below ``FAINTEST``.
    sr : int
        Must be 16 000.
    method : {"mrcg_dnn", "silero", "energy", "none"}
        The paper's MRCG features and a DNN; Silero's VAD (an optional extra); a
        comparison of each frame's level with the clip's own floor and peak; or
        everything is speech.
    weights : path, optional
        Of the DNN; those that come with the package if left out.

    Returns
    -------
    ndarray (T,), float32 in 0…1, with T = n // 160
        Entry t covers [10t, 10t + 10) ms.

    Raises
    ------
    ParameterError
        If ``sr`` is not 16 000, the method unknown, its package not installed or its
        weights unreadable.

    Examples
    --------
    40 ms of silence, then 40 ms of noise.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, 640)
    >>> y = np.concatenate([np.zeros(640), noise])
    >>> speech_probability(y, method="energy").round(1).tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    if sr != RATE:
        raise ParameterError(f"speech_probability takes 16 000 Hz, got sr={sr}")
    if method not in METHODS:
        raise ParameterError(f"vad must be one of {', '.join(METHODS)}, got {method!r}")
    y = np.asarray(y, np.float64)
    if method == "none":
        return np.ones(len(y) // HOP, np.float32)
    if method == "energy":
        return _energy_probability(y)
    if np.abs(y).max(initial=0) < FAINTEST:
        return np.zeros(len(y) // HOP, np.float32)
    return silero.probability(y) if method == "silero" else vad_net.load(weights).probability(y)


def threshold(method: str, weights: str | Path | None = None) -> float:
    """The probability from which on a method's frames are speech, by default."""
    return float(vad_net.load(weights).threshold) if method == "mrcg_dnn" else 0.5


def speech_mask(probability: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Weights 0/1 of the 10 ms frames, short gaps and blips removed (§2.1.1).

    Parameters
    ----------
    probability : ndarray (T,), float in 0…1
    threshold : float in 0…1

    Returns
    -------
    ndarray (T,), bool

    Raises
    ------
    ParameterError
        If ``threshold`` lies outside 0…1.

    Examples
    --------
    A gap of 50 ms is bridged and a blip of 50 ms dropped: the majority of 110 ms decides.

    >>> probability = np.zeros(60)
    >>> probability[10:40], probability[20:25], probability[50:55] = 0.9, 0.1, 0.9
    >>> np.flatnonzero(speech_mask(probability))[[0, -1]].tolist()
    [10, 39]
    >>> int(speech_mask(probability).sum())
    30
    """
    if not 0 <= threshold <= 1:
        raise ParameterError(f"vad_threshold must lie in 0…1, got {threshold}")
    if len(probability) == 0:
        return np.zeros(0, bool)
    voiced = (np.asarray(probability) >= threshold).astype(np.uint8)
    return median_filter(voiced, size=11, mode="nearest").astype(bool)  # 110 ms


def _energy_probability(y):
    hops = y[: len(y) // HOP * HOP].reshape(-1, HOP)
    if len(hops) == 0:
        return np.zeros(0, np.float32)
    smooth = uniform_filter1d((hops**2).mean(axis=1), size=3, mode="nearest")
    level = 10 * np.log10(smooth + 1e-12)  # dB re full scale
    floor, peak = np.percentile(level, 5), np.percentile(level, 98)
    if peak < -65:  # below the noise of any recording: nothing is said
        return np.zeros(len(level), np.float32)
    # Midway between floor and peak, but never more than 35 dB below the peak.
    middle = max(floor + 0.4 * (peak - floor), peak - 35)
    return (1 / (1 + np.exp(-(level - middle) / 3))).astype(np.float32)
