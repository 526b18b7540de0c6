"""The pictures of a clip, as they are shown: frames and their time stamps.

Frames are counted by decoding them, because containers over-report, and every
frame keeps its own time stamp, because not all clips have a constant rate.
"""

from __future__ import annotations

from collections import Counter
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
    max_damage : float in 0…1
        Of the stream's packets: so many may fail to decode, and are left out.
    """

    deinterlace: Literal["auto", "always", "never"] = "auto"
    picture_side: int = 576
    max_pixels: int = 40_000_000
    max_frames: int = 50_000
    max_gib: float = 4.0
    max_damage: float = 0.1


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
        ``video_codec``, ``pixel_format``, ``colour``, ``hdr``, ``video_stream``,
        ``video_damaged`` (packets left out).
    warnings : list of str
        Sentences on what was taken otherwise than the file says, or could not be taken.
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
        whole, counts = shown.Deinterlacer(reading.deinterlace), Counter[str]()
        with container.damage_named(stream):
            frames = whole.each(container.decoded(file, stream, counts))
            screen, stack = _laid(frames, stream, _expected(file, stream, rate), reading)
        stamps = stack.stamps
        times = _monotonic(stamps, rate)
        start = _start(stream, times, counts)
        counts["damaged"] = _lost(start, times, counts)
        faulty = counts + Counter(damaged=counts["marred"])
        container.require_undamaged(stream, faulty, reading.max_damage)
        _require_complete(file, stream, (start, times[-1] + 1 / rate))
        facts = screen.facts | {
            "interlaced": whole.fact(stream),
            "video_stream": f"{file.streams.video.index(stream) + 1} of {len(file.streams.video)}",
            "video_damaged": counts["damaged"],
        }
        said = [*screen.warnings, *_of_damage(counts), *_warnings(stamps, times)]
        return Video(stack.done(), times, facts, said)


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


def _laid(frames, stream, expected, reading):
    """All frames as they are shown, one after the other."""
    first = next(frames, None)
    if first is None:
        raise ClipError("the video stream holds no frames that decode")
    screen = shown.Screen(stream, first, reading.picture_side)
    stack = _Stack(screen.shape, reading)
    stack.require_room(expected)
    for frame in chain([first], frames):
        if not screen.fits(frame):
            raise ClipError("the shape of the frames changes on the way")
        stack.add(screen.show(frame), frame.time)
    return screen, stack


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


def _start(stream, times, counts):
    """Seconds at which the first picture is or, where damage may have taken it, should be."""
    if not counts["damaged"] or stream.start_time is None:
        return times[0]
    return min(times[0], float(stream.start_time * stream.time_base))


def _lost(start, times, counts):
    """Packets without a picture because they are damaged, or because one before them is.

    Where none is damaged, gaps in time are the camera's own.
    """
    if not counts["damaged"]:
        return 0
    step = 1 / Video(np.empty(0), times).fps
    gaps = np.diff(times, prepend=start - step)
    missing = int(np.round(gaps / step - 1).clip(0).sum())
    return max(counts["damaged"], min(missing, counts["packets"] - counts["frames"]))


def _monotonic(times: list[float | None], rate: float) -> np.ndarray:
    """Fill missing or non-increasing time stamps from the nominal rate."""
    filled: list[float] = []
    step = 1 / rate
    for time in times:
        if time is None or (filled and time <= filled[-1]):
            time = filled[-1] + step if filled else 0.0
        filled.append(time)
    return np.asarray(filled, np.float64)


def _of_damage(counts):
    said = []
    if lost := counts["damaged"]:
        said.append(f"damaged packets of pictures: {lost}, left out")
    if marred := counts["marred"]:
        said.append(f"pictures that decode in part: {marred}, shown as they are")
    return said


def _warnings(stamps, times):
    made = sum(stamp != time for stamp, time in zip(stamps, times, strict=True))
    if not made:
        return []
    return [f"{made} of {len(stamps)} time stamps were missing or did not rise; they are filled in"]
