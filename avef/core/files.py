"""Writing files so that a killed run never leaves half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from avef.core.inert import cell, shown

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it takes its place.

    The temporary name keeps the suffixes, which some writers go by. On an error
    ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def leads_out(root: str | Path, path: str | PurePath) -> bool:
    """Whether ``path`` below ``root``, links and ``..`` followed, lies somewhere else.

    Examples
    --------
    >>> leads_out("raw", "s1/an1.avi"), leads_out("raw", "../an1.avi")
    (False, True)
    """
    real = os.path.realpath(root)
    return os.path.commonpath([real, os.path.realpath(os.path.join(root, path))]) != real  # noqa: PTH118


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
