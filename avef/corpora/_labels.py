"""BAUM-1s' label table, whose headers vary from copy to copy: columns are told by content."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence

Label = tuple[str, int | None, str]  # clip in upper case, code, gender or ""

_CLIP = re.compile(r"(s\d{3}_\d{3})(\.\w{3,4})?", re.IGNORECASE)
_NUMBER = re.compile(r"0*(\d{1,9})(\.0*)?")
_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}


def interpret(rows: Sequence[Sequence[str]], names: Mapping[int, str]) -> list[Label] | str | None:
    """Labels out of the rows of one sheet; ``names`` is {code: emotion name}.

    Returns None if the sheet names no clip; a sentence saying what is wrong if
    it does but the code's column cannot be told; otherwise a list of (clip,
    code or None, gender or ""), clip in upper case. A code that ``names`` does
    not hold is None.

    The code's column is the one that agrees with the spelt names. Subject and
    row numbers may lie in the same range, but do not follow the names.

    >>> rows = [["who", "clip", "name", "code"], ["2", "s002_001.mp4", "Sadnes", "2"]]
    >>> interpret(rows, {1: "anger", 2: "sadness"})
    [('S002_001', 2, '')]
    >>> interpret([["1", "anger"], ["2", "sadness"]], {1: "anger", 2: "sadness"})  # a legend
    """
    width = max((len(row) for row in rows), default=0)
    clip_column = max(range(width), key=lambda c: _clips(rows, c), default=None)
    if clip_column is None or not _clips(rows, clip_column):
        return None
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    rows = [row for row in rows if _CLIP.fullmatch(row[clip_column])]
    others = [column for column in range(width) if column != clip_column]
    codes = [column for column in others if _is_code(rows, column, names)]
    spelt = {
        o: [_nearest_name(row[o].lower(), tuple(names.values())) for row in rows] for o in others
    }
    agreement = {
        c: max(_agreement([names.get(_integer(row[c])) for row in rows], spelt[o]) for o in others)
        for c in codes
    }
    best = max(codes, key=lambda c: agreement[c], default=None)
    if best is None or agreement[best] < 0.5:
        return (
            f"no column of codes 1 to {len(names)} that agrees with a column of emotion names "
            f"(clip names are in column {clip_column + 1} of {width})"
        )
    gender = next((c for c in others if all(r[c].lower() in _GENDERS for r in rows)), None)
    return [
        (
            _clip(row[clip_column]),
            code if (code := _integer(row[best])) in names else None,
            "" if gender is None else _GENDERS[row[gender].lower()],
        )
        for row in rows
    ]


def merge(
    tables: Iterable[Iterable[Label]],
) -> tuple[dict[str, int], dict[str, str], dict[str, str]]:
    """One label a clip: ({clip: code}, {clip: gender}, {clip: reason it has no label}).

    >>> codes, _, problems = merge([[("S001_001", 1, ""), ("S001_002", 2, "")],
    ...                             [("S001_001", 1, ""), ("S001_002", 7, "")]])
    >>> codes, problems
    ({'S001_001': 1}, {'S001_002': 'annotated with several codes: 2, 7'})
    """
    every: dict[str, set[int | None]] = {}
    genders: dict[str, str] = {}
    for table in tables:
        for clip, code, gender in table:
            every.setdefault(clip, set()).add(code)
            genders.setdefault(clip, gender)
    codes: dict[str, int] = {}
    problems: dict[str, str] = {}
    for clip, given in every.items():
        known = sorted(code for code in given if code is not None)
        if len(known) == 1:
            codes[clip] = known[0]
        elif known:
            problems[clip] = f"annotated with several codes: {', '.join(map(str, known))}"
        else:
            problems[clip] = "annotated without a known emotion code"
    return codes, genders, problems


def _clips(rows, column):
    return sum(len(row) > column and bool(_CLIP.fullmatch(row[column])) for row in rows)


def _clip(entry):
    """The clip that an entry names, without its extension."""
    return _CLIP.fullmatch(entry)[1].upper()


def _integer(entry):
    match = _NUMBER.fullmatch(entry)
    return int(match[1]) if match else None


def _is_code(rows, column, names):
    return 2 * sum(_integer(row[column]) in names for row in rows) >= len(rows)


def _agreement(coded, spelt):
    """Share of the clips whose code stands for the emotion that is spelt beside it."""
    return sum(a is not None and a == b for a, b in zip(coded, spelt, strict=True)) / len(coded)


@functools.cache
def _nearest_name(word, names):
    matches = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    return matches[0] if matches else None
