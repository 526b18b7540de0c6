"""RML: ``rml-1/s3/f1eng/an1.avi``, with or without outer and language folders.

The same names recur in a speaker's language folders, so a clip is known by
speaker, language folder and name together: ``s3-f1eng-an1``. Speakers 1 and 2
have no language folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import TWO_LETTERS, LeftOut, Row, nearest
from avef.protocol import EMOTIONS

TITLE = "RML"
OBTAIN = (
    "by signed request from its authors at the Ryerson Multimedia Lab, Toronto "
    "(http://www.rml.ryerson.ca/rml-emotion-database.html)"
)
TERMS = "for research, not for commerce; the agreement counts"
EXTENSIONS = (".avi",)
EXPECTED = dict.fromkeys(EMOTIONS, 120)

_SPEAKER = re.compile(r"s0*([1-8])", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{1,2}\d+([a-z]+)", re.IGNORECASE)
_STEM = re.compile(rf"({'|'.join(TWO_LETTERS)})[ _-]?0*(\d+)", re.IGNORECASE)


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        at, speaker = nearest(path.parts[:-1], _SPEAKER)
        name = _STEM.fullmatch(path.stem.strip())
        if not speaker:
            left_out.append((path, "not in a speaker's folder s1 to s8"))
        elif not name:
            left_out.append((path, "name is not an emotion code (an di fe ha sa su) and a number"))
        else:
            rows.append(_row(path, speaker[1], path.parts[at + 1 : -1], name))
    return rows, left_out


def _row(path, speaker, between, name):
    _, match = nearest(between, _LANGUAGE)
    # An unfamiliar folder still tells clips of one name apart, so it stays in the key.
    folder = match[0].lower() if match else _slug("-".join(between))
    code = name[1].lower()
    return {
        "clip": "-".join(part for part in (f"s{speaker}", folder, f"{code}{name[2]}") if part),
        "path": path,
        "speaker": f"s{speaker}",
        "emotion": TWO_LETTERS[code],
        "language": match[1].lower() if match else folder,
    }


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
