"""What the corpus adapters share: walking a folder, and building the two tables."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from avef import protocol
from avef.core.errors import ParameterError
from avef.core.files import leads_out
from avef.core.inert import shown
from avef.corpora import _copies
from avef.preparation.child import USUAL, Limits
from avef.preparation.prepared import AUDIO, AUDIO_VISUAL

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
    "kind",
]
FILM = (
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".flv", ".mpg", ".mpeg", ".wmv"),
    *(".ts", ".mts", ".m2ts", ".3gp", ".ogv", ".vob"),
)
SOUND = (".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".wma", ".aif", ".aiff")
Row = dict[str, Any]  # a clip, by the names of COLUMNS
LeftOut = tuple[PurePosixPath | str, str]  # a path, or the name of a clip without one; reason
TWO_LETTERS = {emotion[:2]: emotion for emotion in protocol.EMOTIONS}
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def files(
    root: Path, closed: list[OSError] | None = None, *, abroad: bool = False
) -> Iterator[PurePosixPath]:
    """All files below ``root`` but litter, in no order; errors of folders go to ``closed``.

    So do links to folders elsewhere, which are entered only if ``abroad`` is set.
    """
    seen: set[str] = set()
    for folder, inner, names in os.walk(
        root, onerror=None if closed is None else closed.append, followlinks=True
    ):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = [name for name in inner if not is_litter(name)]
        outside = {name for name in inner if not abroad and _leads_out(root, folder, name)}
        if closed is not None:
            closed += [_closed(Path(folder) / name) for name in sorted(outside)]
        # Sorted in place: which of two links to one folder is entered must not vary.
        inner[:] = sorted(set(inner) - outside)
        yield from (_relative(Path(folder) / name, root) for name in names if not is_litter(name))


def _leads_out(root, folder, name):
    return leads_out(root, Path(folder).absolute() / name)


def _closed(folder):
    return OSError(errno.EXDEV, _copies.OUTSIDE, str(folder))


def walk(
    root: str | Path, extensions: Sequence[str], *, abroad: bool = False
) -> list[PurePosixPath]:
    """Files below ``root`` with one of ``extensions`` (lower case), as sorted PurePosixPaths.

    Paths are relative to ``root``; shallower ones come first, so that the
    first of two copies is the outer one, on every machine, and ``an1.avi`` comes
    before ``an1 (1).avi``. Hidden files and folders, and what archivers leave
    behind, are passed over. Linked folders of the corpus are entered, each real folder once.
    A link counts as what its own name says, dead or not. Folders elsewhere are entered
    only if ``abroad`` is set.
    """
    there = [path for path in files(Path(root), abroad=abroad) if path.suffix.lower() in extensions]
    return sorted(there, key=lambda path: (len(path.parts), path.parts[:-1], path.stem, path.name))


def unreachable(root: str | Path) -> list[LeftOut]:
    """What hides an unknown number of files below ``root``: dead links, closed folders, others'."""
    root = Path(root)
    closed: list[OSError] = []
    dead = [path for path in files(root, closed) if _copies.is_dead(root / path)]
    return [(path, _copies.DEAD) for path in dead] + [
        (_relative(error.filename, root), f"the folder cannot be read: {error.strerror}")
        for error in closed
    ]


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


def kind(path: PurePosixPath) -> str:
    """What a file of this name is taken for: audio-visual, or audio (sound alone)."""
    return AUDIO if path.suffix.lower() in SOUND else AUDIO_VISUAL


def build(
    corpus: str,
    rows: Iterable[Row],
    left_out: Iterable[LeftOut],
    *,
    root: Path,
    limits: Limits = USUAL,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables ``clips`` and ``left_out`` from an adapter's rows.

    ``rows`` are dicts with at least clip, path, speaker and emotion, in the
    order of preference; ``left_out`` is a list of (path, reason). Rows whose file
    cannot be used are left out, and of several copies all but one: the first
    that is whole, with pictures if any is.
    """
    left_out = [(path, _reason(path, reason)) for path, reason in left_out]
    copies: dict[str, list[Row]] = {}
    for row in rows:
        if not _SAFE.fullmatch(row["clip"]):
            raise ParameterError(f"clip id {row['clip']!r} is not safe as a file name")
        reason = _copies.fault(root, row["path"])
        if reason:
            left_out.append((row["path"], reason))
        else:
            copies.setdefault(row["clip"], []).append(row)
    full = []
    for _, same in sorted(copies.items()):
        best = same[0] if len(same) == 1 else _best(root, same, limits)
        full.append(_complete(corpus, best))
        left_out += [_beside(best, row) for row in same if row is not best]
    left = [{"path": shown(path), "reason": shown(reason)} for path, reason in left_out]
    return (
        pd.DataFrame(full, columns=COLUMNS, dtype=str),
        pd.DataFrame(sorted(left, key=lambda r: (r["path"], r["reason"])), dtype=str).reindex(
            columns=["path", "reason"]
        ),
    )


def _best(root, same, limits):
    sound = [same[i] for i in _copies.whole([root / row["path"] for row in same], limits)]
    return next((row for row in sound if row.get("kind") != AUDIO), sound[0])


def _beside(best, row):
    alone = row.get("kind") == AUDIO != best.get("kind")
    told = "sound without picture, there with it in" if alone else "duplicate of"
    return row["path"], f"{told} {best['path']}"


def _reason(path, reason):
    return _copies.misnamed(path) or reason


def _complete(corpus, row):
    sides = protocol.binary(row["emotion"]) if row["emotion"] in protocol.EMOTIONS else ("", "")
    known = {"corpus": corpus, "arousal": sides[0], "valence": sides[1], "kind": AUDIO_VISUAL} | row
    return {column: str(known.get(column, "")) for column in COLUMNS}


def _relative(path, root):
    return PurePosixPath(Path(path).relative_to(root).as_posix())


def is_litter(name: str) -> bool:
    """Whether a file or folder is hidden, or left behind by a program."""
    return name.startswith((".", "~$")) or name in ("__MACOSX", "Thumbs.db")
