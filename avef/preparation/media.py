"""What a media file holds: its sound and its pictures, each on the container's clock.

The one name for reading. How it is done is in :mod:`avef.preparation.sound`,
:mod:`avef.preparation.pictures` and :mod:`avef.preparation.container`; it is done in a process of
its own (:mod:`avef.preparation.child`), so that no file ends or stalls a run.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from avef.core.errors import OF_THE_FILE, ClipError
from avef.preparation import child, container, pictures, sound
from avef.preparation.child import Limits
from avef.preparation.pictures import Video
from avef.preparation.sound import Audio

__all__ = ["Audio", "Limits", "Video", "describe", "reach", "read_audio", "read_video"]

_GIB = 2**30
_READERS = __name__  # where the child finds them


def read_audio(
    path: str | Path, reading: sound.Reading = sound.USUAL, limits: Limits = child.USUAL
) -> Audio:
    """As :func:`avef.preparation.sound.read_audio`; what is beyond the limits is a ClipError."""
    return Audio(*_read("_audio", path, limits, reading))


def read_video(
    path: str | Path, reading: pictures.Reading = pictures.USUAL, limits: Limits = child.USUAL
) -> Video:
    """As :func:`avef.preparation.pictures.read_video`; what is beyond the limits is a ClipError."""
    return Video(*_read("_video", path, limits, reading))


def describe(path: str | Path, limits: Limits = child.USUAL) -> dict[str, float]:
    """As :func:`avef.preparation.container.describe`; what is beyond the limits is a ClipError."""
    return _read("_header", path, limits)[0]


def reach(path: str | Path, limits: Limits = child.USUAL) -> float:
    """As :func:`avef.preparation.container.reach`; what is beyond the limits is a ClipError."""
    return _read("_reach", path, limits)[0]


def require_readable(path: str | Path, limits: Limits = child.USUAL) -> None:
    """Refuse what is no ordinary file, or a larger one than is allowed.

    Nothing is opened: a queue or a device would never end.

    Raises
    ------
    ClipError
    OSError
        If there is no such file, or it cannot be asked.
    """
    state = Path(path).stat()
    if stat.S_ISDIR(state.st_mode):
        raise ClipError("it is a folder, not a file")
    if not stat.S_ISREG(state.st_mode):
        raise ClipError("it is no ordinary file")
    if state.st_size > limits.max_file_gib * _GIB:
        raise ClipError(
            f"the file has {state.st_size / _GIB:.1f} GiB, and "
            f"prepare.max_file_gib = {limits.max_file_gib:g}"
        )


def _read(reader: str, path: str | Path, limits: Limits, *reading: Any) -> list[Any]:
    try:
        require_readable(path, limits)
    except (FileNotFoundError, ValueError) as error:  # ValueError: a path with a zero byte
        raise ClipError("the file is missing") from error
    except OSError as error:
        if error.errno not in OF_THE_FILE:
            raise
        raise ClipError(f"the file cannot be read: {error.strerror}") from error
    # The child was started in another folder, perhaps.
    return child.call(f"{_READERS}:{reader}", str(Path(path).absolute()), *reading, limits=limits)


def _audio(path, reading):
    samples, rate, start, seen, warnings = sound.read_audio(path, sound.Reading(*reading))
    return samples, rate, start, dict(seen), list(warnings)


def _video(path, reading):
    frames, times, seen, warnings = pictures.read_video(path, pictures.Reading(*reading))
    return frames, times, dict(seen), list(warnings)


def _header(path):
    return [container.describe(path)]


def _reach(path):
    return [container.reach(path)]
