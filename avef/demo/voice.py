"""Speech: espeak-ng says phrases, and a few filters give them a manner.

espeak-ng is under the GPL and optional: nothing of it is imported until
somebody asks for speech.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, lfilter, resample_poly

from avef.core.errors import RunError

SAMPLE_RATE = 22050
"""The rate, in Hz, at which espeak-ng speaks."""

VARIANTS = (
    ("robert", "boris", "Andy", "max", "Gene", "john", "Mike", "travis"),
    ("grandma", "shelby", "aunty", "Annie", "linda", "belinda", "Andrea"),
)
"""espeak-ng's voice variants of the demo's people: men's, women's. The shipped voice activity
detector learnt from none of them. Chosen from the many that espeak-ng has for an ordinary pitch
and pace, and so that a simple classifier tells most of their emotions."""

SPEECH_LEVEL = -15.0  # dB of full scale, root mean square of the loudest manner


@dataclass(frozen=True)
class Manner:
    """How something is said. Every field can be interpolated.

    ``pitch`` is in espeak-ng's steps about the speaker's own (which is 0),
    ``range`` 0–100 (0 is a monotone), ``rate`` in words a minute, ``gain`` in dB
    (0 is the loudest), ``tilt`` −1 (dull) … 1 (sharp), ``drive`` 0 (clean) … 1
    (shouted), ``tremor`` 0 … 1 (trembling), ``breath`` 0 … 1 (aspirated).
    """

    pitch: float = 0.0
    range: float = 45.0
    rate: float = 165.0
    gain: float = -9.0
    tilt: float = 0.0
    drive: float = 0.0
    tremor: float = 0.0
    breath: float = 0.0


@dataclass(frozen=True)
class Voice:
    """Whose voice it is: espeak-ng's variant, and the pitch (0–99) at rest."""

    variant: str
    pitch: float

    @classmethod
    def of(cls, identity: int, variants: Sequence[Sequence[str]] = VARIANTS) -> Voice:
        """The voice of a speaker number, of men's and women's variants; even numbers are men."""
        rng = np.random.default_rng([7, identity])
        names = variants[identity % 2]
        return cls(names[(identity // 2) % len(names)], float(rng.uniform(36, 52)))


def _library():
    """espeak-ng's (library, data folder), or an ImportError that says what to do."""
    try:
        import espeakng_loader
    except ImportError as error:
        message = "the demo corpora speak with espeak-ng: pip install espeakng-loader"
        raise ImportError(message) from error
    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def trim(y: np.ndarray, floor: float = 0.01) -> np.ndarray:
    """``y`` (n,) without what is below ``floor`` times its peak at either end.

    >>> trim(np.array([0.0, 0.004, 1.0, 0.0, 0.5, 0.001])).tolist()
    [1.0, 0.0, 0.5]
    """
    loud = np.flatnonzero(np.abs(y) > floor * np.max(np.abs(y), initial=1e-9))
    return y[loud[0] : loud[-1] + 1] if loud.size else y[:0]


def speak(
    phrases: Sequence[str], language: str, *, voice: Voice, manner: Manner, seed: int
) -> list[np.ndarray]:
    """Say each phrase.

    Parameters
    ----------
    phrases : sequence of str
        In the script of ``language``.
    language : str
        A voice of espeak-ng, such as ``"en-us"`` (``"en-gb"`` fails in the wheel;
        ``"en-gb-x-rp"`` works).
    voice : Voice
    manner : Manner
        The loudness is left to :func:`colour`.
    seed : int in 0…2³¹ − 1

    Returns
    -------
    list of ndarrays (n,), float32 in −1…1
        One a phrase, at 22 050 Hz, the silence at the ends cut off. The same arguments
        give the same bytes.

    Raises
    ------
    ImportError
        If espeakng-loader is not installed.
    RunError
        If espeak-ng fails; the message is its own.
    """
    library, data = _library()
    request = {
        "library": str(library),
        "data": str(data),
        "voice": f"{language}+{voice.variant}",
        "seed": int(seed),
        "pitch": int(np.clip(round(voice.pitch + manner.pitch), 0, 99)),
        "range": int(np.clip(round(manner.range), 0, 100)),
        "rate": int(np.clip(round(manner.rate), 80, 400)),
        "phrases": list(phrases),
    }
    child = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("espeak_child.py"))],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=False,
    )
    if child.returncode != 0:
        raise RunError(child.stderr.decode(errors="replace").strip())
    sounds, at = [], 0
    for _ in phrases:
        (count,) = struct.unpack_from("<I", child.stdout, at)
        y = np.frombuffer(child.stdout, "<i2", count, at + 4)
        sounds.append(trim(y.astype(np.float32) / 32768))
        at += 4 + 2 * count
    return sounds


