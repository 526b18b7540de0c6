"""BAUM-1s: ``BAUM1s_MP4 - All/s001/S001_005.mp4``, labels in a spreadsheet beside.

The emotion code is trusted, not the emotion's misspelt name. BAUM-1a, the
acted half, uses the same clip names for other clips and is always left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from avef.core.errors import ParameterError
from avef.core.inert import shown
from avef.corpora import _labels, _sheets
from avef.corpora._tree import LeftOut, Row, nearest, outside_six, walk
from avef.protocol import EMOTIONS

TITLE = "BAUM-1s"
OBTAIN = (
    "from its authors under a signed agreement "
    "(Zhalehpour, Onder, Akhtar and Erdem 2017, IEEE Trans. Affective Computing 8)"
)
TERMS = "those of the agreement"
EXTENSIONS = (".mp4",)
EXPECTED = {
    "anger": 56,
    "disgust": 80,
    "fear": 37,
    "happiness": 173,
    "sadness": 134,
    "surprise": 41,
}

CODES = {
    1: "anger",
    2: "boredom",
    3: "bothered",
    4: "concentrating",
    5: "contempt",
    6: "disgust",
    7: "fear",
    8: "happiness",
    9: "neutral",
    10: "sadness",
    11: "surprise",
    12: "thinking",
    13: "unsure",
}
_FOLDER = re.compile(r"s(\d{3})", re.IGNORECASE)
_STEM = re.compile(r"s(\d{3})_(\d{3})", re.IGNORECASE)
_ACTED = re.compile(r"baum[ _-]*1[ _-]*a(?![a-z])", re.IGNORECASE)


def scan(root: Path, paths: Iterable[PurePosixPath]) -> tuple[list[Row], list[LeftOut]]:
    """Rows and (path, reason) pairs of relative ``paths``; reads the labels below ``root``.

    ParameterError if no label table is there or its columns cannot be told.
    """
    codes, genders, problems = _read_labels(root)
    rows: list[Row] = []
    left_out: list[LeftOut] = []
    present: set[str] = set()
    for path in paths:
        name = _STEM.fullmatch(path.stem)
        clip = path.stem.upper()
        reason = _reason(path, name, codes, problems)
        if not (name and _is_acted(path)):
            present.add(clip)
        if reason:
            left_out.append((path, reason))
            continue
        rows.append(
            {
                "clip": clip,
                "path": path,
                "speaker": clip[:4],
                "emotion": CODES[codes[clip]],
                "gender": genders.get(clip, ""),
                "language": "tur",
            }
        )
    absent = sorted((set(codes) | set(problems)) - present)
    left_out += [(clip, "annotated, but there is no such file") for clip in absent]
    return rows, left_out


def _reason(path, name, codes, problems):
    if _is_acted(path):
        return "BAUM-1a (acted), not BAUM-1s"
    if not name:
        return "name is not of the form S001_005"
    clip = path.stem.upper()
    _, folder = nearest(path.parts[:-1], _FOLDER)
    if folder and folder[1] != name[1]:
        return f"folder {folder[0]} and name disagree on the speaker"
    if clip in problems:
        return problems[clip]
    if clip not in codes:
        return "no annotation"
    emotion = CODES[codes[clip]]
    return None if emotion in EMOTIONS else outside_six(emotion)


def _is_acted(path):
    return any(_ACTED.search(part) for part in path.parts)


def _read_labels(root):
    files = [path for path in walk(root, _sheets.EXTENSIONS) if not _is_acted(path)]
    tables: list[tuple[str, list[_labels.Label] | str]] = []
    large = ""
    for file in files:
        try:
            sheets = _sheets.read(root, file)
        except _sheets.TooLargeError as error:  # features, say
            sheets, large = [], f"; {error}"
        for name, entries in sheets:
            table = _labels.interpret(entries, CODES)
            # A sheet that names no clips (a legend, say) is none of ours.
            if table is not None:
                tables.append((shown(f"{file}{name}"), table))
    if not tables:
        raise ParameterError(
            f"BAUM-1s has no labels in {root}: looked for a table of clip names like S001_005 "
            f"in {len(files)} .xlsx or .csv files; put Annotations_BAUM1s.xlsx there{large}"
        )
    readable = [table for _, table in tables if not isinstance(table, str)]
    if not readable:
        where, problem = tables[0]
        raise ParameterError(f"BAUM-1s labels in {root / where} cannot be read: {problem}")
    return _labels.merge(readable)
