"""CREMA-D: ``VideoFlash/1001_DFA_ANG_XX.flv``: actor, sentence, emotion, level. No surprise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import LeftOut, Row, outside_six
from avef.protocol import EMOTIONS

TITLE = "CREMA-D"
OBTAIN = "from https://github.com/CheyneyComputerScience/CREMA-D (folder VideoFlash)"
TERMS = "Open Database License 1.0"
EXTENSIONS = (".flv", ".mp4")
# 7442 clips, less 1087 neutral and three of the known-bad files below.
EXPECTED = {
    "anger": 1271,
    "disgust": 1270,
    "fear": 1271,
    "happiness": 1271,
    "sadness": 1269,
    "surprise": 0,
}

_STEM = re.compile(r"(\d{4})_([A-Z]{3})_([A-Z]{3})_([A-Z]{2})", re.IGNORECASE)
_CODES = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
KNOWN_BAD = ("1076_MTI_NEU_XX", "1076_MTI_SAD_XX", "1064_TIE_SAD_XX", "1064_IEO_DIS_MD")


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        name = _STEM.fullmatch(path.stem)
        emotion = _CODES.get(name[3].upper()) if name else None
        if not name or not emotion:
            left_out.append((path, "name is not actor_sentence_emotion_level"))
        elif path.stem.upper() in KNOWN_BAD:
            left_out.append((path, "known to be damaged"))
        elif emotion not in EMOTIONS:
            left_out.append((path, outside_six(emotion)))
        else:
            rows.append(
                {
                    "clip": path.stem.upper(),
                    "path": path,
                    "speaker": name[1],
                    "emotion": emotion,
                    "language": "eng",
                    "sentence": name[2].upper(),
                }
            )
    return rows, left_out
