"""Stored results: arrays in an ``.npz`` beside a key of all that they depend on.

A result whose key is still the right one is not computed again, so a killed run
goes on where it stopped, and a changed setting redoes what it concerns. A file ends with a
digest of all that stands before it: whoever reads one knows of any bit that has flipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from avef.core import closure
from avef.core.errors import ParameterError
from avef.core.files import replacing

#: What reading a file that is not there, or is damaged, may raise.
BROKEN = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,  # numpy gives bytes in place of an array whose name is damaged
    RuntimeError,  # NotImplementedError, too: zip's unknown methods, and an "encrypted" entry
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # numpy parses an array's head as Python
    tokenize.TokenError,
)
_OWN = ("key", "beside")
_SEAL = 32  # characters of the digest that a file ends with


def digest(*settings: Any, files: Iterable[str | Path] = (), code: str | None = None) -> str:
    """Fingerprint of what a stored result depends on.

    Parameters
    ----------
    *settings : JSON values or dataclasses, nested as one likes
    files : paths
        Their bytes count, not their names.
    code : str, optional
        The module that makes the result, such as ``__name__``. The code of all that it
        imports counts, and the versions of the libraries that decide its numbers (see
        :mod:`avef.core.closure`), so that a result never outlives them.
    """
    state = hashlib.blake2b(digest_size=16)
    state.update(json.dumps(settings, sort_keys=True, default=asdict).encode())
    if code:
        state.update(_made_by(code).encode())
    for path in files:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()


def save(path: str | Path, key: str, beside: Iterable[str | Path] = (), **arrays: Any) -> None:
    """Write arrays and their key atomically, sealed.

    Parameters
    ----------
    beside : paths
        Files that were made along with the arrays, and that :func:`has` and
        :func:`vouches` know again by their digests.
    **arrays : ndarray
    """
    known = np.array([_known(file) for file in beside], dtype=np.str_)
    with replacing(path) as temporary:
        np.savez(temporary, key=np.array(key), beside=known, **arrays)
        seal(temporary)


def seal(path: str | Path) -> None:
    """Close an ``.npz`` with a digest of all its bytes, as the comment of the archive."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"0" * _SEAL
    with Path(path).open("r+b") as file:
        mark = _mark(file)
        file.seek(-_SEAL, os.SEEK_END)
        file.write(mark)


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays, without the key.

    Raises
    ------
    ParameterError
        Naming the file, if it is not there or damaged. What is damaged is also pointed out to
        DVC, which makes it anew; see :func:`distrust`.
    """
    return _read(path, lambda arrays: {n: arrays[n] for n in arrays.files if n not in _OWN})


def key_of(path: str | Path) -> str:
    """The key that a file was saved with; errors as of :func:`load`."""
    return _read(path, lambda arrays: str(arrays["key"]))


def has(path: str | Path, key: str, beside: Iterable[str | Path] = ()) -> bool:
    """Whether the file is there, whole, and of that key, and the files beside it are its own."""
    try:
        return key_of(path) == key and all(vouches(path, file) for file in beside)
    except BROKEN:
        return False


def whole(path: str | Path) -> bool:
    """Whether the file is there and undamaged, of whatever key."""
    try:
        key_of(path)
    except ParameterError:
        return False
    return True


def vouches(path: str | Path, file: str | Path) -> bool:
    """Whether ``file`` is, to the bit, what it was when ``path`` was saved beside it."""
    try:
        with _opened(path) as arrays:
            known = _known(file) in arrays["beside"].tolist()
    except BROKEN:
        return False
    if not known:
        distrust(file)
    return known


def distrust(path: str | Path) -> None:
    """Let DVC look at a file anew, whose time says that nothing has changed.

    A bit that flips on a disk leaves the time of the file as it is, and DVC goes by that: the
    next ``dvc repro`` would find nothing to do. Where the time cannot be set, nothing happens.
    """
    with suppress(OSError, ValueError):  # ValueError: no name of a file
        os.utime(path)


@contextmanager
def _opened(path):
    """The arrays of a file whose seal is whole; ValueError where it is not."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _SEAL))
        if file.read() != _mark(file):
            distrust(path)
            raise ValueError("its checksum is not that of its content")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            yield arrays


def _read(path, of):
    try:
        with _opened(path) as arrays:
            return of(arrays)
    except BROKEN as error:
        raise ParameterError(f"{path} is missing or damaged ({error}); make it anew") from error


def _mark(file):
    """The digest of an open file but for its last bytes, where the digest itself stands."""
    left = max(0, file.seek(0, os.SEEK_END) - _SEAL)
    file.seek(0)
    state = hashlib.blake2b(digest_size=_SEAL // 2)
    while block := file.read(min(left, 1 << 20)):
        state.update(block)
        left -= len(block)
    return state.hexdigest().encode()


def _known(file):
    return f"{Path(file).name} {digest(files=[file])}"


@cache
def _made_by(code):
    return f"{closure.text(code)}\n{json.dumps(closure.versions(code))}"
