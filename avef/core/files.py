"""Writing files so that a killed run never leaves half of one."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from avef.core.inert import cell, shown

if TYPE_CHECKING:
    import pandas as pd


#: How the name of a file that is being written begins; ``.dvcignore`` names it, too.
_BEGUN = ".tmp-"


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes its place.

    The temporary name keeps the suffixes, which some writers go by. On an error
    ``path`` stays as it was. DVC does not see the temporary file, and what a killed process
    leaves of it is for :func:`sweep`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = draft(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Keep out other processes that ask for the same file, until this one has done with it.

    Locked is its folder, which is there: the file itself may be put in the place of another.
    Where a disk knows no locks, nobody waits.
    """
    handle = os.open(Path(path).parent, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def leads_out(root: str | Path, path: str | PurePath) -> bool:
    """Whether ``path`` below ``root``, links and ``..`` followed, lies somewhere else.

    Examples
    --------
    >>> leads_out("raw", "s1/an1.avi"), leads_out("raw", "../an1.avi")
    (False, True)
    """
    real = os.path.realpath(root)
    return os.path.commonpath([real, os.path.realpath(os.path.join(root, path))]) != real  # noqa: PTH118


def draft(path: str | Path) -> Path:
    """What a file is called that this process writes first, and then puts in ``path``'s place."""
    path = Path(path)
    return path.with_name(f"{_BEGUN}{socket.gethostname()}-{os.getpid()}-{path.name}")


def sweep(*folders: str | Path) -> list[Path]:
    """Remove what processes of this machine that are no more left half written; its paths.

    Looked at are the folders and all below them, for files and for folders of such a name. Of
    another machine's, such as a Dask worker's, nobody here knows whether they are still being
    written.
    """
    left = [
        path
        for folder in folders
        for path in sorted(Path(folder).rglob(f"{_BEGUN}*"))
        if (number := _of_this_machine(path.name)) is not None and not _alive(number)
    ]
    for path in left:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return left


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write JSON atomically, indented, keys in the order given."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: str | Path, table: pd.DataFrame, **options: Any) -> None:
    """Write a DataFrame atomically as CSV, without its index unless asked.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, which
    :func:`avef.core.outside.table` takes away again.
    """
    from pandas import Series  # whoever writes no table need not wait for it

    safe = table.copy(deep=False)
    for name in table.columns[[kind.kind == "O" for kind in table.dtypes]]:
        entries = [cell(shown(e)) if isinstance(e, str) else e for e in table[name]]
        safe[name] = Series(entries, table.index, dtype=object)
    write_text(path, safe.to_csv(**({"index": False, "lineterminator": "\n"} | options)))


def _of_this_machine(name):
    """The number of the process that wrote a temporary file, if it was one of this machine."""
    number = name.removeprefix(f"{_BEGUN}{socket.gethostname()}-").partition("-")[0]
    return int(number) if number.isdecimal() else None


def _alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    with suppress(OSError):  # Linux tells of one that has ended, and that nobody has asked how
        return not Path(f"/proc/{number}/stat").read_text().rpartition(") ")[2].startswith("Z")
    return True
