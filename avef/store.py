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

from avef.files import replacing

#: What reading a file that is not there, or is damaged, may raise.
BROKEN = (OSError, EOFError, KeyError, ValueError, NotImplementedError, zipfile.BadZipFile)


def digest(*settings, files: Iterable[str | Path] = (), code: Iterable[str] = ()) -> str:
    """Fingerprint of what a stored result depends on.

    Parameters
    ----------
    *settings : JSON values or dataclasses
    files : paths
        Their bytes count, not their names.
    code : names of avef's modules, such as ``"speech"``
        Their text counts, so that a result never outlives the code that made it.
    """
    plain = [asdict(s) if is_dataclass(s) else s for s in settings]
    state = hashlib.blake2b(json.dumps(plain, sort_keys=True).encode(), digest_size=16)
    here = Path(__file__).parent
    for path in [*files, *(here / f"{name}.py" for name in code)]:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                state.update(block)
    return state.hexdigest()


def save(path: str | Path, key: str, **arrays: np.ndarray) -> None:
    """Write arrays and their key atomically."""
    with replacing(path) as temporary:
        np.savez(temporary, key=np.array(key), **arrays)


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays, without the key."""
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files if name != "key"}


def key_of(path: str | Path) -> str:
    """The key that a file was saved with."""
    with np.load(path, allow_pickle=False) as arrays:
        return str(arrays["key"])


def has(path: str | Path, key: str) -> bool:
    """Whether the file is there, whole, and of that key."""
    try:
        if key_of(path) != key:
            return False
        load(path)  # a flipped bit shows only where it lies
        return True
    except BROKEN:
        return False
