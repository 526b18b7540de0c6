"""Whether what the pages show in ways of their own is as the stages write it.

Other tables are shown as they stand, whatever is in them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NotRequired

import pandas as pd
from typing_extensions import TypedDict

from avef.config import params
from avef.config.values import Number, Whole
from avef.core.errors import ParameterError

_ACCURACIES = ("dataset", "modality", "emotion_model", "case", "paper", "ours", "difference")
#: Table → the columns that its section cannot do without.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "claims": (
        *("id", "says", "asks", "verdict", "remark"),
        *("paper", "ours", "low", "high", "notebook"),
    ),
    "power_needed": ("id", "truth", "verdict", "asked", "percent"),
    "consistency": ("id", "holds"),
    **{f"table_{n}": (*_ACCURACIES, "unweighted") for n in (4, 5, 6, 7)},
    **{f"table_{n}": ("true", "predicted", "paper", "ours") for n in (8, 9, 10)},
}
_FIGURES = ("paper", "ours", "difference", "deviation", "unweighted", "low", "high")
#: Table → the columns, of those that it has, whose entries are numbers or empty.
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "claims": ("low", "high"),
    "power_needed": ("percent",),
    "consistency": ("expected", "found", "difference", "tolerance"),
    **{f"table_{n}": (*_FIGURES, "clips", "seeds") for n in range(4, 11)},
}
#: Claim → what was measured of it, in percent.
KEYS = {"V1": "percent", "V2": "relative_gain"}
MATRICES = ("table_8", "table_9", "table_10")


def check(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a table that lacks what its section needs.

    Parameters
    ----------
    tables : name → DataFrame of str

    Raises
    ------
    ParameterError
        Naming the table and what is wrong with it.

    Examples
    --------
    >>> check({"power": pd.DataFrame(), "consistency": pd.DataFrame({"id": ["rows/rml"]})})
    Traceback (most recent call last):
    avef.core.errors.ParameterError: tables/consistency.csv: has no column holds
    """
    for name, table in tables.items():
        fault = _fault(name, table)
        if fault:
            raise ParameterError(f"tables/{name}.csv: {fault}")


def _fault(name, table):
    missing = [column for column in NEEDED.get(name, ()) if column not in table]
    if missing:
        return f"has no column {', '.join(missing)}"
    for column in NUMBERS.get(name, ()):
        for entry in table.get(column, ()):
            if entry and not _finite(entry):
                return f"{column} must hold numbers, got {entry[:40]!r}"
    if name == "power_needed" and "" in set(table["percent"]):
        return "percent must hold numbers, got ''"
    if name in MATRICES:
        pairs = list(zip(table["true"], table["predicted"], strict=True))
        classes = {true for true, _ in pairs}
        if len(set(pairs)) < len(pairs) or set(pairs) != {(a, b) for a in classes for b in classes}:
            return "must have one row for each pair of emotions"
    return None


def _finite(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


class Bounds(TypedDict):
    """A 95 % interval."""

    low: Number
    high: Number


class Accuracy(Bounds):
    """One case's, in percent."""

    accuracy: Number
    deviation: Number


class Gain(Bounds):
    """Case 2 − case 1, in points."""

    difference: Number


Run = TypedDict(
    "Run", {"width": Number, "alike": str, "gain": Gain, "case 1": Accuracy, "case 2": Accuracy}
)


class About(TypedDict):
    """One corpus of real recordings."""

    voiced_percent: Number
    clips: Whole
    speakers: Whole
    emotions: list[str]
    runs: list[Run]


class Measured(TypedDict):
    """Of V1 or V2."""

    utterances: Whole
    percent: NotRequired[Number]
    relative_gain: NotRequired[Number]
    low: NotRequired[Number]
    high: NotRequired[Number]


#: A claim on speakers whom the detector does not know, and on all of them.
Claims = TypedDict(
    "Claims",
    {"V1": Measured, "V1 all speakers": Measured, "V2": Measured, "V2 all speakers": Measured},
    total=False,
)


class Machine(TypedDict):
    """Where it was measured."""

    cpu: str
    instructions: str


class Real(TypedDict):
    """What ``benchmarks/real.py`` writes and the pages show."""

    machine: Machine
    seeds: list[Whole]
    epochs: Whole
    ravdess: About
    emodb: About
    claims: Claims


def real(values: Any, name: str) -> Mapping[str, Any]:
    """The content of ``real.json`` as it stands, once it has been found to be what pages show.

    Raises
    ------
    ParameterError
        Naming what is missing or of another kind; ``name`` is the file's.
    """
    told: Mapping[str, Any] = params.typed(Real, values, name)
    for corpus in ("ravdess", "emodb"):
        if not told[corpus]["runs"]:
            raise ParameterError(f"{name}: {corpus}.runs: none is there")
    for claim, key in KEYS.items():
        for named in (claim, f"{claim} all speakers"):
            about = told["claims"].get(named)
            if about is not None and (key not in about or ("low" in about) != ("high" in about)):
                raise ParameterError(f"{name}: claims.{named}: must have {key}, low and high")
    return values
