"""SAVEE: ``AudioVisualClip/DC/a1.avi``: four men, the emotion in the letters of the name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import LeftOut, Row, nearest, outside_six
from avef.protocol import EMOTIONS

TITLE = "SAVEE"
OBTAIN = "by free registration from http://kahlan.eps.surrey.ac.uk/savee/ (AudioVisualClip)"
TERMS = "those of the registration"
EXTENSIONS = (".avi",)
# 4 speakers × 15 sentences.
EXPECTED = dict.fromkeys(EMOTIONS, 60)

_SPEAKER = re.compile("DC|JE|JK|KL", re.IGNORECASE)
_STEM = re.compile(r"(sa|su|a|d|f|h|n)0*(\d+)", re.IGNORECASE)
_CODES = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        _, speaker = nearest(path.parts[:-1], _SPEAKER)
        name = _STEM.fullmatch(path.stem)
        emotion = _CODES[name[1].lower()] if name else None
        if not speaker:
            left_out.append((path, "not in a speaker's folder DC, JE, JK or KL"))
        elif not name:
            left_out.append((path, "name is not an emotion code (a d f h n sa su) and a number"))
        elif emotion not in EMOTIONS:
            left_out.append((path, outside_six(emotion)))
        else:
            rows.append(_row(path, speaker[0].upper(), emotion, name))
    return rows, left_out


def _row(path, speaker, emotion, name):
    return {
        "clip": f"{speaker}-{name[1].lower()}{name[2]}",
        "path": path,
        "speaker": speaker,
        "emotion": emotion,
        "gender": "male",
        "language": "eng",
    }
