"""The media file of a clip, the same bytes for the same pictures and sound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

CODECS = {".avi": ("mpeg4", "pcm_s16le"), ".mp4": ("libx264", "aac")}
"""Video and audio codec by the end of a file's name."""

MP3_DELAY = 1105  # samples by which an MP3 decoder is late when nothing tells it


@dataclass(frozen=True)
class Form:
    """The media file that a clip becomes.

    Attributes
    ----------
    fps, sample_rate : int
        Frames a second; Hz.
    channels : {1, 2}
    size : (int, int), pixels
        Width and height, even numbers.
    audio_codec : str, optional
        An encoder instead of the container's usual one, such as ``"libmp3lame"``.
    audio : bool
        False leaves the audio stream out (a broken clip, for tests).
    """

    fps: int = 25
    sample_rate: int = 48000
    channels: int = 1
    size: tuple[int, int] = (320, 240)
    audio_codec: str | None = None
    audio: bool = True


def write_media(
    path: str | Path, frames: Iterable[np.ndarray], samples: np.ndarray | None, *, form: Form
) -> None:
    """Write a media file, the same bytes for the same arguments.

    Parameters
    ----------
    path : path
        The suffix, ``.avi`` or ``.mp4``, settles container and codecs.
    frames : iterable of ndarrays (height, width, 3), uint8, RGB
    samples : ndarray (n, channels), float in −1…1, or None
        None for no audio stream.
    form : Form
        Its rates and codec; size and channels are those of the arrays.
    """
    import av

    video_codec, usual = CODECS[Path(path).suffix]
    audio_codec = form.audio_codec or usual
    exact = {"flags": "+bitexact"}
    # A constant quantiser: with rate control, libx264 is not quite reproducible.
    quality: dict[str, dict[str, object]] = {
        "libx264": {**exact, "preset": "ultrafast", "qp": "24"},
        "mpeg4": {"flags": "+bitexact+qscale", "global_quality": str(4 * 118)},
    }
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as file:
        pictures = iter(frames)
        first = next(pictures)
        video = file.add_stream(video_codec, rate=form.fps)
        assert isinstance(video, av.VideoStream)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        video.options = quality[video_codec]
        if samples is not None:
            layout = "mono" if samples.shape[1] == 1 else "stereo"
            audio = file.add_stream(
                audio_codec, rate=form.sample_rate, layout=layout, options=exact
            )
        for picture in chain([first], pictures):
            file.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(video.encode(None))
        if samples is None:
            return
        assert isinstance(audio, av.AudioStream)
        if audio_codec == "libmp3lame":
            samples = np.concatenate([samples[MP3_DELAY:], np.zeros_like(samples[:MP3_DELAY])])
        whole_numbers = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(whole_numbers.reshape(1, -1), "s16", layout)
        sound.sample_rate = form.sample_rate
        sound.pts = 0
        file.mux(audio.encode(sound))
        file.mux(audio.encode(None))
