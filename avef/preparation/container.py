"""A media file as a container: opening it, choosing its streams, and telling what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import av

from avef.core.errors import OF_THE_MACHINE, ClipError
from avef.preparation import shown, whole

#: A clip whose streams decode to less than this share of the length that its
#: header declares is called truncated.
COMPLETE = 0.9
#: What is read: containers and bare streams that are one file. Playlists, scripts, session
#: descriptions and numbered images, which open other files or the network, are none of them.
FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,gxf,dv,nut,rm,ivf,mjpeg,mpegvideo,m4v,h264,hevc,"
    "wav,w64,aiff,au,caf,mp3,aac,ac3,flac,amr,wv"
)
#: Containers whose length av estimates from what is left of the file.
_ESTIMATED = {"mpegts", "mpeg", "wav"}
#: Containers that know one length for all streams, or where each ends; if a stream has a
#: length, av guessed both.
_COMMON = {"matroska", "flv", "asf", "ogg"}
#: What a decoder says of a packet; undefined errors are numbers of its own.
_OF_THE_PACKET = (
    av.error.InvalidDataError,
    av.error.PatchWelcomeError,
    av.error.UndefinedError,
)


def describe(path: str | Path) -> dict[str, float]:
    """Read what a file's header says, without decoding it (Table 1).

    Returns
    -------
    dict
        ``sample_rate`` Hz, ``channels``, ``fps``, ``width``, ``height`` (as stored),
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
            audio = chosen(container, "audio").codec_context
            facts |= {"sample_rate": audio.rate, "channels": audio.channels} if audio else {}
        video = shown.film(container.streams.video)
        if video and video.codec_context:
            facts |= {"width": video.width, "height": video.height}
            facts["fps"] = round(float(video.average_rate or 0), 2)
    return facts


def opened(path: str | Path) -> av.container.InputContainer:
    """Open a local media file, and no other beside it; ClipError if it cannot be."""
    path = Path(path)
    if not path.exists():
        raise ClipError("the file is missing")
    if not path.is_file():
        raise ClipError("it is a folder, not a file" if path.is_dir() else "it is no ordinary file")
    if path.stat().st_size == 0:
        raise ClipError("the file is empty")
    allowed = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:  # by its absolute path: a name such as "concat:a|b" is a file's, not a protocol's
        return av.open(str(path.absolute()), metadata_errors="ignore", container_options=allowed)
    except av.error.ArgumentError as error:
        raise ClipError(
            "the file cannot be opened: it is no media, or of a kind not read"
        ) from error
    except (av.error.FFmpegError, ValueError) as error:
        _stop_if_out_of(error)
        raise ClipError(f"the file cannot be opened: {_plain(error)}") from error


def reach(path: str | Path) -> float:
    """How far a file's packets reach, seconds, whatever its header promises; 0 if none does.

    What came before a damage counts.
    """
    latest = 0.0
    with suppress(ClipError), opened(path) as file:
        begin = (file.start_time or 0) / av.time_base
        try:
            for packet in file.demux():
                at = packet.pts if packet.pts is not None else packet.dts
                if at is not None and packet.time_base is not None:
                    latest = max(latest, float(at * packet.time_base) - begin)
        except (av.error.FFmpegError, ValueError, IndexError) as error:
            _stop_if_out_of(error)
    return latest


def chosen(
    file: av.container.InputContainer, kind: Literal["audio", "video"], number: int | None = None
) -> Any:
    """The stream of a kind, audio or video, that a player would choose, or the one asked for.

    A player takes the one that the file marks as default, else the best. ``number`` 1 is the
    first of its kind. ClipError if there is none.
    """
    streams = getattr(file.streams, kind)
    if not streams:
        raise ClipError(f"the file has no {kind} stream")
    if number is None:
        return file.streams.best(kind) or streams[0]
    if number > len(streams):
        raise ClipError(f"the file has no {kind} stream {number}, only {len(streams)}")
    return streams[number - 1]


def decoded(file: av.container.InputContainer, stream: Any, counts: Counter) -> Iterator[Any]:
    """Frames, of sound or of pictures, of a stream whose packets are counted on the way.

    ``counts`` gets its ``packets``; those ``damaged``, which are left out; its ``frames``; and
    those of them that the decoder calls ``marred``. It decodes in one thread: with several,
    frames that wait beside a damaged one may be lost, more of them where there are more cores.
    """
    stream.thread_type = "NONE"
    for packet in file.demux(stream):
        counts["packets"] += packet.size > 0
        try:
            frames = packet.decode()
        except _OF_THE_PACKET:
            counts["damaged"] += 1
            continue
        for frame in frames:
            counts["frames"] += 1
            counts["marred"] += frame.is_corrupt
            yield frame


