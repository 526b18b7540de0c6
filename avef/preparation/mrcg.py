"""Multi-resolution cochleagram (MRCG), the features of the paper's VAD (§2.1.1).

Four cochleagrams of one gammatone filter bank, in local and in wide context, with
their differentials (Chen, Wang & Wang, "A feature study for classification-based
speech separation at low signal-to-noise ratios", IEEE/ACM TASLP 22(12), 2014). The
filters are long FIR filters, applied by overlap-save in blocks: a block's memory is
all that a signal of any length needs. All arithmetic is float64; float32 or running
sums would cost four digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import numpy as np
import scipy.fft
from numpy.typing import DTypeLike

from avef.core.errors import ParameterError
from avef.preparation.speech import HOP, RATE

CHANNELS = 64
FEATURES = 768  # [CG1 CG2 CG3 CG4] of 64 channels, their Δ, their ΔΔ
LOW, HIGH = 50.0, 8000.0  # Hz, the outermost centre frequencies
TAPS = 2048  # 128 ms, where even the 50 Hz filter has died away
LONG = 3200  # samples, the 200 ms of CG2
RMS = 1000.0  # of the scaled signal
FLOOR = 1e-6  # least energy: above FFT round-off, below what dithered recordings hold
BLOCK = 64  # frames: 64 · 160 + 2047 samples fit a transform of 12 288 = 3 · 2¹²
OFFSETS = (-19, -10, -1, 0, 1, 10, 19)  # frames, the VAD's context

_BATCH = 8  # channels per inverse transform: what the L2 cache holds
_SQUARES = ((11, 5), (23, 11))  # side of the means of CG3 and CG4, and their reach
_REACH = 4  # frames that Δ and ΔΔ reach to either side
_HALO = 11 + _REACH  # frames to either side on which a frame's features depend

# BS 3383: equal-loudness coefficients over frequency in Hz; the threshold is in dB.
_HZ = (
    *(20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800),
    *(1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000, 6300, 8000, 10000, 12500),
)
_SLOPE = (
    *(2.347, 2.19, 2.05, 1.879, 1.724, 1.579, 1.512, 1.466, 1.426, 1.394, 1.372, 1.344),
    *(1.304, 1.256, 1.203, 1.135, 1.062, 1, 0.967, 0.943, 0.932, 0.933, 0.937, 0.952),
    *(0.974, 1.027, 1.135, 1.266, 1.501),
)
_BEND = (
    *(0.00561, 0.00527, 0.00481, 0.00404, 0.00383, 0.00286, 0.00259, 0.00257, 0.00256),
    *(0.00255, 0.00254, 0.00248, 0.00229, 0.00201, 0.00162, 0.00111, 0.00052, 0),
    *(-0.00039, -0.00067, -0.00092, -0.00105, -0.00104, -0.00088, -0.00055, 0),
    *(0.00089, 0.00211, 0.00488),
)
_THRESHOLD = (
    *(74.3, 65, 56.3, 48.4, 41.7, 35.5, 29.8, 25.1, 20.7, 16.8, 13.8, 11.2, 8.9, 7.2, 6),
    *(5, 4.4, 4.2, 3.7, 2.6, 1, -1.2, -3.6, -3.9, -1.1, 6.6, 15.3, 16.4, 11.6),
)


def mrcg(
    y: np.ndarray,
    sr: int = RATE,
    frame_length: float = 0.025,
    *,
    dtype: DTypeLike = np.float32,
    block: int = BLOCK,
) -> np.ndarray:
    """MRCG features of a signal, one row every 10 ms.

    Row t belongs to the time up to 10 (t + 1) ms: CG1 is the log10 energy of the
    ``frame_length`` before it, CG2 that of the 200 ms before it, with zeros before
    the signal. The level of ``y`` does not matter: it is scaled to RMS 1000.
    Energies below ``FLOOR`` (on that scale) count as ``FLOOR``, so that digital
    silence is −6 in CG1 and CG2, and never −∞.

    Parameters
    ----------
    y : ndarray (n,), float or signed integer
        Samples at 16 kHz, not pre-emphasised. Zeros and constants are allowed.
    sr : int
        Must be 16 000.
    frame_length : float
        Seconds of CG1, up to 0.2. The mrcg of Chen et al. has 0.020.
    dtype : dtype
        Of the result; what is computed is float64 either way.
    block : int
        Frames worked on at a time, ≥ 1. Alters memory and speed, not the result.

    Returns
    -------
    ndarray (T, 768), ``dtype``
        T = n // 160. Columns: CG1, CG2, CG3, CG4 with 64 channels each, 50 Hz first;
        then the Δ of these 256; then their ΔΔ.

    Raises
    ------
    ParameterError
        If ``sr`` is not 16 000, ``y`` is no 1-d array of finite numbers, or
        ``frame_length`` or ``block`` lies out of range.

    Examples
    --------
    >>> mrcg(np.zeros(16_000)).shape  # 1 s
    (100, 768)
    """
    parts = mrcg_blocks(y, sr, frame_length, block=block)
    features: np.ndarray = np.empty((len(y) // HOP, FEATURES), dtype)
    start = 0
    for part in parts:
        features[start : start + len(part)] = part
        start += len(part)
    return features


def mrcg_blocks(
    y: np.ndarray, sr: int = RATE, frame_length: float = 0.025, *, block: int = BLOCK
) -> Iterator[np.ndarray]:
    """Yield the rows of :func:`mrcg` in order, some at a time.

    For signals whose features would not fit in memory. Arguments and errors are
    those of :func:`mrcg`; errors are raised by the call, before the first block.

    Yields
    ------
    ndarray (t, 768), float64
        t varies, about ``block``.
    """
    if sr != RATE:
        raise ParameterError(f"mrcg takes 16 000 Hz (its channels end at 8000 Hz), got sr={sr}")
    if not 1 / RATE <= frame_length <= LONG / RATE:  # false for NaN, too
        raise ParameterError(f"frame_length must lie in 0…0.2 s, one sample up, got {frame_length}")
    if block < 1:
        raise ParameterError(f"block must be at least 1 frame, got {block}")
    y = np.asarray(y)
    if y.ndim != 1 or y.dtype.kind not in "fi":
        raise ParameterError(
            f"y must be a 1-d array of floats or signed integers, got {y.dtype} of shape {y.shape}"
        )
    return _feature_blocks(_energies(y, _gauge(y), round(frame_length * RATE), block))


def context(
    features: np.ndarray, offsets: Sequence[int] = OFFSETS, rows: np.ndarray | slice | None = None
) -> np.ndarray:
    """Join each frame with some of its neighbours, edges repeated.

    Pass ``rows`` to build a batch at a time: only these rows are copied, whatever
    the size of ``features``, which may be a view or a memory map.

    Parameters
    ----------
    features : ndarray (T, F)
    offsets : sequence of int
        Frames relative to the frame itself, in the order of the columns.
    rows : ndarray (R,), int, or slice, or mask (T,), or None
        The frames wanted; None for all T. IndexError if there is no such frame.

    Returns
    -------
    ndarray (R, F · len(offsets)), the dtype of ``features``

    Examples
    --------
    Frames of one feature, each between the frame before and the one after.

    >>> context(np.array([[1], [2], [3]]), (-1, 0, 1)).tolist()
    [[1, 1, 2], [1, 2, 3], [2, 3, 3]]
    """
    count, width = features.shape
    rows = np.arange(count) if rows is None else np.arange(count)[rows]
    near = np.clip(rows[:, None] + np.asarray(offsets, np.intp), 0, max(count - 1, 0))
    return np.asarray(features[near]).reshape(len(rows), width * len(offsets))


def delta_sum(c: np.ndarray, width: int) -> np.ndarray:
    """Sum k · c(t + k) over k = −width…width, edges repeated: Δ without its divisor.

    Parameters
    ----------
    c : ndarray (T, F), float
    width : int

    Returns
    -------
    ndarray (T, F), float64
    """
    padded = np.pad(c, ((width, width), (0, 0)), mode="edge") if len(c) else c
    total = np.zeros(c.shape)
    for k in range(1, width + 1):
        later = padded[width + k : width + k + len(c)]
        total += k * (later - padded[width - k : width - k + len(c)])
    return total


def centre_frequencies() -> np.ndarray:
    """Centre frequencies, equally spaced on the ERB-rate scale: (64,), Hz, ascending."""
    low, high = 21.4 * np.log10(4.37e-3 * np.array([LOW, HIGH]) + 1)
    return (10 ** (np.linspace(low, high, CHANNELS) / 21.4) - 1) / 4.37e-3


@cache
def gammatone_filters() -> np.ndarray:
    """Impulse responses, of order 4, weighted by the loudness of 60 dB.

    Returns
    -------
    ndarray (64, 2048), float64, read-only
        Sample j belongs to the time (j + 1) / 16 000 s.
    """
    f = centre_frequencies()[:, None]
    slope, bend, threshold = (np.interp(f, _HZ, v) for v in (_SLOPE, _BEND, _THRESHOLD))
    loudness = 4.2 + slope * (60 - threshold) / (1 + bend * (60 - threshold))  # phon
    gain = 10 ** ((loudness - 60) / 20) / 3
    decay = 2 * np.pi * 1.019 * 24.7 * (4.37 * f / 1000 + 1)  # 1/s
    t = np.arange(1, TAPS + 1) / RATE
    envelope = gain * (decay / RATE) ** 4 * RATE**3 * t**3 * np.exp(-decay * t)
    filters = envelope * np.cos(2 * np.pi * f * t)
    filters.flags.writeable = False
    return filters


@lru_cache(maxsize=2)
def _spectra(n_fft):
    return scipy.fft.rfft(gammatone_filters(), n_fft, workers=1)  # (64, n_fft // 2 + 1)


def _gauge(y):
    """(peak, factor): y / peak · factor has RMS 1000, or is zero. One pass, no copy."""
    peak = max(float(y.max()), -float(y.min())) if len(y) else 0.0
    if not np.isfinite(peak):
        raise ParameterError("y must be finite, got NaN or infinity among its samples")
    if peak == 0:
        return 1.0, 1.0
    pieces = (y[i : i + 65_536].astype(np.float64) / peak for i in range(0, len(y), 65_536))
    return peak, RMS / np.sqrt(sum(float((p * p).sum()) for p in pieces) / len(y))


def _hop_energies(y, gauge, tail, block):
    """Energy per channel in each 10 ms: (t, 64, 2) of the last ``tail`` samples, of all."""
    peak, factor = gauge
    frames = len(y) // HOP
    block = min(block, max(frames, BLOCK))
    n_fft = scipy.fft.next_fast_len(block * HOP + TAPS - 1, real=True)
    signal = np.zeros(n_fft)
    for first in range(0, frames, block):
        count = min(block, frames - first)
        start, stop = first * HOP, (first + count) * HOP
        past = min(start, TAPS - 1)
        signal[:] = 0
        piece = y[start - past : stop].astype(np.float64)
        signal[TAPS - 1 - past : TAPS - 1 + stop - start] = piece / peak * factor
        spectrum = scipy.fft.rfft(signal, workers=1)
        hops = np.empty((count, CHANNELS, 2))
        for c in range(0, CHANNELS, _BATCH):
            product = _spectra(n_fft)[c : c + _BATCH] * spectrum
            heard = scipy.fft.irfft(product, n_fft, workers=1, overwrite_x=True)
            heard = heard[:, TAPS - 1 : TAPS - 1 + count * HOP].reshape(_BATCH, count, HOP)
            head, end = heard[..., : HOP - tail], heard[..., HOP - tail :]
            late = np.einsum("ctk,ctk->tc", end, end)
            hops[:, c : c + _BATCH, 0] = late
            hops[:, c : c + _BATCH, 1] = late + np.einsum("ctk,ctk->tc", head, head)
        yield hops


def _energies(y, gauge, length, block):
    """Energy in the ``length`` and the 3200 samples before each frame's end: (t, 128)."""
    short, tail = divmod(length, HOP)  # whole hops, and samples of the one before
    past = LONG // HOP
    hops = np.zeros((past + 1, CHANNELS, 2))
    for part in _hop_energies(y, gauge, tail, block):
        hops = np.concatenate([hops[-past - 1 :], part])
        first, count = past + 1, len(part)
        energy = np.zeros((count, 2, CHANNELS))
        energy[:, 0] = hops[first - short : first - short + count, :, 0]  # 0 if tail is 0
        for k in range(past):
            whole = hops[first - k : first - k + count, :, 1]
            energy[:, 1] += whole
            if k < short:
                energy[:, 0] += whole
        yield energy.reshape(count, 2 * CHANNELS)


def _feature_blocks(energies):
    """Turn blocks of energies into features, as soon as the frames after are known."""
    logs, done = np.empty((0, 2 * CHANNELS)), 0  # rows in reach; how many of them are out
    for part in energies:
        logs = np.concatenate([logs, np.log10(np.maximum(part, FLOOR))])
        ready = len(logs) - _HALO
        if ready > done:
            yield _features(logs)[done:ready]
            logs = logs[max(ready - _HALO, 0) :]
            done = min(ready, _HALO)
    if len(logs) > done:
        yield _features(logs)[done:]


def _features(cg):
    """(T, 128) log energies to (T, 768). Only rows _HALO from a cut edge are right."""
    means = [_mean(cg[:, :CHANNELS], side, reach) for side, reach in _SQUARES]
    c = np.concatenate([cg, *means], axis=1)
    return np.concatenate([c, delta_sum(c, 4), delta_sum(delta_sum(c, 2), 2)], axis=1)


def _mean(c, side, reach):
    """Mean over side x side neighbours, zeros beyond the edges counted in."""
    padded = np.pad(c, reach)
    rows = sum(padded[k : k + len(c)] for k in range(side))
    return sum(rows[:, k : k + CHANNELS] for k in range(side)) / side**2
