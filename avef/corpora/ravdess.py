"""RAVDESS: ``Actor_01/01-01-03-01-01-01-01.mp4``, seven codes to a name.

Modality, vocal channel, emotion, intensity, statement, repetition, actor.
Spoken clips are used, in any container; songs and pictures without sound are
left out. A clip's id is its name without the modality: where it is there with
pictures (01) and as sound alone (03), the former counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.corpora._tree import AUDIO, FILM, SOUND, LeftOut, Row, kind, nearest, outside_six
from avef.protocol import EMOTIONS

TITLE = "RAVDESS"
OBTAIN = "from https://zenodo.org/records/1188976 (the Video_Speech_Actor_NN archives)"
TERMS = "CC BY-NC-SA 4.0"
EXTENSIONS = FILM + SOUND
# 24 actors × 2 intensities × 2 statements × 2 repetitions.
EXPECTED = dict.fromkeys(EMOTIONS, 192)

_STEM = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
_ACTOR = re.compile(r"actor[ _-]*0*(\d+)", re.IGNORECASE)
_CODES = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; ``root`` is not read."""
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    for path in paths:
        name = _STEM.fullmatch(path.stem)
        reason = _reason(path, name)
        if reason:
            left_out.append((path, reason))
        else:
            rows.append(_row(path, name))
    return rows, left_out


def _reason(path, name):
    if not name:
        return "name is not seven two-digit codes"
    modality, channel, emotion, *_, actor = name.groups()
    _, folder = nearest(path.parts[:-1], _ACTOR)
    checks = [
        (modality == "02", "picture without sound (modality 02)"),
        (modality not in ("01", "03"), f"unknown modality code {modality}"),
        (channel != "01", f"sung, not spoken (vocal channel {channel})"),
        (emotion not in _CODES, f"unknown emotion code {emotion}"),
        (_CODES.get(emotion) not in EMOTIONS, outside_six(_CODES.get(emotion))),
        (folder and int(folder[1]) != int(actor), f"folder and name disagree on actor {actor}"),
    ]
    return next((reason for wrong, reason in checks if wrong), None)


def _row(path, name):
    actor = name[7]
    return {
        "clip": path.stem[3:],
        "path": path,
        "speaker": f"actor{actor}",
        "emotion": _CODES[name[3]],
        "gender": "male" if int(actor) % 2 else "female",
        "language": "eng",
        "sentence": name[5],
        "kind": AUDIO if name[1] == "03" else kind(path),
    }
