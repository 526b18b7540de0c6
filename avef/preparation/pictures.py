"""The pictures of a clip: frames and their time stamps.

Frames are counted by decoding them, because containers over-report, and every
frame keeps its own time stamp, because not all clips have a constant rate.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from avef.core.errors import ClipError
from avef.preparation import container


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
    with container.opened(path) as file:
        stream = container.first(file, "video")
        stream.thread_type = "AUTO"
        frames: list[np.ndarray] = []
        stamps: list[float | None] = []
        with container.damage_named(stream):
            for frame in file.decode(stream):
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
        span = times[0], times[-1] + 1 / rate
        container.require_complete(file, stream, span, declared=stream.frames / rate)
        return Video(np.stack(frames), times)


def _monotonic(times: list[float | None], rate: float) -> np.ndarray:
    """Fill missing or non-increasing time stamps from the nominal rate."""
    filled: list[float] = []
    step = 1 / rate
    for time in times:
        if time is None or (filled and time <= filled[-1]):
            time = filled[-1] + step if filled else 0.0
        filled.append(time)
    return np.asarray(filled, np.float64)
