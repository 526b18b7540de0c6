"""A call and its answer in a file in memory, which two processes hand to one another.

Its length as 8 bytes and a text, JSON, come first; then arrays, each from a new page on. Nothing is
pickled.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

_PIECE = 2**26  # bytes that are handed over at once
_PAGE = 4096  # bytes
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)


def new() -> BinaryIO:
    """A file without a name, in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        return open(os.memfd_create("avef"), "r+b", buffering=0)  # noqa: PTH123 (a handle)
    return tempfile.TemporaryFile(buffering=0)


def text(value: Any) -> bytes:
    """A value of JSON, in which numpy's scalars may stand, as a block begins with it."""
    said = json.dumps(value, default=lambda scalar: scalar.item()).encode()
    return len(said).to_bytes(8, "little") + said


def read(file: BinaryIO) -> Any:
    """The value of JSON in a block."""
    file.seek(0)
    return json.loads(file.read(int.from_bytes(file.read(8), "little")))


def forms(arrays: Mapping[int, np.ndarray]) -> dict[int, tuple]:
    """What :func:`arrays` must know of arrays: type and shape of each."""
    return {i: (array.dtype.str, array.shape) for i, array in arrays.items()}


def write(file: BinaryIO, said: bytes, given: Mapping[int, np.ndarray] | None = None) -> None:
    """Fill a block.

    Large arrays go piece by piece from their ends, each piece being freed, so that a clip's
    frames are in memory once.

    Parameters
    ----------
    file : from :func:`new`
    said : bytes
        From :func:`text`.
    given : mapping of arrays
        They are gone afterwards.

    Raises
    ------
    OSError
        If there is no room.
    """
    given = given or {}
    file.truncate(0)
    _put(file, 0, said)
    places, end = _places(len(said), forms(given))
    file.truncate(end)
    for i, array in given.items():
        array = np.ascontiguousarray(array)
        step = max(1, _PIECE // max(1, array[:1].nbytes))
        while len(array):
            first = (len(array) - 1) // step * step
            _put(file, places[i] + array[:first].nbytes, array[first:])
            if first and array.flags.owndata:
                array.resize((first, *array.shape[1:]), refcheck=False)
            else:
                array = array[:first]


def arrays(file: BinaryIO, formed: Mapping[int, tuple]) -> dict[int, np.ndarray]:
    """The arrays of a block, not copied: they live on when the file is closed."""
    if not formed:
        return {}
    file.seek(0)
    places, end = _places(8 + int.from_bytes(file.read(8), "little"), formed)
    whole = mmap.mmap(file.fileno(), end, flags=mmap.MAP_SHARED | _POPULATE)
    return {
        i: np.ndarray(shape, dtype, buffer=whole, offset=places[i])
        for i, (dtype, shape) in formed.items()
    }


def _put(file, at, data):
    file.seek(at)
    view = memoryview(data).cast("B")
    while len(view):
        view = view[file.write(view) :]


def _places(start, formed):
    """Where each array begins, and where the last one ends."""
    places, end = {}, start
    for i, (dtype, shape) in formed.items():
        places[i] = -(-end // _PAGE) * _PAGE
        end = places[i] + np.dtype(dtype).itemsize * int(np.prod(shape))
    return places, end
