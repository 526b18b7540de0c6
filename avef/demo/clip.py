"""One clip: speech, a face that goes with it, and a media file of both."""

from dataclasses import asdict, replace
from itertools import combinations
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from avef.core.errors import ParameterError
from avef.demo import acting, voice
from avef.demo.face import Actor, Expression

CODECS = {".avi": ("mpeg4", "pcm_s16le"), ".mp4": ("libx264", "aac")}
"""Video and audio codec by the end of a file's name."""

MP3_DELAY = 1105  # samples by which an MP3 decoder is late when nothing tells it


def require(good, name, value, rule):
    """Raise :class:`ParameterError` that names value and rule unless ``good``."""
    if not good:
        raise ParameterError(f"{name} is {value!r}; it must be {rule}")


def whole(value, low, high=2**31 - 1):
    """Whether ``value`` is a whole number (no bool) in ``low`` … ``high``."""
    return isinstance(value, Integral) and not isinstance(value, bool) and low <= value <= high


def check(*, seed, size, seconds, ambiguity):
    """Check what a clip and a corpus have in common; raises :class:`ParameterError`."""
    require(whole(seed, 0), "seed", seed, "a whole number from 0 to 2**31 - 1")
    pair = tuple(size) if isinstance(size, (tuple, list)) else ()
    good = len(pair) == 2 and all(whole(v, 64, 1920) and v % 2 == 0 for v in pair)
    require(good, "size", size, "(width, height), two even numbers of pixels from 64 to 1920")
    pair = tuple(seconds) if isinstance(seconds, (tuple, list)) else ()
    good = len(pair) == 2 and all(isinstance(v, Real) for v in pair)
    good = good and 0.5 <= pair[0] <= pair[1] <= 20
    require(good, "clip_seconds", seconds, "(shortest, longest), 0.5 <= shortest <= longest <= 20")
    good = isinstance(ambiguity, Real) and 0 <= ambiguity <= 1
    require(good, "ambiguity", ambiguity, "a number from 0 to 1")


def _choose(lengths, target, rng):
    """Which phrases, in which order, together last about ``target`` seconds."""
    most = max(3, round(target / 0.8))
    sets = [c for k in range(1, min(most, len(lengths)) + 1)
            for c in combinations(range(len(lengths)), k)]  # fmt: skip
    error = np.array([abs(sum(lengths[i] for i in c) - target) for c in sets])
    close = np.flatnonzero(error <= max(0.05 * target, error.min()))
    return [int(i) for i in rng.permutation(sets[rng.choice(close)])]


def _speech(take, identity, language, seconds, silence, rng):
    """Speak, pause and add room noise.

    Returns:
        ``(y, clean, spans)`` at 22 050 Hz: (n,) float32 with and without the
        noise, and a list of (start, end, text) in seconds.
    """
    phrases = [p + take.stop for p in acting.PHRASES[language]]
    person = voice.Voice.of(identity)
    raw = voice.speak(phrases, language, person, take.manner, rng.integers(2**31))
    target = rng.uniform(*seconds)
    silence = silence + rng.uniform(-0.04, 0.04)
    rate = voice.SAMPLE_RATE
    order = _choose([y.size / rate for y in raw], target * (1 - silence), rng)
    sounds = [voice.colour(raw[i], take.manner, rng) for i in order]
    spoken = sum(y.size for y in sounds) / rate
    total = float(np.clip(spoken / (1 - silence), *seconds))
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


