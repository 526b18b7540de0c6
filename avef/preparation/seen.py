"""What the files of a corpus are like: what was seen of each when it was prepared, summed up.

:func:`~avef.preparation.clips.prepare_corpus` keeps it in each clip's row; here
rows become tables for people. Rows of earlier runs may lack any of it.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

#: Column of ``clips.csv`` → what it says, in the order of the table.
FACTS = {
    "duration": "duration, s",
    "fps": "pictures a second",
    "size": "picture, pixels",  # of the columns width and height
    "stored": "picture as stored",
    "rotation": "rotation, ° clockwise",
    "flipped": "left and right exchanged",
    "pixel_aspect": "pixel aspect",
    "interlaced": "interlaced",
    "video_codec": "video codec",
    "pixel_format": "pixel format",
    "colour": "colour",
    "hdr": "high dynamic range",
    "video_stream": "video stream",
    "video_damaged": "packets of pictures left out",
    "audio_codec": "audio codec",
    "audio_rate": "sound rate, Hz",
    "audio_channels": "sound channels",
    "audio_stream": "audio stream",
    "audio_start": "start of the sound, s",
    "audio_gaps": "gaps in the sound",
    "audio_gap_seconds": "gaps in the sound, s",
    "audio_overlap_seconds": "overlaps in the sound, s",
    "audio_damaged": "packets of sound left out",
}
_MOST = 6  # values that are listed one by one
_NAMED = 3  # clips that a warning names
_NUMBER = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)(?!\.?\w)")  # on its own, not as in h264


def facts(prepared: pd.DataFrame) -> pd.DataFrame:
    """Each fact that the rows tell of their files, with its values and how many clips have them.

    Parameters
    ----------
    prepared : DataFrame
        Prepared clips, as typed columns or as the text of ``clips.csv``; of the columns that
        :data:`FACTS` names, any.

    Returns
    -------
    DataFrame
        ``fact`` and ``values (clips)``: up to six values are listed, the commonest first. Of
        more numbers stands the range, beside the one that half of the clips have, if there is
        one; of more words the commonest.

    Examples
    --------
    >>> rows = pd.DataFrame({"audio_rate": [44100, 48000, 48000], "flipped": [False] * 3})
    >>> facts(rows)
                           fact        values (clips)
    0  left and right exchanged                no (3)
    1            sound rate, Hz  48000 (2), 44100 (1)
    """
    if len(prepared) and {"width", "height"} <= set(prepared):
        prepared = prepared.assign(size=_sizes(prepared))
    rows = [
        (name, _told(prepared[column]))
        for column, name in FACTS.items()
        if column in prepared and len(prepared)
    ]
    return pd.DataFrame(rows, columns=["fact", "values (clips)"])


def warnings(prepared: pd.DataFrame) -> pd.DataFrame:
    """Each warning, how many clips have it, and some of these; the most frequent first.

    Warnings that differ in nothing but numbers are one, with the least and the greatest.

    Parameters
    ----------
    prepared : DataFrame
        As in :func:`facts`, with ``clip``; ``warnings`` holds sentences parted by "; ".

    Returns
    -------
    DataFrame
        ``warning``, ``clips`` (int), ``such as``; no row where there is no warning.

    Examples
    --------
    >>> rows = {"clip": ["a", "b", "c"], "warnings": ["no end; 2 gaps", "", "7 gaps"]}
    >>> warnings(pd.DataFrame(rows))
          warning  clips such as
    0  2 … 7 gaps      2    a, c
    1      no end      1       a
    """
    groups: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for row in prepared.reindex(columns=["clip", "warnings"]).itertuples(index=False):
        for sentence in filter(None, map(str.strip, _text(row.warnings).split("; "))):
            parts = _NUMBER.split(sentence)
            groups.setdefault(tuple(parts[::2]), []).append((_text(row.clip), parts[1::2]))
    rows = []
    for words, cases in groups.items():
        clips = list(dict.fromkeys(clip for clip, _ in cases))
        rows.append((_joined(words, [numbers for _, numbers in cases]), len(clips), _some(clips)))
    rows.sort(key=lambda row: (-row[1], row[0]))
    return pd.DataFrame(rows, columns=["warning", "clips", "such as"])


def _text(value: Any) -> str:
    """One entry, typed or from a CSV, as the same text; "" where there is none."""
    text = "" if pd.isna(value) else str(value).strip()
    return {"True": "yes", "False": "no"}.get(text, text)


def _sizes(prepared):
    """Width and height as one entry; "" where one is not known."""
    width, height = (prepared[c].map(_text).str.removesuffix(".0") for c in ("width", "height"))
    return (width + " × " + height).where((width != "") & (height != ""), "")


def _told(column):
    """The values of a fact and how often each stands."""
    texts = column.map(_text)
    given = texts[texts != ""]
    numbers = pd.to_numeric(given, errors="coerce")
    if len(given) and numbers.notna().all():
        parts = _told_numbers(numbers)
    else:
        parts = _told_words(given)
    unknown = len(texts) - len(given)
    return ", ".join([*parts, *([f"not known ({unknown})"] if unknown else [])])


def _told_numbers(numbers):
    counts = numbers.value_counts()
    usual = counts if len(counts) <= _MOST else counts[2 * counts >= len(numbers)]
    others = numbers[~numbers.isin(usual.index)]
    told = [f"{value:.10g} ({count})" for value, count in usual.items()]
    if len(others):
        told.append(f"{others.min():.10g} … {others.max():.10g} ({len(others)})")
    return told


def _told_words(texts):
    counts = texts.value_counts()
    usual = counts if len(counts) <= _MOST else counts[: _MOST - 1]
    told = [f"{value} ({count})" for value, count in usual.items()]
    if len(usual) < len(counts):
        rest = counts[len(usual) :]
        told.append(f"{len(rest)} others ({rest.sum()})")
    return told


def _joined(words, cases):
    """A warning again, each number of its cases as the one that all have, or as a range."""
    said = words[0]
    for place, word in enumerate(words[1:]):
        texts = sorted({numbers[place] for numbers in cases}, key=_by_size)
        said += (texts[0] if len(texts) == 1 else f"{texts[0]} … {texts[-1]}") + word
    return said


def _by_size(text):
    return float(text), text


def _some(clips):
    """A few names, and how many there are besides."""
    more = len(clips) - _NAMED
    return ", ".join(clips[:_NAMED]) + (f" and {more} more" if more > 0 else "")
