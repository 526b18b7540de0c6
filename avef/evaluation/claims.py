"""Every claim of the paper and what became of it: a verdict by rules set down beforehand.

:data:`~avef.evaluation.rules.RULES` says for each claim when it counts as reproduced.
Deciding is pure: :mod:`avef.evaluation.evidence` sets each figure of the paper beside
ours, :func:`verdict` judges one, :func:`claims` joins them, one row a claim. Figures from
demo data are shown but never judged, nor are those of networks of other sizes than the paper's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation.judging import JUDGED, UNJUDGED, judge
from avef.evaluation.rules import (
    AS_GOOD_AS,
    ASKS,
    FIGURE,
    JOIN,
    LEVEL,
    PREPARED,
    RULES,
    WIDE,
    Rule,
    rules,
)
from avef.evaluation.verdicts import (
    IMPLEMENTED,
    INCONCLUSIVE,
    NO_VERDICT,
    NOT_REPRODUCED,
    NOT_RUN,
    OTHER_NETWORKS,
    OTHERWISE,
    PARTLY,
    REPRODUCED,
    VERDICTS,
)

__all__ = [
    "IMPLEMENTED",
    "FIGURE",
    "INCONCLUSIVE",
    "JOIN",
    "LEVEL",
    "NOT_REPRODUCED",
    "NOT_RUN",
    "NO_VERDICT",
    "OTHER_NETWORKS",
    "OTHERWISE",
    "PARTLY",
    "REPRODUCED",
    "RULES",
    "VERDICTS",
    "Part",
    "Rule",
    "claims",
    "joined",
    "judge",
    "rules",
    "verdict",
]


class Part(NamedTuple):
    """One figure of a claim: the paper's beside ours.

    ``data`` is a mark (:mod:`avef.evaluation.marks`); empty where no corpus is
    needed. ``missing`` says what there would have to be for ours; empty where ours is there.
    """

    id: str
    part: str
    paper: float | str | None = None
    ours: float | str | None = None
    low: float = np.nan
    high: float = np.nan
    unit: str = ""
    data: str = ""
    missing: str = ""


def verdict(part: Part) -> str:
    """A verdict, or :data:`~avef.evaluation.rules.FIGURE`, for one figure by its claim's rule.

    Examples
    --------
    K1 allows five points, and a figure of Table 4 is one of many that are judged as one:

    >>> verdict(Part("K1", "RML", paper=72, ours=68.1, data="paper"))
    'reproduced'
    >>> verdict(Part("T4", "RML audio", paper=71.3, ours=60, data="paper"))
    'judged with the others'
    >>> verdict(Part("K1", "RML", paper=72, ours=68.1, data="demo"))
    'demo data, no verdict'
    >>> verdict(Part("S1", "", paper="above 0", ours=3, low=1, high=5, data="resized"))
    'other networks, no verdict'
    """
    if part.missing:
        return NOT_RUN
    if part.data == "demo" or part.data == "resized" and part.id not in PREPARED:
        return UNJUDGED[part.data]
    rule = RULES[part.id]
    if rule.kind == "definition":
        return IMPLEMENTED if part.ours == part.paper else OTHERWISE
    if part.id in JUDGED:
        return FIGURE
    if rule.kind == "exact":
        fits = part.ours == part.paper or (part.part, part.ours) in AS_GOOD_AS
        return REPRODUCED if fits else NOT_REPRODUCED
    if rule.kind == "picture":
        return REPRODUCED
    if rule.kind == "direction":
        return _by_direction(part)
    # From here on the rules compare figures; texts are judged above.
    ours = cast(float, part.ours)
    printed = cast(float, part.paper)
    if rule.kind == "interval":
        return _by_interval(printed, part.low, part.high)
    limits = {
        "near": abs(ours - printed) <= rule.limit,
        "at most": ours <= printed,
    }
    return REPRODUCED if limits[rule.kind] else NOT_REPRODUCED


def _by_direction(part):
    if np.isnan([part.low, part.high]).any():
        return INCONCLUSIVE
    if part.low > 0:
        return REPRODUCED
    return NOT_REPRODUCED if part.high < 0 else INCONCLUSIVE


def _by_interval(printed, low, high):
    if np.isnan([low, high]).any():
        return INCONCLUSIVE
    if not low <= printed <= high:
        return NOT_REPRODUCED
    return REPRODUCED if high - low <= 2 * WIDE else INCONCLUSIVE


def joined(verdicts: Iterable[str]) -> str:
    """The verdict of a claim from those of its figures: :data:`~avef.evaluation.rules.JOIN`.

    Demo data and other networks anywhere leave no verdict. What was not run counts as
    inconclusive, unless nothing was run.

    Examples
    --------
    >>> joined(["reproduced", "not reproduced"])
    'partly reproduced'
    >>> joined(["inconclusive", "not run"])
    'inconclusive'
    """
    kinds = set(verdicts)
    if not kinds or kinds == {NOT_RUN}:
        return NOT_RUN
    for unjudged in UNJUDGED.values():
        if unjudged in kinds:
            return unjudged
    if len(kinds) == 1:
        return kinds.pop()
    if OTHERWISE in kinds:
        return OTHERWISE
    if NOT_REPRODUCED in kinds and REPRODUCED not in kinds:
        return NOT_REPRODUCED
    return PARTLY if REPRODUCED in kinds else INCONCLUSIVE


def claims(parts: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """One row a claim.

    Parameters
    ----------
    parts : DataFrame
        From :func:`avef.evaluation.evidence.parts`.
    judged : DataFrame
        From :func:`~avef.evaluation.judging.judge`: what of T4–T10, S3 and S5 is judged as one.

    Returns
    -------
    DataFrame
        ``id``, ``says``, ``asks`` (what the verdict answers), ``paper``, ``ours`` (texts with
        units; of several figures their range), ``low``, ``high`` (of a single figure, else NaN),
        ``verdict``, ``remark`` (how many figures are reproduced, and what is
        missing), ``notebook`` (a link relative to the reports folder).
    """
    rows = []
    as_one = judged.set_index("id")
    for name, claim in paper.CLAIMS.items():
        rule = RULES[name]
        group = parts[parts["id"] == name]
        single = group.iloc[0] if len(group) == 1 else {"low": np.nan, "high": np.nan}
        rows.append(
            {
                "id": name,
                "says": claim.statement,
                "asks": ASKS[rule.kind],
                "paper": _range(group["paper"], group["unit"]),
                "ours": _range(group["ours"], group["unit"]),
                "low": single["low"],
                "high": single["high"],
                "verdict": as_one.loc[name, "verdict"]
                if name in JUDGED
                else joined(group["verdict"]),
                "remark": _remark(group, as_one.loc[name, "remark"] if name in JUDGED else ""),
                "notebook": rule.page,
            }
        )
    return pd.DataFrame(rows)


def _range(values, units):
    """Text of a claim's figures: one, or the least and the greatest, of each unit."""
    both = zip(values, units, strict=True)
    pairs = [(value, unit) for value, unit in both if value is not None and value == value]
    figures = [value for value, _ in pairs]
    if not figures:
        return ""
    if isinstance(figures[0], str):
        return figures[0] if len(set(figures)) == 1 else f"{len(figures)} entries"
    texts = []
    for unit in dict.fromkeys(unit for _, unit in pairs):
        alike = [value for value, other in pairs if other == unit]
        texts.append(f"{_span(min(alike), max(alike))} {unit}".strip())
    return "; ".join(texts)


def _span(low, high):
    """From the least to the greatest, both with as many decimals; what is all but zero is zero."""
    low, high = (round(value, 9) + 0.0 for value in (low, high))
    least, greatest = f"{low:.4g}", f"{high:.4g}"
    if least == greatest:
        return least
    places = max(len(text.partition(".")[2]) for text in (least, greatest))
    return f"{low:.{places}f} … {high:.{places}f}"


def _remark(group, said):
    """What was said of the whole, or how many figures are as the paper's; what is missing."""
    notes = [said] if said else []
    alone = group[~group["verdict"].isin([NOT_RUN, *UNJUDGED.values(), FIGURE])]
    if len(group) > 1 and len(alone):
        good = alone["verdict"].isin([REPRODUCED, IMPLEMENTED]).sum()
        notes.append(f"{good} of {len(group)} figures")
    notes += [
        AS_GOOD_AS[key]
        for key in zip(group["part"], group["ours"], strict=True)
        if key in AS_GOOD_AS
    ]
    missing = list(dict.fromkeys(name for name in group["missing"] if name))
    if missing:
        notes.append("missing: " + ", ".join(missing))
    return "; ".join(notes)