def write_media(path, frames, samples, *, fps, sample_rate, audio_codec=None):
    """Write a media file, the same bytes for the same arguments.

    Args:
        path: where; the suffix, ``.avi`` or ``.mp4``, settles container and codecs.
        frames: an iterable of (height, width, 3) uint8 RGB.
        samples: (n, channels) float in −1 … 1, or None for no audio stream.
        fps: frames a second, a whole number.
        sample_rate: Hz, a whole number.
        audio_codec: an encoder instead of the usual one, such as ``"libmp3lame"``.
    """
    import av

    video_codec, usual = CODECS[Path(path).suffix]
    audio_codec = audio_codec or usual
    exact = {"flags": "+bitexact"}
    # A constant quantiser: with rate control, libx264 is not quite reproducible.
    quality = {
        "libx264": {**exact, "preset": "ultrafast", "qp": "24"},
        "mpeg4": {"flags": "+bitexact+qscale", "global_quality": str(4 * 118)},
    }
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as file:
        frames = iter(frames)
        picture = next(frames)
        video = file.add_stream(video_codec, rate=fps)
        video.height, video.width = picture.shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        video.options = quality[video_codec]
        if samples is not None:
            layout = "mono" if samples.shape[1] == 1 else "stereo"
            audio = file.add_stream(audio_codec, rate=sample_rate, layout=layout, options=exact)
        while picture is not None:
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            picture = next(frames, None)
        file.mux(video.encode(None))
        if samples is None:
            return
        if audio_codec == "libmp3lame":
            samples = np.concatenate([samples[MP3_DELAY:], np.zeros_like(samples[:MP3_DELAY])])
        whole_numbers = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(whole_numbers.reshape(1, -1), "s16", layout)
        sound.sample_rate = sample_rate
        sound.pts = 0
        file.mux(audio.encode(sound))
        file.mux(audio.encode(None))


def make_clip(
    path,
    *,
    emotion,
    identity,
    seed,
    fps=25,
    sample_rate=48000,
    channels=1,
    size=(320, 240),
    clip_seconds=(1.8, 3.2),
    silence=0.3,
    ambiguity=0.25,
    language="en-us",
    audio_codec=None,
    audio=True,
):
    """Write one clip of a drawn person who says something with an emotion.

    Args:
        path: where to write; ends in ``.avi`` (MPEG-4 and PCM) or ``.mp4`` (H.264 and AAC).
        emotion: one of :data:`avef.demo.acting.EMOTIONS` (six, and ``"neutral"``).
        identity: the person's number, 0 or more; even numbers are men, odd ones women.
        seed: 0 … 2³¹ − 1. The same arguments give the same file.
        fps: frames a second, a whole number.
        sample_rate: Hz, a whole number.
        channels: 1 or 2.
        size: (width, height) in px, even numbers.
        clip_seconds: (shortest, longest) duration in seconds.
        silence: the share of the duration without speech, give or take 0.04.
        ambiguity: see :func:`avef.demo.acting.act`.
        language: a key of :data:`avef.demo.acting.PHRASES`.
        audio_codec: an encoder's name, instead of the container's usual one.
        audio: False leaves the audio stream out (a broken clip, for tests).

    Returns:
        The phrases as a list of (start, end, text), in seconds.

    Raises:
        ParameterError: an argument breaks its rule.
        ImportError: espeakng-loader is not installed.
    """
    path = Path(path)
    require(path.suffix in CODECS, "path", str(path), f"a name that ends in {' or '.join(CODECS)}")
    require(emotion in acting.EMOTIONS, "emotion", emotion, f"one of {acting.EMOTIONS}")
    require(language in acting.PHRASES, "language", language, f"one of {tuple(acting.PHRASES)}")
    require(whole(identity, 0), "identity", identity, "a whole number, 0 or more")
    require(whole(fps, 5, 120), "fps", fps, "a whole number from 5 to 120")
    good = whole(sample_rate, 8000, 96000)
    require(good, "sample_rate", sample_rate, "a whole number of Hz from 8000 to 96000")
    require(channels in (1, 2), "channels", channels, "1 or 2")
    good = isinstance(silence, Real) and 0.05 <= silence <= 0.8
    require(good, "silence", silence, "a number from 0.05 to 0.8")
    check(seed=seed, size=size, seconds=clip_seconds, ambiguity=ambiguity)

    rng = np.random.default_rng([seed, identity])
    take = acting.act(emotion, rng, ambiguity)
    y, clean, spans = _speech(take, identity, language, clip_seconds, silence, rng)
    count = max(round(y.size / voice.SAMPLE_RATE * fps), 1)
    actor = Actor(identity, size, (0.5 + rng.uniform(-0.04, 0.04), 0.47))
    frames = _frames(actor, take, clean, spans, count, fps, rng)
    y = voice.resample(y, sample_rate)
    y = np.pad(y, (0, sample_rate))[: round(count / fps * sample_rate)]
    # Another generator: frames draws from rng while it is being written.
    samples = _channels(y, channels, np.random.default_rng([seed, identity, 1])) if audio else None
    write_media(path, frames, samples, fps=fps, sample_rate=sample_rate, audio_codec=audio_codec)
    return spans
