"""Every claim of the paper and what became of it: a verdict by rules set down beforehand.

:data:`RULES` says for each claim when it counts as reproduced. Deciding is pure:
:mod:`avef.evaluation.evidence` sets each figure of the paper beside ours, :func:`verdict`
judges one, :func:`claims` joins them, one row a claim. Figures from demo data are
shown but never judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from avef import paper

REPRODUCED, PARTLY, INCONCLUSIVE = "reproduced", "partly reproduced", "inconclusive"
NOT_REPRODUCED, NO_VERDICT, NOT_RUN = "not reproduced", "demo data, no verdict", "not run"
VERDICTS = (REPRODUCED, PARTLY, INCONCLUSIVE, NOT_REPRODUCED, NO_VERDICT, NOT_RUN)

WIDE = 10.0  # points on either side, beyond which an interval that covers the paper shows nothing
ALPHA = 0.05
LEVEL = 0.95

#: What each kind of rule asks of one figure.
KINDS = {
    "exact": "reproduced if ours is the paper's, not reproduced otherwise",
    "picture": "reproduced if the figure was drawn",
    "interval": "reproduced if the paper's figure lies in our 95 % interval over speakers, not "
    f"reproduced if outside; inconclusive if inside one wider than ±{WIDE:.0f} points, or if "
    "there is none",
    "near": "reproduced if ours is at most {limit:g} points from the paper's",
    "at most": "reproduced if ours is at most the paper's",
    "factor": "reproduced if ours is the paper's within a factor of {limit:g}",
    "direction": "reproduced if the 95 % interval of the difference lies above 0, not reproduced "
    "if below; inconclusive otherwise, or if there is none",
    "paired": f"reproduced if the difference is above 0 with p < {ALPHA} (sign flips of "
    f"speakers), not reproduced if below 0 with p < {ALPHA} after Holm's correction; "
    "inconclusive otherwise",
}
JOIN = (
    "Of several figures: reproduced if all are, not reproduced if some are not and none is, "
    "inconclusive if none is either, else partly reproduced. About one true figure in twenty "
    "lies outside its interval by chance."
)
JOIN_EVERY = "any figure not reproduced refutes the claim, and only all together confirm it"


class Rule(NamedTuple):
    """How a claim is judged, the page that shows it, and what of it is judged.

    ``limit`` belongs to the kind; with ``every`` one failure refutes the claim.
    """

    kind: str
    page: str
    of: str = ""
    limit: float = np.nan
    every: bool = False


_TABLES = "html/07_tables_4_10.html"
RULES = {
    "T1": Rule("exact", "html/00_corpora.html#table-1"),
    "T2": Rule("exact", "html/00_corpora.html#table-2"),
    "T3": Rule("exact", "html/07_tables_4_10.html#table-3", "training set-up of the paper profile"),
    **{f"T{n}": Rule("interval", f"{_TABLES}#tables-4-and-5", "accuracies") for n in (4, 5)},
    **{f"T{n}": Rule("interval", f"{_TABLES}#tables-6-and-7", "accuracies") for n in (6, 7)},
    **{f"T{n}": Rule("interval", f"{_TABLES}#tables-8-10", "diagonal") for n in (8, 9, 10)},
    "F1": Rule("picture", "html/08_claims.html#f1"),
    "F2": Rule("picture", "html/01_preprocessing-enterface05.html#fig-2"),
    "F3": Rule("picture", "html/01_preprocessing-enterface05.html#fig-3"),
    "V1": Rule("near", "html/08_claims.html#v1", limit=5.0),
    "V2": Rule("interval", "html/08_claims.html#v2"),
    "K1": Rule("near", "html/01_preprocessing-rml.html#k1", limit=5.0),
    "P1": Rule("factor", "html/07a_speed.html#p1", limit=2.0),
    "P2": Rule("at most", "html/07a_speed.html#p2"),
    "P3": Rule("factor", "html/07a_speed.html#p3", limit=2.0),
    "S1": Rule("direction", "html/06a_baselines.html#what-the-paper-s-model-gains"),
    "S2": Rule("direction", "html/06a_baselines.html#what-the-paper-s-model-gains"),
    "S3": Rule("paired", "html/08_claims.html#the-verdicts", "case 2 minus case 1", every=True),
    "S4": Rule(
        "direction",
        "html/06b_transfer_gain.html#does-it-help",
        "accuracy with transfer minus without, and epochs saved to the same training loss",
    ),
    "S5": Rule(
        "paired",
        "html/07_tables_4_10.html#tables-8-10",
        "accuracy on anger and happiness minus that on the others, and the share of errors "
        "within the paper's two pairs minus chance",
    ),
}


class Part(NamedTuple):
    """One figure of a claim: the paper's beside ours.

    ``data`` is demo or paper; empty where no corpus is needed. ``missing`` says
    what there would have to be for ours; empty where ours is there. ``p`` and
    ``holm`` (corrected over the claim's figures) serve the paired rules.
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
    p: float = np.nan
    holm: float = np.nan


def verdict(part: Part) -> str:
    """One of :data:`VERDICTS` for one figure, by the rule of its claim.

    Examples
    --------
    K1 allows five points, and Table 4 asks for an interval around the paper's figure:

    >>> verdict(Part("K1", "RML", paper=72, ours=68.1, data="paper"))
    'reproduced'
    >>> verdict(Part("T4", "RML audio", paper=71.3, ours=60, low=52, high=68, data="paper"))
    'not reproduced'
    >>> verdict(Part("K1", "RML", paper=72, ours=68.1, data="demo"))
    'demo data, no verdict'
    """
    if part.missing:
        return NOT_RUN
    if part.data == "demo":
        return NO_VERDICT
    rule = RULES[part.id]
    if rule.kind == "exact":
        return REPRODUCED if part.ours == part.paper else NOT_REPRODUCED
    if rule.kind == "picture":
        return REPRODUCED
    if rule.kind == "direction":
        return _by_direction(part)
    # From here on the rules compare figures; texts are judged above.
    ours = cast(float, part.ours)
    theirs = cast(float, part.paper)
    if rule.kind == "paired":
        if ours > 0 and part.p < ALPHA:
            return REPRODUCED
        return NOT_REPRODUCED if ours < 0 and part.holm < ALPHA else INCONCLUSIVE
    if rule.kind == "interval":
        return _by_interval(theirs, part.low, part.high)
    fits = {
        "near": abs(ours - theirs) <= rule.limit,
        "at most": ours <= theirs,
        "factor": theirs / rule.limit <= ours <= theirs * rule.limit,
    }
    return REPRODUCED if fits[rule.kind] else NOT_REPRODUCED


def _by_direction(part):
    if np.isnan([part.low, part.high]).any():
        return INCONCLUSIVE
    if part.low > 0:
        return REPRODUCED
    return NOT_REPRODUCED if part.high < 0 else INCONCLUSIVE


def _by_interval(theirs, low, high):
    if np.isnan([low, high]).any():
        return INCONCLUSIVE
    if not low <= theirs <= high:
        return NOT_REPRODUCED
    return REPRODUCED if high - low <= 2 * WIDE else INCONCLUSIVE


def joined(verdicts: Iterable[str], *, every: bool = False) -> str:
    """The verdict of a claim from those of its figures, by :data:`JOIN` or :data:`JOIN_EVERY`.

    Demo data anywhere leave no verdict. What was not run counts as
    inconclusive, unless nothing was run.

    Parameters
    ----------
    every : bool
        Whether one failure refutes the claim, as :class:`Rule` says.

    Examples
    --------
    >>> joined(["reproduced", "not reproduced"])
    'partly reproduced'
    >>> joined(["reproduced", "not reproduced"], every=True)
    'not reproduced'
    >>> joined(["inconclusive", "not run"])
    'inconclusive'
    """
    kinds = set(verdicts)
    if not kinds or kinds == {NOT_RUN}:
        return NOT_RUN
    if NO_VERDICT in kinds:
        return NO_VERDICT
    if kinds == {REPRODUCED}:
        return REPRODUCED
    if NOT_REPRODUCED in kinds and (every or REPRODUCED not in kinds):
        return NOT_REPRODUCED
    return PARTLY if REPRODUCED in kinds and not every else INCONCLUSIVE


def rules() -> pd.DataFrame:
    """The rules as a table: ``id``, ``rule``."""
    rows = []
    for name, rule in RULES.items():
        text = KINDS[rule.kind].format(limit=rule.limit)
        text = f"{rule.of}: {text}" if rule.of else text
        rows.append((name, f"{text}; {JOIN_EVERY}" if rule.every else text))
    return pd.DataFrame(rows, columns=["id", "rule"])


def claims(parts: pd.DataFrame) -> pd.DataFrame:
    """One row a claim.

    Parameters
    ----------
    parts : DataFrame
        From :func:`avef.evaluation.evidence.parts`.

    Returns
    -------
    DataFrame
        ``id``, ``says``, ``paper``, ``ours`` (texts with units; of several
        figures their range), ``low``, ``high`` (of a single figure, else NaN),
        ``verdict``, ``remark`` (how many figures are reproduced, and what is
        missing), ``notebook`` (a link relative to the reports folder).
    """
    rows = []
    for name, claim in paper.CLAIMS.items():
        rule = RULES[name]
        group = parts[parts["id"] == name]
        single = group.iloc[0] if len(group) == 1 else {"low": np.nan, "high": np.nan}
        rows.append(
            {
                "id": name,
                "says": claim.statement,
                "paper": _range(group["paper"], group["unit"]),
                "ours": _range(group["ours"], group["unit"]),
                "low": single["low"],
                "high": single["high"],
                "verdict": joined(group["verdict"], every=rule.every),
                "remark": _remark(group),
                "notebook": rule.page,
            }
        )
    return pd.DataFrame(rows)


def _range(values, units):
    """Text of a claim's figures: one, or the least and the greatest, of each unit."""
    pairs = [(value, unit) for value, unit in zip(values, units, strict=True) if value == value]
    figures = [value for value, _ in pairs if value is not None]
    if not figures:
        return ""
    if isinstance(figures[0], str):
        return figures[0] if len(set(figures)) == 1 else f"{len(figures)} entries"
    texts = []
    for unit in dict.fromkeys(unit for _, unit in pairs):
        alike = [value for value, other in pairs if other == unit and value is not None]
        low, high = f"{min(alike):.4g}", f"{max(alike):.4g}"
        texts.append(f"{low if low == high else f'{low} … {high}'} {unit}".strip())
    return "; ".join(texts)


def _remark(group):
    """How many figures are reproduced, and what is missing."""
    notes = []
    judged = group[~group["verdict"].isin([NOT_RUN, NO_VERDICT])]
    if len(group) > 1 and len(judged):
        notes.append(f"{(judged['verdict'] == REPRODUCED).sum()} of {len(group)} figures")
    missing = list(dict.fromkeys(name for name in group["missing"] if name))
    if missing:
        notes.append("missing: " + ", ".join(missing))
    return "; ".join(notes)
