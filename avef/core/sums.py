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
    lines = outside.text(Path(folder) / NAME).splitlines()
    try:
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except ValueError as error:
        name = inert.shown(Path(folder) / NAME)
        raise ParameterError(f"{name} cannot be read: {error}") from error


def require(file: str | Path) -> None:
    """Refuse a file that is not what its folder's list says, where there is one.

    Raises
    ------
    ParameterError
        Naming the file, which is also pointed out to DVC: see :func:`avef.core.store.distrust`.
    """
    file = Path(file)
    if not (file.parent / NAME).exists():
        return
    known = read(file.parent).get(file.name)
    if not file.is_file() or of(file) != known:
        store.distrust(file)
        raise ParameterError(f"{inert.shown(file)} is not what was written there; make it anew")
