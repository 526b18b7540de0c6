"""Stored results: arrays in an ``.npz`` beside a key of all that they depend on.

A result whose key is still the right one is not computed again, so a killed run
goes on where it stopped, and a changed setting redoes what it concerns.
"""

from __future__ import annotations

import hashlib
import json
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
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
_OWN = ("key", "beside", "names")


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
    """Write arrays and their key atomically.

    Parameters
    ----------
    beside : paths
        Files that were made along with the arrays, and that :func:`has` and
        :func:`vouches` know again by their digests.
    **arrays : ndarray
    """
    known = np.array([_known(file) for file in beside], dtype=np.str_)
    with replacing(path) as temporary:
        np.savez(
            temporary, key=np.array(key), beside=known, names=np.array(sorted(arrays)), **arrays
        )


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays, without the key.

    Raises
    ------
    ParameterError
        Naming the file, if it is not there or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if name not in _OWN}
    except BROKEN as error:
        raise ParameterError(f"{path} is missing or damaged ({error}); make it anew") from error


def key_of(path: str | Path) -> str:
    """The key that a file was saved with."""
    with np.load(path, allow_pickle=False) as arrays:
        return str(arrays["key"])


def has(path: str | Path, key: str, beside: Iterable[str | Path] = ()) -> bool:
    """Whether the file is there, whole, and of that key, and the files beside it are its own."""
    try:
        if key_of(path) != key:
            return False
        # A flipped bit shows only where it lies; in the archive's index it hides an array.
        if sorted(load(path)) != _names(path):
            return False
        return all(vouches(path, file) for file in beside)
    except BROKEN:
        return False


def whole(path: str | Path) -> bool:
    """Whether the file is there and undamaged, of whatever key."""
    try:
        return has(path, key_of(path))
    except BROKEN:
        return False


def vouches(path: str | Path, file: str | Path) -> bool:
    """Whether ``file`` is, to the bit, what it was when ``path`` was saved beside it."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _known(file) in arrays["beside"].tolist()
    except BROKEN:
        return False


def _names(path):
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["names"].tolist()


def _known(file):
    return f"{Path(file).name} {digest(files=[file])}"


@cache
def _made_by(code):
    return f"{closure.text(code)}\n{json.dumps(closure.versions(code))}"
