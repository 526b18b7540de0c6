"""The pictures of a clip, as they are shown: frames and their time stamps.

Frames are counted by decoding them, because containers over-report, and every
frame keeps its own time stamp, because not all clips have a constant rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import av
import numpy as np

from avef.core.errors import ClipError
from avef.preparation import container, shown

_GIB = 2**30
_FASTEST = 240.0  # frames/s; a higher rate in a header is the clock's, not the camera's


class Reading(NamedTuple):
    """How pictures are read: the entries of these names in the section ``prepare``.

    Attributes
    ----------
    deinterlace : str
        Frames to deinterlace: those that are declared as interlaced (``auto``), all of
        them (``always``), none (``never``).
    picture_side : int, pixels
        Pictures whose shorter side is longer are scaled down to it; none of the paper's
        corpora is.
    max_pixels : int
        Of a stored picture. What a decoder holds grows with it.
    max_frames : int
    max_gib : float
        Memory for all frames of the clip, 2³⁰ bytes.
    """

    deinterlace: Literal["auto", "always", "never"] = "auto"
    picture_side: int = 576
    max_pixels: int = 40_000_000
    max_frames: int = 50_000
    max_gib: float = 4.0


#: What an ordinary clip never notices.
USUAL = Reading()


class Video(NamedTuple):
    """Decoded video.

    Attributes
    ----------
    frames : (F, H, W, 3) uint8, RGB
        Upright, of square pixels.
    times : (F,) float64
        Seconds on the container's clock.
    seen : dict
        What the file says of its pictures, plain values: ``width`` and ``height`` as
        shown, ``stored``, ``rotation``, ``flipped``, ``pixel_aspect``, ``interlaced``,
        ``video_codec``, ``pixel_format``, ``colour``, ``hdr``, ``video_stream``.
    warnings : list of str
        Sentences on what was taken otherwise than the file says.
    """

    frames: np.ndarray
    times: np.ndarray
    seen: Mapping[str, str | int | float] = MappingProxyType({})
    warnings: Sequence[str] = ()

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


def read_video(path: str | Path, reading: Reading = USUAL) -> Video:
    """Decode every frame that a player would show, as it would be shown.

    Parameters
    ----------
    path : str or Path
    reading : Reading

    Raises
    ------
    ClipError
        If the file cannot be opened, its video is missing, damaged, truncated, larger than
        ``reading`` allows, or changes its shape on the way.
    """
    with container.opened(path) as file:
        stream = _stream(file)
        rate = float(stream.average_rate or 25)
        _require_pixels(stream, reading)
        stream.thread_type = "AUTO"
        whole = shown.Deinterlacer(reading.deinterlace)
        with container.damage_named(stream):
            frames = whole.each(file.decode(stream))
            first = next(frames, None)
            if first is None:
                raise ClipError("the video stream holds no frames")
            screen = shown.Screen(stream, first, reading.picture_side)
            stack = _Stack(screen.shape, reading)
            stack.require_room(_expected(file, stream, rate))
            for frame in chain([first], frames):
                if not screen.fits(frame):
                    raise ClipError("the shape of the frames changes on the way")
                stack.add(screen.show(frame), frame.time)
        stamps = stack.stamps
        times = _monotonic(stamps, rate)
        _require_complete(file, stream, (times[0], times[-1] + 1 / rate))
        facts = screen.facts | {
            "interlaced": whole.fact(stream),
            "video_stream": f"{file.streams.video.index(stream) + 1} of {len(file.streams.video)}",
        }
        return Video(stack.done(), times, facts, screen.warnings + _warnings(stamps, times))


class _Stack:
    """Frames of one size in one array, which grows in place as they come."""

    def __init__(self, shape, reading):
        self._frames, self._count = np.empty((0, *shape), np.uint8), 0
        self._most = int(reading.max_gib * _GIB) // max(1, np.prod(shape, dtype=int))
        self._reading = reading
        self.stamps: list[float | None] = []

    def require_room(self, count):
        """Refuse more frames than are allowed, as soon as that is known."""
        _, height, width, _ = self._frames.shape
        if count > self._reading.max_frames:
            raise ClipError(
                f"{count} frames or more, and prepare.max_frames = {self._reading.max_frames}"
            )
        if count > self._most:
            size = count * height * width * 3 / _GIB
            raise ClipError(
                f"{count} frames or more of {width}x{height} pixels need {size:.2f} GiB, "
                f"and prepare.max_gib = {self._reading.max_gib:g}"
            )

    def add(self, picture, stamp):
        self.require_room(self._count + 1)
        if self._count == len(self._frames):
            # Not doubled: nearly all of it is in use at any time. No view of it is about.
            more = min(self._count + self._count // 8 + 16, max(self._most, 1))
            self._frames.resize((more, *picture.shape), refcheck=False)
        self._frames[self._count] = picture
        self._count += 1
        self.stamps.append(stamp)

    def done(self):
        self._frames.resize((self._count, *self._frames.shape[1:]), refcheck=False)
        return self._frames


def _stream(file):
    """The stream to show; ClipError if there is none, or nobody can decode it."""
    stream = shown.film(file.streams.video)
    if stream is None:
        beside = ", only a still picture" if file.streams.video else ""
        raise ClipError(f"the file has no video stream{beside}")
    if stream.codec_context is None:
        raise ClipError("the video stream is of an unknown codec")
    return stream


def _require_pixels(stream, reading):
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > reading.max_pixels:
        raise ClipError(
            f"pictures of {width}x{height} have more pixels than "
            f"prepare.max_pixels = {reading.max_pixels}"
        )


def _expected(file, stream, rate):
    """Frames that a whole file has at least, by its header; 0 if that does not tell."""
    seconds = (file.duration or 0) / av.time_base
    if stream.duration:
        seconds = float(stream.duration * stream.time_base)
    return int(container.COMPLETE * seconds * rate) if rate <= _FASTEST else 0


def _require_complete(file, stream, span):
    # In a cut AVI only the number of frames still says how long it was; elsewhere that
    # number counts frames, too, which an edit list hides.
    counted = stream.frames if "avi" in file.format.name.split(",") else 0
    declared = counted / float(stream.average_rate or 25)
    container.require_complete(file, stream, span, declared=declared)


def _monotonic(times: list[float | None], rate: float) -> np.ndarray:
    """Fill missing or non-increasing time stamps from the nominal rate."""
    filled: list[float] = []
    step = 1 / rate
    for time in times:
        if time is None or (filled and time <= filled[-1]):
            time = filled[-1] + step if filled else 0.0
        filled.append(time)
    return np.asarray(filled, np.float64)


def _warnings(stamps, times):
    made = sum(stamp != time for stamp, time in zip(stamps, times, strict=True))
    if not made:
        return []
    return [f"{made} of {len(stamps)} time stamps were missing or did not rise; they are filled in"]
