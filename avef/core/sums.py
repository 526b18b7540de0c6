"""Digests of files that lie together, as ``sha256sum --check`` reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from avef.core import inert, outside, store
from avef.core.errors import ParameterError
from avef.core.files import write_text

NAME = "SHA256SUMS"


def of(file: str | Path) -> str:
    """A file's SHA-256, in hexadecimal digits."""
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text(digests: Mapping[str, str]) -> str:
    """Name → digest, a line each.

    Examples
    --------
    >>> text({"clips.csv": "05f0"})
    '05f0  clips.csv\\n'
    """
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def write(folder: str | Path, files: Iterable[str | Path]) -> None:
    """Write the list of a folder's files, which lie in it."""
    write_text(Path(folder) / NAME, text({Path(file).name: of(file) for file in files}))


def read(folder: str | Path) -> dict[str, str]:
    """Name → digest of the files in a folder that has such a list.

    Raises
    ------
    ParameterError
        If there is no list, or it cannot be read.
    """
    *lines, end = outside.text(Path(folder) / NAME).split("\n")
    parts = [line.split("  ", 1) for line in lines]
    if end or any(len(part) < 2 for part in parts):
        raise ParameterError(f"{inert.shown(Path(folder) / NAME)} is no list of digests")
    return {name: digest for digest, name in parts}


def require(file: str | Path) -> None:
    """Refuse a file where its folder's list does not have it, or anything there is not as listed.

    A folder without a list vouches for nothing.

    Raises
    ------
    ParameterError
        Naming the first file that is another, or the list. As either may be the damaged one, all
        of them are pointed out to DVC: see :func:`avef.core.store.distrust`.
    """
    folder, names = Path(file).parent, [Path(file).name]
    if not (folder / NAME).exists():
        return
    try:
        known = read(folder)
        names += known
        for one in (folder / Path(name).name for name in names):
            if not one.is_file() or of(one) != known.get(one.name):
                told = f"{inert.shown(one)} is not what was written there"
                raise ParameterError(f"{told}, by {NAME}; make it anew")
    except ParameterError:
        for name in (NAME, *names):
            store.distrust(folder / Path(name).name)
        raise
