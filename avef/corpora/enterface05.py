"""eNTERFACE'05: ``subject 2/anger/sentence 3/s2_an_3.avi``, with or without an outer folder.

File names are wrong for whole subjects (11's carry 12's number, subject 2 has
two sentences swapped), so only the folders are read: ``subject02-anger-3``.
Subject 6 was never cut into sentences and is left out, which gives the paper's
43 speakers. Each emotion has five sentences of its own: the text tells the label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import LeftOut, Row, nearest
from avef.protocol import EMOTIONS

TITLE = "eNTERFACE'05"
OBTAIN = "from https://enterface.net/enterface05/emotion.html"
TERMS = "offered for scientific research; no licence text is known"
EXTENSIONS = (".avi",)
# 43 speakers × 5 sentences, less the three of subject 23 that were never recorded.
EXPECTED = {emotion: 215 - 3 * (emotion == "happiness") for emotion in EMOTIONS}

_SUBJECT = re.compile(r"subject[ _-]*0*(\d+)", re.IGNORECASE)
_EMOTION = re.compile("|".join(EMOTIONS), re.IGNORECASE)
_SENTENCE = re.compile(r"sentence[ _-]*0*([1-5])", re.IGNORECASE)


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        folders = [part.strip() for part in path.parts[:-1]]
        told = {
            "subject N": nearest(folders, _SUBJECT)[1],
            "emotion": nearest(folders, _EMOTION)[1],
            "sentence K": nearest(folders, _SENTENCE)[1],
        }
        missing = [name for name, match in told.items() if not match]
        if missing == ["sentence K"]:
            left_out.append((path, "not in a sentence folder: not cut into sentences"))
        elif missing:
            left_out.append((path, f"not in a folder of the kind {' or '.join(missing)}"))
        else:
            rows.append(_row(path, *told.values()))
    return rows, left_out


def _row(path, subject, emotion, sentence):
    speaker, name = f"subject{int(subject[1]):02d}", emotion[0].lower()
    return {
        "clip": f"{speaker}-{name}-{sentence[1]}",
        "path": path,
        "speaker": speaker,
        "emotion": name,
        "language": "eng",
        "sentence": f"{name}-{sentence[1]}",
    }
