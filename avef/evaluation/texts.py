"""Numbers as people read them: rounded, in a unit of their size, with one minus sign."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from avef import paper

#: Columns and rows of tables that have another name for readers.
_NAMES = {
    "dataset": "corpus",
    "unweighted": "mean recall",
    "unweighted_1": "mean recall, case 1",
    "unweighted_2": "mean recall, case 2",
    "seeds": "trainings",
    "plain": "base run",
    "changed": "with the change",
    "moved": "predictions that differ (%)",
    "quarantined": "in quarantine",
    "segments_case1": "segments of case 1",
    "segments_case2": "segments of case 2",
    "segments_percent": "segments of case 2 (% of case 1)",
    "voiced_percent": "speech (% of the time)",
    "happiness_voiced_percent": "speech in clips of happiness (%)",
    "frames_with_face_percent": "frames with a face (%)",
}
#: Emotion models, where the key alone would not say it.
_MODELS = {"emotion": "six emotions"}
NOTHING = "–"  # for what does not exist
_NEGATIVE = re.compile(r"(?<![\w.)\]-])-(?=\d)")
_DECIMAL = re.compile(r"\d+\.\d+(e[-+]?\d+)?")
_HOURS = re.compile(r"([\d.]+) h\b")


def minus(text: str) -> str:
    """Every negative number with a true minus, which is as wide as a plus.

    Examples
    --------
    >>> minus("-1.5 … -0.2 (Tables 8-10, 2026-11-26)")
    '−1.5 … −0.2 (Tables 8-10, 2026-11-26)'
    """
    return _NEGATIVE.sub("−", text)


def rounded(text: str, places: int = 2) -> str:
    """Every number with more decimals than ``places`` cut to them; small ones to two digits.

    Small is below 0.1, where decimals alone would leave nothing of a p-value.

    Examples
    --------
    >>> rounded("-7.1429 … 79.25"), rounded("0.000887"), rounded("0.0434 s", 1), rounded("79.2")
    ('-7.14 … 79.25', '0.00089', '0.043 s', '79.2')
    """

    def short(match: re.Match[str]) -> str:
        value, decimals = float(match[0]), len(match[0].partition(".")[2])
        if 0 < value < 0.1:
            kept = f"{value:.1e}".partition("e")
            return f"{value:.{1 - int(kept[2])}f}".rstrip("0")
        return f"{value:.{places}f}" if decimals > places else match[0]

    return _DECIMAL.sub(short, text)


def figure(text: str) -> str:
    """One of our figures with its unit: to one decimal, a short time in minutes or seconds.

    Examples
    --------
    >>> figure("-7.143 … 7.981 points"), figure("0.000887 h"), figure("drawn")
    ('−7.1 … 8.0 points', '3.2 s', 'drawn')
    """

    def shorter(match: re.Match[str]) -> str:
        hours = float(match[1])
        if hours >= 1:
            return match[0]
        return f"{hours * 60:.1f} min" if hours >= 1 / 60 else f"{hours * 3600:.1f} s"

    return minus(rounded(_HOURS.sub(shorter, text), 1))


def places(values: Iterable[float]) -> int:
    """How many decimals a column of numbers is read by: fewer, the greater they are.

    Examples
    --------
    >>> places([71.0, 2.0]), places([71.25, 2.0]), places([0.99, 0.5])
    (0, 1, 3)
    """
    known = [abs(value) for value in values if value == value]
    if all(float(value).is_integer() for value in known):
        return 0
    greatest = max(known)
    return 1 if greatest >= 10 else 2 if greatest > 1 else 3


def decimals(figures: ArrayLike) -> int:
    """Decimals that a table prints: the most that one of its figures needs, at least one.

    Examples
    --------
    >>> decimals([[13.5, 86.7], [76.12, 80.0]])
    2
    """
    values = np.ravel(np.asarray(figures, float))
    return max(len(repr(float(value)).partition(".")[2]) for value in values)


def column(values: Iterable[float]) -> list[str]:
    """Numbers of one column as people read them, a dash for what does not exist.

    All have as many decimals as the greatest asks for (:func:`places`), but what these would
    make nothing of has two digits.

    Examples
    --------
    >>> column([71.25, -8.9623, float("nan")]), column([0.0954, 0.00012]), column([3.0, -0.0])
    (['71.2', '−9.0', '–'], ['0.095', '0.00012'], ['3', '0'])
    """
    known = [float(value) for value in values]
    decimals = places(known)
    return [NOTHING if value != value else _number(value, decimals) for value in known]


def _number(value, decimals):
    small = 0 < abs(value) < 0.5 / 10**decimals
    return minus(f"{value:.2g}" if small else f"{value + 0.0:.{decimals}f}")


def signed(value: float, places: int = 1) -> str:
    """A difference with its sign; without one where nothing is left of it.

    >>> signed(-7.14), signed(2.0, 0), signed(-0.04)
    ('−7.1', '+2', '0.0')
    """
    text = f"{value:+.{places}f}"
    return minus(text) if float(text) else text[1:]


def model(name: str) -> str:
    """What an emotion model is called where people read it.

    >>> model("emotion"), model("arousal")
    ('six emotions', 'arousal')
    """
    return _MODELS.get(name, name)


def named(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose corpora and emotion models are called as people call them.

    >>> named(pd.DataFrame({"dataset": ["rml"], "emotion_model": ["emotion"]})).values.tolist()
    [['RML', 'six emotions']]
    """
    readers = {"dataset": paper.title, "emotion_model": model}
    known = {name: table[name].map(reader) for name, reader in readers.items() if name in table}
    return table.assign(**known)


def heading(name: str) -> str:
    """What a column or a row of a table is called where people read it.

    >>> heading("dataset"), heading("test_share")
    ('corpus', 'test share')
    """
    return _NAMES.get(name, name).replace("_", " ")


def whole(number: float) -> float:
    """The number, without decimals where it has none but zeros.

    >>> whole(30.0), whole(29.97)
    (30, 29.97)
    """
    return int(number) if float(number).is_integer() else number


def took(seconds: float) -> str:
    """How long something took.

    Examples
    --------
    >>> took(50.6), took(840.2), took(9000)
    ('51 s', '14 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def count(number: int, one: str, many: str = "") -> str:
    """How many of what.

    Examples
    --------
    >>> count(1, "clip"), count(3, "clip"), count(2, "person", "people")
    ('1 clip', '3 clips', '2 people')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def are(number: int) -> str:
    """The verb that goes with so many.

    >>> are(1), are(0)
    ('is', 'are')
    """
    return "is" if number == 1 else "are"


def span(values: Iterable[float], places: int = 1) -> str:
    """From the least to the greatest.

    >>> span([2.04, -1.0]), span([2.04, 2.0])
    ('−1.0 … 2.0', '2.0')
    """
    known = list(values)
    low, high = f"{min(known):.{places}f}", f"{max(known):.{places}f}"
    return minus(low if low == high else f"{low} … {high}")
