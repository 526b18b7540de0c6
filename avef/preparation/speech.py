"""Audio data (§2.1.1): mono, 16 kHz, pre-emphasis, log-mel, Δ and ΔΔ.

All functions are pure and work on arrays.
"""

from __future__ import annotations

from functools import cache

import librosa
import numpy as np

from avef.core.errors import ParameterError

RATE = 16_000  # Hz; mel bins up to 8000 Hz (Eq. 2.1) ask for it
FRAME = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
N_FFT = 512  # the smallest power of two that holds a frame
N_MELS = 64
OFFSET = 0.01  # Eq. 2.1: keeps the logarithm away from zero
STEP = 2.0**-14  # of log-mel values, 0.0005 dB: coarser than what CPUs differ in


def mono_16k(samples: np.ndarray, rate: int) -> np.ndarray:
    """Average the channels and bring the rate to 16 kHz (§2.1.1).

    Parameters
    ----------
    samples : ndarray (n,) or (n, channels), float
    rate : int
        Sampling rate in Hz, > 0.

    Returns
    -------
    ndarray (m,), float32

    Raises
    ------
    ParameterError
        If ``rate`` is not positive.

    Examples
    --------
    Two channels of three samples; then a second at 8 kHz, which gets twice the samples.

    >>> mono_16k(np.array([[0.5, -0.5], [1.0, 0.0], [0.25, 0.25]]), 16_000)
    array([0.  , 0.5 , 0.25], dtype=float32)
    >>> mono_16k(np.zeros(8000), 8000).shape
    (16000,)
    """
    if rate <= 0:
        raise ParameterError(f"rate must be positive, got {rate} Hz")
    samples = np.asarray(samples, np.float32)
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    if rate == RATE:
        return mono
    return librosa.resample(mono, orig_sr=rate, target_sr=RATE).astype(np.float32)


def pre_emphasis(y: np.ndarray, mu: float = 0.97) -> np.ndarray:
    """High-pass a signal: x(n) − μ·x(n−1), with x(−1) = 0 (§2.1.1).

    Parameters
    ----------
    y : ndarray (n,), float
    mu : float in 0…1

    Returns
    -------
    ndarray (n,)

    Raises
    ------
    ParameterError
        If ``mu`` lies outside 0…1.

    Examples
    --------
    A constant all but vanishes, a change of sign is nearly doubled.

    >>> pre_emphasis(np.array([1.0, 1.0, 1.0, -1.0])).round(2).tolist()
    [1.0, 0.03, 0.03, -1.97]
    """
    if not 0 <= mu <= 1:
        raise ParameterError(f"mu must lie in 0…1 (§2.1.1), got {mu}")
    y = np.asarray(y)
    return np.concatenate([y[:1], y[1:] - mu * y[:-1]])


def frame_count(n_samples: int) -> int:
    """Count the whole 25 ms frames, 10 ms apart, in a 16 kHz signal.

    Examples
    --------
    655 ms, the length of a segment, are 64 frames; one sample less is one frame less.

    >>> frame_count(10_480), frame_count(10_479), frame_count(399)
    (64, 63, 0)
    """
    return max(0, 1 + (n_samples - FRAME) // HOP)


def log_mel(y: np.ndarray, sr: int = RATE, power: float = 2.0) -> np.ndarray:
    """Log-mel spectrogram of a pre-emphasised signal (Eq. 2.1).

    Frames of 25 ms every 10 ms, Hamming window, 64 mel bins over 0–8000 Hz,
    offset 0.01 inside the logarithm. The mel triangles peak at 1: with
    area-normalised ones the offset would swallow ordinary speech.

    Parameters
    ----------
    y : ndarray (n,), float in −1…1
        Pre-emphasised samples at 16 kHz.
    sr : int
        Must be 16 000.
    power : float
        2 for the power spectrum, 1 for the magnitude.

    Returns
    -------
    ndarray (T, 64), float32, about log 0.01 or more
        T = ``frame_count(n)``; a 655 ms signal has 64 frames. Whole multiples of
        :data:`STEP`, so that they are the same on every CPU.

    Raises
    ------
    ParameterError
        If ``sr`` is not 16 000 or ``y`` no 1-d float array.

    Examples
    --------
    A tone of 1 kHz stands out in the mel bin about 1 kHz; silence is log 0.01 everywhere.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(10_480) / RATE)
    >>> c = log_mel(tone)
    >>> c.shape, int(c[30].argmax())
    ((64, 64), 21)
    >>> round(float(log_mel(np.zeros(400)).max()), 3)
    -4.605
    """
    if sr != RATE:
        raise ParameterError(f"log_mel takes 16 000 Hz (Eq. 2.1: 0–8000 Hz), got sr={sr}")
    y = np.asarray(y)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.floating):
        raise ParameterError(f"y must be a 1-d float array, got {y.dtype} of shape {y.shape}")
    if len(y) < FRAME:
        return np.empty((0, N_MELS), np.float32)
    frames = librosa.util.frame(y, frame_length=FRAME, hop_length=HOP, axis=0)  # (T, 400)
    spectrum = np.abs(np.fft.rfft(frames * np.hamming(FRAME), N_FFT)) ** power  # (T, 257)
    values = np.log(spectrum @ _mel_bank().T + OFFSET)
    return (np.rint(values / STEP) * STEP).astype(np.float32)


def delta(c: np.ndarray, width: int = 2) -> np.ndarray:
    """Differential along the first axis, edges repeated (Eq. 2.2).

    Parameters
    ----------
    c : ndarray (T, …), float
    width : int
        N of Eq. 2.2, ≥ 1.

    Returns
    -------
    ndarray (T, …), the dtype of ``c``

    Raises
    ------
    ParameterError
        If ``width`` is below 1.

    Examples
    --------
    The slope of a ramp is 1 inside, and less where the repeated edge comes into it.

    >>> delta(np.array([0.0, 1, 2, 3, 4, 5, 6])).round(9).tolist()
    [0.5, 0.8, 1.0, 1.0, 1.0, 0.8, 0.5]
    """
    if width < 1:
        raise ParameterError(f"width (N of Eq. 2.2) must be at least 1, got {width}")
    c = np.asarray(c)
    # librosa fits a line through 2 N + 1 frames; its slope is Eq. 2.2.
    slope = librosa.feature.delta(c, width=2 * width + 1, axis=0, mode="nearest")
    return slope.astype(c.dtype)


def mel_image(c: np.ndarray) -> np.ndarray:
    """Stack a segment's static, Δ and ΔΔ as the image of Fig. 3.

    Parameters
    ----------
    c : ndarray (64 frames, 64 mel bins), float

    Returns
    -------
    ndarray (64 mel bins, 64 frames, 3)
        Height is mel frequency, low first; width is time.

    Examples
    --------
    A sound that grows evenly: static rises, Δ is its slope, ΔΔ is zero.

    >>> image = mel_image(np.tile(np.arange(64.0)[:, None], 64))
    >>> image.shape
    (64, 64, 3)
    >>> np.abs(image[10, 30].round(6)).tolist()  # bin 10, frame 30
    [30.0, 1.0, 0.0]
    """
    d = delta(c)
    return np.stack([c.T, d.T, delta(d).T], axis=-1)


@cache
def _mel_bank():
    return librosa.filters.mel(
        sr=RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=0, fmax=RATE / 2, norm=None
    )