def require_undamaged(stream: av.stream.Stream, counts: Counter, share: float) -> None:
    """Refuse a stream of whose packets more than that share did not decode."""
    if counts["damaged"] > share * counts["packets"]:
        raise ClipError(
            f"the {stream.type} stream is damaged: {counts['damaged']} of {counts['packets']} "
            f"packets do not decode, more than prepare.max_damage = {share:.1%} allows"
        )


def require_short(
    file: av.container.InputContainer, stream: av.stream.Stream, limit: float
) -> None:
    """Refuse a clip or a stream that lasts more than ``limit`` seconds by its header."""
    seconds = max(_common(file), _declared(file, stream))
    if seconds > limit:
        raise ClipError(f"the clip lasts {seconds:.0f} s, and prepare.max_seconds = {limit:g}")


@contextmanager
def damage_named(stream: av.stream.Stream) -> Iterator[None]:
    """Turn what the decoder raises into a ClipError that names the stream."""
    try:
        yield
    except (av.error.FFmpegError, ValueError, IndexError) as error:  # a stream without a header
        _stop_if_out_of(error)
        raise ClipError(f"the {stream.type} stream is damaged: {_plain(error)}") from error


def require_complete(
    file: av.container.InputContainer,
    stream: av.stream.Stream,
    span: tuple[float, float],
    *,
    declared: float = 0.0,
) -> None:
    """Refuse a stream whose file is cut; accept one that ends before the others.

    What tells is the stream's own length; if the file has none, the container's, which one
    of its streams must reach; if that is only an estimate, whether the file's last packet is
    whole.

    Parameters
    ----------
    span : (float, float)
        Where it starts and ends when decoded, seconds of the container's clock.
    declared : float
        Seconds that the stream is known to have had, if more than its header says.
    """
    start, end = span
    own = max(declared, _declared(file, stream))
    if not own:
        start, own = (file.start_time or 0) / av.time_base, _tagged_end(stream)
    if not own:
        own = _common(file)
        if end - start < COMPLETE * own - 0.1:
            end = max(end, _last_end(file, stream))
    if end - start < COMPLETE * own - 0.1:
        raise ClipError(
            f"the {stream.type} stream is truncated: {end - start:.2f} s of {own:.2f} s decode"
        )
    if _is_estimate(file, stream, own) and whole.is_cut(file.name, file.format.name):
        raise ClipError("the file is truncated: it ends in the middle of a packet")


def _declared(file, stream):
    """Seconds that a stream lasts by its own header, or 0."""
    names = _names(file)
    if "avi" in names:  # its duration is that of the file as it is
        return float(stream.frames * stream.time_base)
    if names & _COMMON or not stream.duration or not stream.time_base:
        return 0.0
    return float(stream.duration * stream.time_base)


def _common(file):
    """Seconds that the container lasts by its header, or 0."""
    guessed = _names(file) & _COMMON and any(stream.duration for stream in file.streams)
    return 0.0 if guessed else (file.duration or 0) / av.time_base


def _tagged_end(stream):
    """Where Matroska's tag says that a stream ends, seconds, or 0."""
    try:
        hours, minutes, seconds = map(float, stream.metadata.get("DURATION", "").split(":"))
    except ValueError:
        return 0.0
    return 3600 * hours + 60 * minutes + seconds


def _last_end(file, stream):
    """Where the last packet of any stream ends, seconds of the container's clock."""
    with opened(file.name) as again, damage_named(stream):
        packets = (packet for packet in again.demux() if packet.pts is not None)
        return max((float((p.pts + (p.duration or 0)) * p.time_base) for p in packets), default=0.0)


def _is_estimate(file, stream, seconds):
    """Whether a length is none that was written down when the file was made."""
    names = _names(file)
    fragmented = "mov" in names and not stream.frames
    return not seconds or fragmented or bool(names & _ESTIMATED)


def _names(file):
    return set(file.format.name.split(","))


def _stop_if_out_of(error):
    """Pass on that there is no handle, space or memory left: who is to blame is told elsewhere."""
    if getattr(error, "errno", None) in OF_THE_MACHINE:
        raise error


def _plain(error):
    if isinstance(error, IndexError):  # Python's own words, of a list in PyAV
        return "it has packets of a stream that it does not have"
    return getattr(error, "strerror", None) or str(error)
