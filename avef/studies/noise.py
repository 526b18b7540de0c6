"""What speech is mixed with to train and to test the VAD: noise, music, rooms.

All of it is made from a numpy Generator, so that no recording is needed and the
same seed gives the same sound. Signals are float64 at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from avef.core.errors import ParameterError
from avef.preparation.speech import HOP, RATE


def coloured(n: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Noise whose power falls as 1/f to the ``exponent``: 0 white, 1 pink, 2 brown.

    Parameters
    ----------
    n : int
        Samples.
    exponent : float
    rng : Generator

    Returns
    -------
    ndarray (n,), float64, RMS 1
        Without what lies below 20 Hz.
    """
    spectrum = np.fft.rfft(rng.standard_normal(n))
    f = np.fft.rfftfreq(n, 1 / RATE)
    spectrum *= np.where(f < 20, 0, np.maximum(f, 20) ** (-exponent / 2))
    return _unit(np.fft.irfft(spectrum, n))


def music(n: int, rng: np.random.Generator) -> np.ndarray:
    """Chords, a bass and a beat: (n,), float64, RMS 1."""
    y = np.zeros(n)
    beat = rng.uniform(0.25, 0.7)  # seconds
    root, scale = rng.uniform(80, 300), np.array([0, 2, 3, 5, 7, 8, 10, 12])
    partials, brightness = rng.integers(3, 14), rng.uniform(0.6, 2.0)
    decay = rng.uniform(1, 6)
    for start in range(0, n, max(1, int(beat * RATE))):
        t = np.arange(min(n - start, int(2.5 * beat * RATE))) / RATE
        notes = 2.0 ** (rng.choice(scale, rng.integers(1, 4)) / 12) * root
        vibrato = 1 + 0.003 * np.sin(2 * np.pi * 5 * t)
        for pitch in [*notes, notes[0] / 2]:
            for k in range(1, partials + 1):
                if k * pitch < 7500:
                    wave = np.sin(2 * np.pi * k * pitch * t * vibrato + rng.uniform(0, 6))
                    y[start : start + len(t)] += wave * np.exp(-decay * t) / k**brightness
        if rng.random() < 0.5:  # a drum
            hit = rng.standard_normal(len(t)) * np.exp(-rng.uniform(10, 60) * t)
            y[start : start + len(t)] += rng.uniform(0, 1.5) * hit
    return _unit(y)


def knocks(n: int, rng: np.random.Generator) -> np.ndarray:
    """Short dull or sharp blows at random times over a faint floor: (n,), float64, RMS 1."""
    y = 1e-3 * rng.standard_normal(n)
    for start in rng.integers(0, n, 1 + n // RATE):
        t = np.arange(min(n - start, RATE // 3)) / RATE
        ring = np.sin(2 * np.pi * rng.uniform(80, 3000) * t) + rng.standard_normal(len(t))
        y[start : start + len(t)] += ring * np.exp(-rng.uniform(15, 150) * t) * rng.uniform(0.2, 1)
    return _unit(y)


def engine(n: int, rng: np.random.Generator) -> np.ndarray:
    """A hum with many harmonics, slowly changing, over brown noise: (n,), float64, RMS 1."""
    drift = lfilter([1], [1, -0.9999], rng.standard_normal(n))
    pitch = rng.uniform(30, 180) * (1 + 0.05 * drift / (np.abs(drift).max() + 1e-9))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    hum = sum(np.sin(k * phase + rng.uniform(0, 6)) / k for k in range(1, 12))
    return _unit(_unit(hum) + rng.uniform(0.3, 2) * coloured(n, 2, rng))


def babble(n: int, voices: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Several talkers at once: (n,), float64, RMS 1; short voices are repeated."""
    y = np.zeros(n)
    for voice in voices:
        y += np.roll(np.resize(_unit(voice), n), rng.integers(n))
    return _unit(y)


def band(y: np.ndarray, low: float, high: float) -> np.ndarray:
    """Only what lies between two frequencies in Hz, as of a telephone or a small speaker."""
    return sosfilt(butter(2, [low, high], "bandpass", fs=RATE, output="sos"), y)


def in_room(
    y: np.ndarray, *, seconds: float, distance: float, rng: np.random.Generator
) -> np.ndarray:
    """Add a room's reverberation: (n,), float64.

    Parameters
    ----------
    y : ndarray (n,), float
    seconds : float
        Until the reverberation is down by 60 dB.
    distance : float in 0…1
        Share of the reverberation; 0 is none.
    rng : Generator
    """
    t = np.arange(int(seconds * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * 10 ** (-3 * t / seconds)
    tail *= np.sqrt(distance / np.sum(tail**2))
    tail[0] += np.sqrt(1 - distance)
    return fftconvolve(y, tail)[: len(y)]


def mix(speech: np.ndarray, noise: np.ndarray, *, snr: float, voiced: np.ndarray) -> np.ndarray:
    """Add noise to speech at a signal-to-noise ratio; the noise's own level does not matter.

    Parameters
    ----------
    speech, noise : ndarray (n,), float
    snr : float
        Decibels; of the speech where it is voiced to the noise as a whole.
    voiced : ndarray (T,), bool
        Of 10 ms each.

    Returns
    -------
    ndarray (n,), float64

    Raises
    ------
    ParameterError
        If speech and noise differ in length.

    Examples
    --------
    At 20 dB the noise has a tenth of the amplitude that the speech has where it is voiced.

    >>> speech = np.repeat([2.0, -2.0, 0.0, 0.0], HOP)
    >>> noise = np.ones_like(speech)
    >>> mixed = mix(speech, noise, snr=20, voiced=np.array([True, True, False, False]))
    >>> mixed[::HOP].round(3).tolist()
    [2.2, -1.8, 0.2, 0.2]
    """
    if speech.shape != noise.shape:
        raise ParameterError(f"noise must be as long as speech, {len(speech)}, got {len(noise)}")
    heard = np.repeat(voiced, HOP)
    level = np.sqrt(np.mean(speech[: len(heard)][heard[: len(speech)]] ** 2)) if heard.any() else 0
    return speech + _unit(noise) * level * 10 ** (-snr / 20)


def _unit(y):
    return y / (np.sqrt(np.mean(np.square(y))) + 1e-12) if len(y) else y
