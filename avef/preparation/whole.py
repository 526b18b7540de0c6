"""Whether a file ends where its bytes say, for containers that declare no length in seconds.

A recording cut in its middle nearly always ends within a packet. What follows the structure of
a container as far as that takes: every function gets the file's bytes and says whether the last
element reaches beyond them.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_SYNC = 0x47  # first byte of a transport stream's packet
_PROPERTIES = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")  # the object's name in ASF
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675  # the elements of Matroska that hold all others


def is_cut(path: str | Path, kinds: str) -> bool:
    """Whether a file ends in the middle of a packet.

    Parameters
    ----------
    path : path
        A file that is not empty.
    kinds : str
        Names of its container, as av gives them, such as ``"matroska,webm"``. Of containers that
        are not looked into, the answer is False.
    """
    for kind in kinds.split(","):
        if kind in _RULES:
            with (
                Path(path).open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                return _RULES[kind](data)
    return False


def transport_stream(data: bytes | mmap.mmap) -> bool:
    """MPEG-TS: packets of 188 bytes, followed by 16 or preceded by 4 in some recordings.

    Examples
    --------
    >>> packet = bytes([0x47]) + bytes(187)
    >>> transport_stream(3 * packet), transport_stream(3 * packet + packet[:100])
    (False, True)
    """
    lasts = ((188, 376), (188, 380), (204, 408))
    return not any(
        len(data) >= before and data[-last] == data[-before] == _SYNC for last, before in lasts
    )


def program_stream(data: bytes | mmap.mmap) -> bool:
    """MPEG-PS: start codes, from 0xBB on with the number of bytes that follow.

    Examples
    --------
    A packet of sound (0xC0) with three bytes, and one of whose three bytes there are two.

    >>> whole = bytes([0, 0, 1, 0xC0, 0, 3]) + b"abc"
    >>> program_stream(whole), program_stream(whole + whole[:-1])
    (False, True)
    """
    at = data.find(b"\0\0\1")
    while 0 <= at <= len(data) - 4:
        long = data[at + 3] >= 0xBB
        at += 6 + int.from_bytes(data[at + 4 : at + 6], "big") if long else 4
        if at > len(data):
            return True
        at = data.find(b"\0\0\1", at)
    return False


def boxes(data: bytes | mmap.mmap) -> bool:
    """MP4, MOV: boxes that start with their size.

    Examples
    --------
    >>> box = (12).to_bytes(4, "big") + b"mdat" + b"abcd"
    >>> boxes(box + box), boxes(box + box[:-1])
    (False, True)
    """
    at = 0
    while at <= len(data) - 8:
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:  # a large box: the size follows the name
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: up to the end, wherever that is
            return False
        at += size
    return at != len(data)


def riff(data: bytes | mmap.mmap) -> bool:
    """WAV: the size of all, in the file's head, unless it was not known when that was written.

    Examples
    --------
    >>> wav = b"RIFF" + (100).to_bytes(4, "little") + bytes(100)
    >>> unknown = wav[:4] + bytes.fromhex("FFFFFFFF") + wav[8:]
    >>> riff(wav), riff(wav[:80]), riff(unknown[:80])
    (False, True, False)
    """
    size = int.from_bytes(data[4:8], "little")
    return size != 0xFFFFFFFF and len(data) < 0.9 * (size + 8)  # many are some bytes short


def tags(data: bytes | mmap.mmap) -> bool:
    """FLV: tags of 11 bytes, their content, and 4 bytes more.

    Examples
    --------
    >>> tag = bytes([9, 0, 0, 3]) + bytes(7) + b"abc" + bytes(4)
    >>> head = b"FLV" + bytes([1, 5, 0, 0, 0, 9]) + bytes(4)
    >>> tags(head + tag), tags(head + tag + tag[:13])
    (False, True)
    """
    at = int.from_bytes(data[5:9], "big") + 4
    while at <= len(data) - 4:
        at += 11 + int.from_bytes(data[at + 1 : at + 4], "big") + 4
    return at - 4 > len(data)  # the last 4 bytes say nothing new


def objects(data: bytes | mmap.mmap) -> bool:
    """ASF, WMV: the size of all, in one of the objects in the file's head.

    Examples
    --------
    >>> head = bytes(30) + _PROPERTIES + bytes(24) + (120).to_bytes(8, "little")
    >>> objects(head + bytes(42)), objects(head + bytes(20))
    (False, True)
    """
    at = data.find(_PROPERTIES)
    return at >= 0 and len(data) < 0.9 * int.from_bytes(data[at + 40 : at + 48], "little")


def pages(data: bytes | mmap.mmap) -> bool:
    """OGG: pages with a table of the lengths of their parts.

    Examples
    --------
    A page with parts of three and of two bytes.

    >>> page = b"OggS" + bytes(22) + bytes([2, 3, 2]) + b"abcde"
    >>> pages(page + page), pages(page + page[:-1])
    (False, True)
    """
    at = 0
    while data[at : at + 4] == b"OggS":
        parts = data[at + 27 : at + 27 + data[at + 26]] if at + 26 < len(data) else b""
        at += 27 + len(parts) + sum(parts)
    return at > len(data)


def elements(data: bytes | mmap.mmap) -> bool:
    """Matroska, WebM: elements within elements, each with its name and size.

    Examples
    --------
    A cluster of unknown size with blocks (0xA3) of three bytes.

    >>> block = bytes([0xA3, 0x83]) + b"abc"
    >>> head = bytes.fromhex("1F43B675 FF")
    >>> elements(head + block), elements(head + block + block[:-1])
    (False, True)
    """
    at = 0
    while at < len(data):
        name, at = _number(data, at, keep=True)
        size, at = _number(data, at, keep=False)
        if name not in (_SEGMENT, _CLUSTER):
            at += size
    return at > len(data)


def _number(data, at, *, keep):
    """A number of Matroska whose first bits give its length, and where it ends."""
    if at >= len(data) or not data[at]:
        return 0, at + 1
    length = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep else value & ((1 << 7 * length) - 1)), at + length


_RULES = {
    "mpegts": transport_stream,
    "mpeg": program_stream,
    "mov": boxes,
    "wav": riff,
    "flv": tags,
    "matroska": elements,
    "asf": objects,
    "ogg": pages,
}