def colour(y: np.ndarray, manner: Manner, rng: np.random.Generator) -> np.ndarray:
    """Give a phrase its loudness and its timbre.

    Parameters
    ----------
    y : ndarray (n,), float
        At 22 050 Hz; not changed.
    manner : Manner
    rng : Generator

    Returns
    -------
    ndarray (n,), float32 in −1…1
        Its ends are faded over 5 ms.

    Examples
    --------
    Sadness is said 15 dB below the loudest manner, anger as loud as that.

    >>> y = np.sin(np.arange(22_050) / 9)
    >>> manners = Manner(gain=0), Manner(gain=-15)
    >>> told = [colour(y, manner, np.random.default_rng(0)) for manner in manners]
    >>> [round(float(20 * np.log10(np.std(y)))) for y in told]
    [-15, -30]
    """
    if y.size == 0:
        return y.astype(np.float32)
    y = y / (np.sqrt(np.mean(y**2)) + 1e-9)
    time = np.arange(y.size) / SAMPLE_RATE
    if manner.breath > 0:
        high = lfilter(*butter(2, 1500, "high", fs=SAMPLE_RATE), rng.standard_normal(y.size))
        loudness = lfilter(*butter(1, 20, fs=SAMPLE_RATE), np.abs(y))
        y = (1 - 0.4 * manner.breath) * y + 0.35 * manner.breath * high * loudness
    if manner.tilt > 0:
        y = y + 2.5 * manner.tilt * lfilter([1, -1], [1, -0.35], y)
    elif manner.tilt < 0:
        dull = lfilter(*butter(1, 450, fs=SAMPLE_RATE), y)
        y = (1 + manner.tilt) * y - manner.tilt * 1.6 * dull
    if manner.drive > 0:
        y = np.tanh((0.5 + 2.5 * manner.drive) * y / 2)
    if manner.tremor > 0:
        wave = np.sin(2 * np.pi * rng.uniform(6, 8) * time + rng.uniform(0, 2 * np.pi))
        y = y * (1 + 0.7 * manner.tremor * wave)
    level = 10 ** ((SPEECH_LEVEL + manner.gain) / 20)
    y = np.tanh(y / np.sqrt(np.mean(y**2)) * level)
    fade = min(y.size // 2, SAMPLE_RATE // 200)
    ramp = np.linspace(0, 1, fade, dtype=y.dtype)
    y[:fade] *= ramp
    y[y.size - fade :] *= ramp[::-1]
    return y.astype(np.float32)


def background(n: int, level: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) float32 of room noise at 22 050 Hz, ``level`` dB of full scale, dull."""
    noise = lfilter([1.0], [1, -0.7], rng.standard_normal(n))
    return (noise / noise.std() * 10 ** (level / 20)).astype(np.float32)


def resample(y: np.ndarray, sample_rate: int) -> np.ndarray:
    """``y`` (n,) at 22 050 Hz → float32 at ``sample_rate`` Hz (a whole number)."""
    if sample_rate == SAMPLE_RATE:
        return y.astype(np.float32)
    common = np.gcd(SAMPLE_RATE, sample_rate)
    return resample_poly(y, sample_rate // common, SAMPLE_RATE // common).astype(np.float32)
