"""One clip: speech, and a face that goes with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import combinations
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from avef.core.errors import ParameterError
from avef.demo import acting, voice
from avef.demo.container import CODECS, Form, write_media
from avef.demo.face import Actor, Expression

Span = tuple[float, float, str]  # start and end in seconds, and the phrase spoken between them


@dataclass(frozen=True)
class Script:
    """What is said in a clip, and how.

    Attributes
    ----------
    language : str
        A key of :data:`avef.demo.acting.PHRASES`.
    seconds : (float, float)
        Shortest and longest duration of a clip.
    silence : float
        The share of the duration without speech, give or take 0.04.
    ambiguity : float in 0…1
        See :func:`avef.demo.acting.act`.
    text : str
        What is said; if empty, phrases of the language that fill the duration.
    """

    language: str = "en-us"
    seconds: tuple[float, float] = (1.8, 3.2)
    silence: float = 0.3
    ambiguity: float = 0.25
    text: str = ""


def require(good: bool, name: str, value: object, rule: str) -> None:
    """Raise :class:`ParameterError` that names value and rule unless ``good``."""
    if not good:
        raise ParameterError(f"{name} is {value!r}; it must be {rule}")


def whole(value: Any, low: int, high: int = 2**31 - 1) -> bool:
    """Whether ``value`` is a whole number (no bool) in ``low``…``high``.

    >>> whole(3, 1, 8), whole(3.0, 1, 8), whole(True, 1, 8), whole(9, 1, 8)
    (True, False, False, False)
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    return is_whole and low <= value <= high


def check(*, seed: Any, size: Any, seconds: Any, ambiguity: Any) -> None:
    """Check what a clip and a corpus have in common; raises :class:`ParameterError`."""
    require(whole(seed, 0), "seed", seed, "a whole number from 0 to 2**31 - 1")
    pair: tuple[Any, ...] = tuple(size) if isinstance(size, (tuple, list)) else ()
    good = len(pair) == 2 and all(whole(v, 64, 1920) and v % 2 == 0 for v in pair)
    require(good, "size", size, "(width, height), two even numbers of pixels from 64 to 1920")
    pair = tuple(seconds) if isinstance(seconds, (tuple, list)) else ()
    good = len(pair) == 2 and all(isinstance(v, Real) for v in pair)
    good = good and 0.5 <= pair[0] <= pair[1] <= 20
    require(good, "clip_seconds", seconds, "(shortest, longest), 0.5 <= shortest <= longest <= 20")
    good = isinstance(ambiguity, Real)
    good = good and 0 <= ambiguity <= 1
    require(good, "ambiguity", ambiguity, "a number from 0 to 1")


def _choose(lengths, target, rng):
    """Which phrases, in which order, together last about ``target`` seconds."""
    most = max(3, round(target / 0.8))
    sets = [c for k in range(1, min(most, len(lengths)) + 1)
            for c in combinations(range(len(lengths)), k)]  # fmt: skip
    error = np.array([abs(sum(lengths[i] for i in c) - target) for c in sets])
    close = np.flatnonzero(error <= max(0.05 * target, error.min()))
    return [int(i) for i in rng.permutation(sets[rng.choice(close)])]


def _speech(take, identity, script, rng):
    """Speak, pause and add room noise.

    Returns ``(y, clean, spans)`` at 22 050 Hz: (n,) float32 with and without the noise,
    and a list of Span.
    """
    texts = (script.text,) if script.text else acting.PHRASES[script.language]
    phrases = [text + take.stop for text in texts]
    raw = voice.speak(
        phrases,
        script.language,
        voice=voice.Voice.of(identity),
        manner=take.manner,
        seed=rng.integers(2**31),
    )
    target = rng.uniform(*script.seconds)
    silence = script.silence + rng.uniform(-0.04, 0.04)
    rate = voice.SAMPLE_RATE
    order = _choose([y.size / rate for y in raw], target * (1 - silence), rng)
    sounds = [voice.colour(raw[i], take.manner, rng) for i in order]
    spoken = sum(y.size for y in sounds) / rate
    total = float(np.clip(spoken / (1 - silence), *script.seconds))
    shares = rng.uniform(0.8, 1.2, len(sounds) + 1)
    shares[1:-1] *= 0.75
    pauses = max(total - spoken, 0.1) * shares / shares.sum()
    clean = np.zeros(round((spoken + pauses.sum()) * rate), np.float32)
    spans, at = [], 0.0
    for pause, y, i in zip(pauses, sounds, order, strict=False):
        at += pause
        start = round(at * rate)
        y = y[: clean.size - start]
        clean[start : start + y.size] += y
        spans.append((start / rate, (start + y.size) / rate, phrases[i]))
        at += y.size / rate
    noise = voice.background(clean.size, rng.uniform(-60, -50), rng)
    return clean * 10 ** (rng.uniform(-2, 2) / 20) + noise, clean, spans


def _activity(times, spans):
    """(n,) in 0 … 1: how far the face has left its rest at each of ``times``."""
    level = np.zeros_like(times)
    for start, end, _ in spans:
        rise = np.clip((times - start + 0.08) / 0.14, 0, 1)
        fall = np.clip((end + 0.10 - times) / 0.16, 0, 1)
        level = np.maximum(level, np.minimum(rise, fall))
    return level * level * (3 - 2 * level)


