"""Emo-DB: ``wav/03a01Fa.wav``: speaker, text, emotion letter (German), version. Sound only.

It serves the paper's VAD claims alone (V1, V2), so all seven emotions stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import AUDIO, LeftOut, Row

TITLE = "Emo-DB"
OBTAIN = "from http://emodb.bilderbar.info/ (download.zip)"
TERMS = "to be cited; no licence text is known"
EXTENSIONS = (".wav",)
EXPECTED = {
    "anger": 127,
    "disgust": 46,
    "fear": 69,
    "happiness": 71,
    "sadness": 62,
    "boredom": 81,
    "neutral": 79,
}

_STEM = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])([a-z])", re.IGNORECASE)
_CODES = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
_MEN = ("03", "10", "11", "12", "15")


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        name = _STEM.fullmatch(path.stem)
        if name:
            rows.append(_row(path, *name.groups()))
        else:
            left_out.append((path, "name is not speaker, text, emotion letter and version"))
    return rows, left_out


def _row(path, speaker, text, letter, version):
    return {
        "clip": f"{speaker}{text.lower()}{letter.upper()}{version.lower()}",
        "path": path,
        "speaker": speaker,
        "emotion": _CODES[letter.upper()],
        "gender": "male" if speaker in _MEN else "female",
        "language": "deu",
        "sentence": text.lower(),
        "kind": AUDIO,
    }
