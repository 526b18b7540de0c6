"""Stored results: arrays in an ``.npz`` beside a key of all that they depend on.

A result whose key is still the right one is not computed again, so a killed run
goes on where it stopped, and a changed setting redoes what it concerns.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from pathlib import Path

import numpy as np

from avef.core.errors import ParameterError
from avef.core.files import replacing

#: What reading a file that is not there, or is damaged, may raise.
BROKEN = (OSError, EOFError, KeyError, ValueError, NotImplementedError, zipfile.BadZipFile)


def digest(*settings, files: Iterable[str | Path] = (), code: Iterable[str] = ()) -> str:
    """Fingerprint of what a stored result depends on.

    Parameters
    ----------
    *settings : JSON values or dataclasses
    files : paths
        Their bytes count, not their names.
    code : paths of avef's modules, such as ``"preparation/speech"``
        Their text counts, so that a result never outlives the code that made it.
    """
    plain = [asdict(s) if is_dataclass(s) else s for s in settings]
    state = hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16)
    here = Path(__file__).parents[1]
    for path in [*files, *(here / f"{name}.py" for name in code)]:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()


def save(path: str | Path, key: str, beside: Iterable[str | Path] = (), **arrays) -> None:
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
        np.savez(temporary, key=np.array(key), beside=known, **arrays)


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays, without the key.

    Raises
    ------
    ParameterError
        Naming the file, if it is not there or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files if name not in ("key", "beside")}
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
        load(path)  # a flipped bit shows only where it lies
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


def _known(file):
    return f"{Path(file).name} {digest(files=[file])}"