def _frames(actor, take, clean, spans, count, fps, rng):
    """Yield ``count`` frames, (height, width, 3) uint8 RGB."""
    times = (np.arange(count) + 0.5) / fps
    rate = voice.SAMPLE_RATE
    power = np.concatenate([[0.0], np.cumsum(clean.astype(float) ** 2)])
    first = np.clip(((times - 0.025) * rate).astype(int), 0, clean.size - 1)
    last = np.clip(((times + 0.025) * rate).astype(int), 1, clean.size)
    loud = np.sqrt((power[last] - power[first]) / np.maximum(last - first, 1))
    loud = np.clip(loud / (np.percentile(loud, 95) + 1e-6), 0, 1)
    active = _activity(times, spans)

    look = actor.look
    names = ("brow_raise", "eye_open", "smile")
    rest = replace(
        Expression(),
        **dict(zip(names, look.rest, strict=True)),
        scale=rng.uniform(-0.04, 0.04),
        tilt=rng.normal(0, 0.25),
    )
    acted = asdict(take.face)
    full = Expression(**{k: getattr(rest, k) + look.vigour * v for k, v in acted.items()})
    phase = rng.uniform(0, 2 * np.pi, 5)
    speed = rng.uniform(0.15, 0.5, 5)
    tremble = 1.2 * max(take.manner.tremor, 0)
    blinks = np.cumsum(rng.uniform(0.7, 3.5, 12)) - 0.5
    for i, t in enumerate(times):
        sway = np.sin(2 * np.pi * speed * t + phase)
        share = active[i] * (0.9 + 0.1 * sway[4])
        now = rest.mixed(full, share)
        shut = np.clip(1.6 - np.min(np.abs(t - blinks)) / 0.05, 0, 1)
        now = replace(
            now,
            mouth_open=now.mouth_open * (0.45 + 0.55 * loud[i]) + 0.32 * loud[i],
            eye_open=now.eye_open + shut * (-1.8 - now.eye_open),
            tilt=now.tilt + 0.25 * sway[0],
            nod=now.nod + 0.15 * sway[1] + 0.2 * loud[i] * share,
        )
        shake = tremble * share * np.sin(2 * np.pi * 8 * t + phase[:2])
        yield actor.draw(now, 4 * sway[2:4] + shake)


def _channels(y, channels, rng):
    """(n, channels) float32: a second microphone is a little apart, with its own noise."""
    if channels == 1:
        return y[:, None]
    other = 0.85 * np.concatenate([np.zeros(5, y.dtype), y[:-5]])
    other = other + voice.background(y.size, -62, rng)
    return np.stack([y, other], 1)


def make_clip(
    path: str | Path,
    *,
    emotion: str,
    identity: int,
    seed: int,
    script: Script | None = None,
    form: Form | None = None,
) -> list[Span]:
    """Write one clip of a drawn person who says something with an emotion.

    Parameters
    ----------
    path : path
        Ends in ``.avi`` (MPEG-4 and PCM) or ``.mp4`` (H.264 and AAC).
    emotion : str
        One of :data:`avef.demo.acting.EMOTIONS` (six, and ``"neutral"``).
    identity : int, 0 or more
        The person's number; even numbers are men, odd ones women.
    seed : int in 0…2³¹ − 1
        The same arguments give the same file.
    script, form
        :class:`Script` and :class:`Form`, by default with their own defaults.

    Returns
    -------
    list of (start, end, text)
        The phrases, in seconds.

    Raises
    ------
    ParameterError
        If an argument breaks its rule.
    ImportError
        If espeakng-loader is not installed.
    """
    path, script, form = Path(path), script or Script(), form or Form()
    require(path.suffix in CODECS, "path", str(path), f"a name that ends in {' or '.join(CODECS)}")
    require(emotion in acting.EMOTIONS, "emotion", emotion, f"one of {acting.EMOTIONS}")
    require(whole(identity, 0), "identity", identity, "a whole number, 0 or more")
    _check(script, form)
    check(seed=seed, size=form.size, seconds=script.seconds, ambiguity=script.ambiguity)

    rng = np.random.default_rng([seed, identity])
    take = acting.act(emotion, rng, script.ambiguity)
    y, clean, spans = _speech(take, identity, script, rng)
    count = max(round(y.size / voice.SAMPLE_RATE * form.fps), 1)
    actor = Actor(identity, form.size, (0.5 + rng.uniform(-0.04, 0.04), 0.47))
    frames = _frames(actor, take, clean, spans, count, form.fps, rng)
    y = voice.resample(y, form.sample_rate)
    y = np.pad(y, (0, form.sample_rate))[: round(count / form.fps * form.sample_rate)]
    # Another generator: frames draws from rng while it is being written.
    other = np.random.default_rng([seed, identity, 1])
    write_media(path, frames, _channels(y, form.channels, other) if form.audio else None, form=form)
    return spans


def _check(script, form):
    known = tuple(acting.PHRASES)
    require(script.language in known, "language", script.language, f"one of {known}")
    require(whole(form.fps, 5, 120), "fps", form.fps, "a whole number from 5 to 120")
    good = whole(form.sample_rate, 8000, 96000)
    require(good, "sample_rate", form.sample_rate, "a whole number of Hz from 8000 to 96000")
    require(form.channels in (1, 2), "channels", form.channels, "1 or 2")
    good = isinstance(script.silence, Real) and 0.05 <= script.silence <= 0.8
    require(good, "silence", script.silence, "a number from 0.05 to 0.8")
