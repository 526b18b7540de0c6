"""Copies of a clip, annotated or plain: each frame and sample at its own time."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from avef.config.schema import Trained
from avef.core import paths
from avef.core.files import replacing
from avef.preparation import faces, media
from avef.preparation.clips import settings
from avef.recognition.overlay import Overlay
from avef.recognition.result import Prediction

_CLOCK = 90_000  # ticks a second of the pictures
_OTHERWISE = 48_000
_BLOCK = 1024


class _Form(NamedTuple):
    """Codecs of the pictures and of the sound, options of the first, sampling rates of both."""

    film: str
    options: dict[str, str]
    sound: str
    rates: tuple[int, ...]


_AAC = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_VP9 = {"deadline": "realtime", "cpu-used": "8", "crf": "24", "b": "2M"}  # b: at most
_FORMS = {
    ".mp4": _Form("libx264", {"crf": "20", "preset": "veryfast"}, "aac", _AAC),
    ".webm": _Form("libvpx-vp9", _VP9, "libopus", (_OTHERWISE,)),
}


def annotate(prediction: Prediction, params: Trained, path: str | Path) -> None:
    """Write a clip anew with its face, key points, emotions and speech drawn in.

    The sound is kept; more than two channels become one.

    Parameters
    ----------
    prediction : Prediction
        Of a file, which is read once more.
    params : Trained
        How it was prepared.
    path : path
        Ends in ``.mp4``.

    Raises
    ------
    ClipError
        If the clip cannot be read any more.
    """
    options, audio, video = _read(prediction.clip, params)
    overlay = Overlay(prediction, *video.frames.shape[2:0:-1])
    frames = _frames(overlay, video, video.times - audio.start, options)
    _write(path, frames, overlay.layout.size, audio=audio, video=video)


def playable(clip: str | Path, params: Trained, path: str | Path) -> float:
    """Write a clip anew as every browser plays it: VP9 and Opus in WebM.

    Corpora come in containers that none does; and what is played is what was recognised, the
    same stream of sound and upright pictures.

    Parameters
    ----------
    clip : path
    params : Trained
        How it was prepared.
    path : path
        Ends in ``.webm``.

    Returns
    -------
    float
        Seconds into the film at which the clock of a prediction's times begins.

    Raises
    ------
    ClipError
        If the clip cannot be read any more.
    """
    _, audio, video = _read(clip, params)
    height, width = (side // 2 * 2 for side in video.frames.shape[1:3])
    frames = (np.ascontiguousarray(frame[:height, :width]) for frame in video.frames)
    return _write(path, frames, (width, height), audio=audio, video=video)


def _read(clip, params):
    """Settings, sound and pictures."""
    options = settings(params.prepare, paths.VAD)
    audio = media.read_audio(clip, options["hearing"], options["limits"])
    return options, audio, media.read_video(clip, options["seeing"], options["limits"])


def _write(
    path: str | Path,
    frames: Iterable[np.ndarray],
    size: tuple[int, int],
    *,
    audio: media.Audio,
    video: media.Video,
) -> float:
    """Write frames and sound; seconds from the film's begin to the first sample."""
    form, begin = _FORMS[Path(path).suffix.lower()], min(audio.start, float(video.times[0]))
    with replacing(path) as temporary, av.open(str(temporary.absolute()), "w") as file:
        film = _stream(file, form, video.fps, size)
        pictures = _pictures(film, frames, np.round((video.times - begin) * _CLOCK))
        sound = _sound(file, form, audio, audio.start - begin)
        for packet in _merged(pictures, sound):
            file.mux(packet)
    return audio.start - begin


def _frames(overlay, video, moments, options):
    """The annotated frames, one at a time."""
    track = faces.track(video.frames, every=options["detect_every"])
    boxes = faces.face_box(track.points, margin=options["face_margin"])
    for picture, moment, box, points in zip(
        video.frames, moments, boxes, track.points, strict=True
    ):
        yield overlay.frame(picture, float(moment), box=box, points=points)


def _stream(file, form, fps, size):
    stream = file.add_stream(form.film, rate=Fraction(fps).limit_denominator(1001))
    stream.width, stream.height = size
    stream.pix_fmt, stream.options = "yuv420p", form.options
    stream.codec_context.time_base = Fraction(1, _CLOCK)
    return stream


def _pictures(stream, frames, ticks):
    """Packets of the pictures, which need not come at one rate."""
    for drawn, tick in zip(frames, ticks, strict=True):
        frame = av.VideoFrame.from_ndarray(drawn, format="rgb24")
        frame.pts, frame.time_base = int(tick), Fraction(1, _CLOCK)
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound(file, form, audio, delay):
    """Packets of the sound, which begins ``delay`` seconds after the file."""
    samples = audio.samples if audio.samples.shape[1] <= 2 else audio.samples.mean(1, keepdims=True)
    layout = ("mono", "stereo")[samples.shape[1] - 1]
    rate = audio.rate if audio.rate in form.rates else _OTHERWISE
    stream = file.add_stream(form.sound, rate=rate, layout=layout)
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)

    return _samples(stream, resampler, audio, samples, round(delay * audio.rate))


def _samples(stream, resampler, audio, samples, first):
    """Packets of the sound; its first sample is number ``first`` of the file's clock."""
    for start in range(0, len(samples), _BLOCK):
        block = np.ascontiguousarray(samples[start : start + _BLOCK].T, np.float32)
        frame = av.AudioFrame.from_ndarray(block, "fltp", stream.layout.name)
        frame.sample_rate, frame.time_base = audio.rate, Fraction(1, audio.rate)
        frame.pts = first + start
        for ready in resampler.resample(frame):
            yield from stream.encode(ready)
    for ready in resampler.resample(None):
        yield from stream.encode(ready)
    yield from stream.encode(None)


def _merged(*streams):
    """Packets of several streams in the order of time, as a player reads them."""
    heads = [(next(stream, None), stream) for stream in streams]
    heads = [(packet, stream) for packet, stream in heads if packet is not None]
    while heads:
        heads.sort(key=lambda head: head[0].dts * head[0].time_base)
        packet, stream = heads.pop(0)
        yield packet
        if (following := next(stream, None)) is not None:
            heads.append((following, stream))
