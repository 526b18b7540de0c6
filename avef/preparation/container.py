"""A media file as a container: opening it, choosing its streams, and telling what is wrong."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from avef.core.errors import ClipError

#: A clip whose streams decode to less than this share of the length that its
#: header declares is called truncated.
COMPLETE = 0.9


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
    with opened(path) as container:
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


def opened(path: str | Path) -> av.container.InputContainer:
    """Open a local media file; ClipError if it cannot be."""
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


def first(file: av.container.InputContainer, kind: str) -> Any:
    """The first stream of a kind, audio or video; ClipError if there is none."""
    streams = getattr(file.streams, kind)
    if not streams:
        raise ClipError(f"the file has no {kind} stream")
    return streams[0]


@contextmanager
def damage_named(stream: av.stream.Stream) -> Iterator[None]:
    """Turn what the decoder raises into a ClipError that names the stream."""
    try:
        yield
    except (av.error.FFmpegError, ValueError) as error:
        _stop_if_out_of(error)
        raise ClipError(f"the {stream.type} stream is damaged: {_plain(error)}") from error


def require_complete(
    file: av.container.InputContainer,
    stream: av.stream.Stream,
    span: tuple[float, float],
    *,
    declared: float = 0.0,
) -> None:
    """Refuse a stream that ends before its header says, in seconds of the container's clock."""
    start, end = span
    if stream.duration and stream.time_base:
        declared = max(declared, float(stream.duration * stream.time_base))
    elif file.duration:
        start = (file.start_time or 0) / av.time_base
        declared = max(declared, file.duration / av.time_base)
    seconds = end - start
    if seconds < COMPLETE * declared - 0.1:
        raise ClipError(
            f"the {stream.type} stream is truncated: {seconds:.2f} s of {declared:.2f} s decode"
        )


def _stop_if_out_of(error):
    """Pass on that this machine has no handle or no space left: no clip is to blame."""
    if getattr(error, "errno", None) in (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT):
        raise error


def _plain(error):
    return getattr(error, "strerror", None) or str(error)
