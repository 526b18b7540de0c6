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


def verified(folder: str | Path, needed: Iterable[str] = ()) -> dict[str, str]:
    """What :func:`read` gives, once every file is as listed, and all that are needed are.

    Raises
    ------
    ParameterError
        As :func:`read`; or naming the first file that is another, gone, or not listed. It or the
        list is the damaged one: both are pointed out to DVC, as by
        :func:`avef.core.store.distrust`.
    """
    try:
        known = read(folder)
        for file in (Path(folder) / Path(name).name for name in sorted({*needed, *known})):
            if not file.is_file() or of(file) != known.get(file.name):
                store.distrust(file)
                raise ParameterError(f"{inert.shown(file)} is missing, or not what {NAME} lists")
    except ParameterError:
        store.distrust(Path(folder) / NAME)
        raise
    return known


def require(file: str | Path) -> None:
    """Refuse a file that :func:`verified` does; a folder without a list vouches for nothing."""
    folder = Path(file).parent
    if (folder / NAME).exists():
        verified(folder, [Path(file).name])
