"""What the corpus adapters share: walking a folder, and building the two tables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from avef import protocol

COLUMNS = [
    "clip",
    "corpus",
    "path",
    "speaker",
    "emotion",
    "arousal",
    "valence",
    "gender",
    "language",
    "sentence",
]
Row = dict[str, Any]  # a clip, by the names of COLUMNS
LeftOut = tuple[PurePosixPath | str, str]  # a path, or the name of a clip without one; reason
TWO_LETTERS = {emotion[:2]: emotion for emotion in protocol.EMOTIONS}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def walk(root: str | Path, extensions: Sequence[str]) -> list[PurePosixPath]:
    """Files below ``root`` with one of ``extensions`` (lower case), as sorted PurePosixPaths.

    Paths are relative to ``root``; shallower ones come first, so that the
    first of two copies is the outer one, on every machine. Hidden files and
    folders, and what archivers leave behind, are passed over. Linked folders
    are entered, each real folder once.
    """
    root = Path(root)
    seen: set[str] = set()
    files: list[PurePosixPath] = []
    for folder, inner, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        # Sorted in place: which of two links to one folder is entered must not vary.
        inner[:] = sorted(name for name in inner if not _is_litter(name))
        files += [
            PurePosixPath((Path(folder) / name).relative_to(root).as_posix())
            for name in names
            if not _is_litter(name) and Path(name).suffix.lower() in extensions
        ]
    return sorted(files, key=lambda path: (len(path.parts), str(path)))


def nearest(parts: Sequence[str], pattern: re.Pattern[str]) -> tuple[int, re.Match[str] | None]:
    """Index of the last of ``parts`` that ``pattern`` matches whole, and the match; or (-1, None).

    The last one, because outer folders may have any name.

    >>> nearest(("s1", "copy", "s3", "f1eng"), re.compile("s([1-8])"))
    (2, <re.Match object; span=(0, 2), match='s3'>)
    """
    for index in range(len(parts) - 1, -1, -1):
        match = pattern.fullmatch(parts[index])
        if match:
            return index, match
    return -1, None


def outside_six(emotion: str | None) -> str:
    """The reason given for a clip whose emotion the paper does not use."""
    return f"emotion {emotion} is not one of the six"


def build(
    corpus: str, rows: Iterable[Row], left_out: Iterable[LeftOut]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``clips`` and ``left_out`` from an adapter's rows; duplicates are left out.

    ``rows`` are dicts with at least clip, path, speaker and emotion, in the
    order of preference; ``left_out`` is a list of (path, reason).
    """
    first: dict[str, Row] = {}
    left_out = list(left_out)
    for row in rows:
        before = first.setdefault(row["clip"], row)
        if before is not row:
            left_out.append((row["path"], f"duplicate of {before['path']}"))
        assert _SAFE.fullmatch(row["clip"]), f"clip id {row['clip']!r} is not safe as a file name"
    full = [_complete(corpus, first[clip]) for clip in sorted(first)]
    left = [{"path": str(path), "reason": reason} for path, reason in left_out]
    return (
        pd.DataFrame(full, columns=COLUMNS, dtype=str),
        pd.DataFrame(sorted(left, key=lambda r: (r["path"], r["reason"])), dtype=str).reindex(
            columns=["path", "reason"]
        ),
    )


def _complete(corpus, row):
    sides = protocol.binary(row["emotion"]) if row["emotion"] in protocol.EMOTIONS else ("", "")
    known = {"corpus": corpus, "arousal": sides[0], "valence": sides[1]} | row
    return {column: str(known.get(column, "")) for column in COLUMNS}


def _is_litter(name):
    return name.startswith((".", "~$")) or name in ("__MACOSX", "Thumbs.db")
