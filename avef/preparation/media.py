"""Decoding: a media file becomes samples, frames and time stamps.

Frames are counted by decoding them, because containers over-report, and every
frame keeps its own time stamp, because not all clips have a constant rate.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from avef.core.errors import ClipError

#: A clip whose streams decode to less than this share of the length that its
#: header declares is called truncated.
COMPLETE = 0.9


class Audio(NamedTuple):
    """Decoded audio.

    Attributes
    ----------
    samples : (n, channels) float32 in −1…1
    rate : int
        Hz.
    start : float
        Seconds on the container's clock at which the first sample is heard.
    """

    samples: np.ndarray
    rate: int
    start: float


class Video(NamedTuple):
    """Decoded video.

    Attributes
    ----------
    frames : (F, H, W, 3) uint8, RGB
    times : (F,) float64
        Seconds on the container's clock.
    """

    frames: np.ndarray
    times: np.ndarray

    @property
    def fps(self) -> float:
        """Usual frame rate in Hz: from the mean step, gaps aside (25.0 for a single frame).

        Examples
        --------
        A frame is lost after the third one; the rate is that of the others.

        >>> Video(np.empty((0, 8, 8, 3)), np.array([0, 0.04, 0.08, 0.16, 0.2])).fps
        25.0
        """
        if len(self.times) < 2:
            return 25.0
        steps = np.diff(self.times)
        return float(1 / steps[steps < 1.5 * np.median(steps)].mean())


def read_audio(path: str | Path) -> Audio:
    """Decode the first audio stream at its own rate and with its own channels.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ClipError
        If the file cannot be opened, or its audio is missing, damaged, truncated, or changes
        its form on the way.
    """
    with _open(path) as container:
        stream = _first(container, "audio")
        to_float = av.AudioResampler(format="fltp")
        blocks: list[np.ndarray] = []
        form: tuple[int, int] | None = None  # rate and channels
        with _damage_named(stream):
            for frame in container.decode(stream):
                now = frame.sample_rate, frame.layout.nb_channels
                if form is None:
                    form, start = now, frame.time or 0.0
                if now != form:
                    raise ClipError(f"the rate or channels change from {form} to {now}")
                blocks += [block.to_ndarray() for block in to_float.resample(frame)]
            blocks += [block.to_ndarray() for block in to_float.resample(None)]
        if form is None or not blocks:
            raise ClipError("the audio stream holds no samples")
        samples = np.concatenate(blocks, axis=1).T
        if not np.isfinite(samples).all():
            raise ClipError("the audio stream holds samples that are no numbers")
        _require_complete(container, stream, start, start + len(samples) / form[0])
        return Audio(np.ascontiguousarray(samples, np.float32), form[0], float(start))


def read_video(path: str | Path, max_height: int = 576) -> Video:
    """Decode every frame of the first video stream.

    Parameters
    ----------
    path : str or Path
    max_height : int, pixels
        Taller frames are scaled down to this height, to bound memory; none of
        the paper's corpora is taller.

    Raises
    ------
    ClipError
        If the file cannot be opened, or its video is missing, damaged, truncated, or changes
        its size on the way.
    """
    with _open(path) as container:
        stream = _first(container, "video")
        stream.thread_type = "AUTO"
        frames: list[np.ndarray] = []
        stamps: list[float | None] = []
        with _damage_named(stream):
            for frame in container.decode(stream):
                height = min(frame.height, max_height)
                width = round(frame.width * height / frame.height)
                rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
                if frames and rgb.shape != frames[0].shape:
                    raise ClipError(f"the frame size changes from {frames[0].shape} to {rgb.shape}")
                frames.append(rgb)
                stamps.append(frame.time)
        if not frames:
            raise ClipError("the video stream holds no frames")
        rate = float(stream.average_rate or 25)
        times = _monotonic(stamps, rate)
        # In a cut AVI only the number of frames still says how long it was.
        _require_complete(container, stream, times[0], times[-1] + 1 / rate, stream.frames / rate)
        return Video(np.stack(frames), times)


def describe(path: str | Path) -> dict[str, float]:
    """Read what a file's header says, without decoding it (Table 1).

    Returns
    -------
    dict
        ``sample_rate`` Hz, ``channels``, ``fps``, ``width``, ``height``,
        ``duration`` seconds; a missing stream leaves its entries out.

    Raises
    ------
    ClipError
        If the file cannot be opened.
    """
    facts: dict[str, float] = {}
    with _open(path) as container:
        if container.duration:
            facts["duration"] = container.duration / av.time_base
        if container.streams.audio:
            audio = container.streams.audio[0]
            facts |= {"sample_rate": audio.rate, "channels": audio.channels}
        if container.streams.video:
            video = container.streams.video[0]
            facts |= {"width": video.width, "height": video.height}
            facts["fps"] = round(float(video.average_rate or 0), 2)
    return facts


def _open(path):
    path = Path(path)
    if not path.is_file():
        raise ClipError("it is a folder, not a file" if path.is_dir() else "the file is missing")
    if path.stat().st_size == 0:
        raise ClipError("the file is empty")
    try:
        return av.open(str(path), metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as error:
        _stop_if_out_of(error)
        raise ClipError(f"the file cannot be opened: {_plain(error)}") from error


def _first(container, kind):
    streams = getattr(container.streams, kind)
    if not streams:
        raise ClipError(f"the file has no {kind} stream")
    return streams[0]


@contextmanager
def _damage_named(stream):
    try:
        yield
    except (av.error.FFmpegError, ValueError) as error:
        _stop_if_out_of(error)
        raise ClipError(f"the {stream.type} stream is damaged: {_plain(error)}") from error


def _stop_if_out_of(error):
    """Pass on that this machine has no handle or no space left: no clip is to blame."""
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT):
        raise error


def _plain(error):
    return getattr(error, "strerror", None) or str(error)


def _require_complete(container, stream, start, end, declared=0.0):
    if stream.duration and stream.time_base:
        declared = max(declared, float(stream.duration * stream.time_base))
    elif container.duration:
        start = (container.start_time or 0) / av.time_base
        declared = max(declared, container.duration / av.time_base)
    seconds = end - start
    if seconds < COMPLETE * declared - 0.1:
        raise ClipError(
            f"the {stream.type} stream is truncated: {seconds:.2f} s of {declared:.2f} s decode"
        )


def _monotonic(times: list[float | None], rate: float) -> np.ndarray:
    """Fill missing or non-increasing time stamps from the nominal rate."""
    filled: list[float] = []
    step = 1 / rate
    for time in times:
        if time is None or (filled and time <= filled[-1]):
            time = filled[-1] + step if filled else 0.0
        filled.append(time)
    return np.asarray(filled, np.float64)
