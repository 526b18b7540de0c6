"""The rules of the verdicts, written down before any number: one a claim.

:mod:`avef.evaluation.claims` applies them; their power is measured in notebook 08b.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.evaluation.verdicts import MOVED, PRINTED, RECALL, SCATTER, SMALLEST, TABLE

WIDE = 10.0  # points on either side, beyond which an interval that covers the paper shows nothing
LEVEL = 0.95
FIGURE = "judged with the others"  # of one figure of a claim that is judged as one

#: What each kind of rule asks of one figure.
KINDS = {
    "exact": "reproduced if ours is the paper's, not reproduced otherwise",
    "picture": "reproduced if the figure was drawn",
    "interval": "reproduced if the paper's figure lies in our 95 % interval over speakers, not "
    f"reproduced if outside; inconclusive if inside one wider than ±{WIDE:.0f} points, or if "
    "there is none",
    "near": "reproduced if ours is at most {limit:g} points from the paper's",
    "at most": "reproduced if ours is at most the paper's",
    "definition": "implemented if this run has it as the paper says, other settings otherwise; "
    "no data can refute a definition",
    "table": "the table is judged as one: reproduced if the mean difference of its entries is at "
    f"most {TABLE:g} points and they scatter about the paper's by at most {SCATTER:g} (root mean "
    "square), not reproduced otherwise; inconclusive if an entry is missing, or the 95 % interval "
    f"of the mean difference, by training and people, is wider than ±{2 * TABLE:g} points",
    "matrix": "the matrix is judged as one: reproduced if the mean recall is at most "
    f"{RECALL:g} points from the paper's and at most {MOVED:g} % of an emotion's clips would have "
    "to change their class, not reproduced otherwise; inconclusive if an emotion is missing, or "
    f"the 95 % interval, by training and people, is wider than ±{2 * RECALL:g} points",
    "gain": "the mean gain over all pairs and people, one person one unit: reproduced if its "
    "95 % interval, by training and people, lies above 0; not reproduced if it lies below "
    f"{SMALLEST * PRINTED['gain']:.1f} points, half of what the paper's tables show; "
    "inconclusive otherwise",
    "pattern": "reproduced if the 90 % intervals of both, over the people of all corpora, lie "
    f"above 0; not reproduced if one lies below {SMALLEST * PRINTED['lead']:.1f} or "
    f"{SMALLEST * PRINTED['partners']:.1f} points, half of what Tables 8–10 show; inconclusive "
    "otherwise",
    "direction": "reproduced if the 95 % interval of the difference lies above 0, not reproduced "
    "if below; inconclusive otherwise, or if there is none",
}
JOIN = (
    "Of several figures: reproduced if all are, not reproduced if some are not and none is, "
    "inconclusive if none is either, else partly reproduced. About one true figure in twenty "
    "lies outside its interval by chance."
)
#: A file's entry that is as good as the paper's, with the reason.
AS_GOOD_AS = {
    ("eNTERFACE'05, clips", "1287"): "1290 are 30 clips of each of 43 speakers; the corpus lacks "
    "three of speaker 23 and has six of speaker 6 uncut, which are left out",
}


_METHOD = "Is the paper's figure what this method gives? Other trainings, the same people."
_PEOPLE = "Does it hold for other people?"
#: What a verdict of each kind of rule asks.
ASKS = {
    "exact": "Are the corpora's files as the paper says?",
    "definition": "Does this run do it as the paper says?",
    "picture": "Can it be drawn from the data?",
    "near": "Is it the paper's share?",
    "at most": "Is it at least as fast as the paper's?",
    "table": _METHOD,
    "matrix": _METHOD,
    "gain": "Does it hold for other trainings and other people?",
    "pattern": "Does it hold for other trainings and other people?",
    "interval": _PEOPLE,
    "direction": _PEOPLE,
}


class Rule(NamedTuple):
    """How a claim is judged, the page that shows it, and what of it is judged.

    ``limit`` belongs to the kind.
    """

    kind: str
    page: str
    of: str = ""
    limit: float = np.nan


_UNSEEN = "speakers whom the VAD was neither trained nor tuned on"
_TABLES = "html/07_tables_4_10.html"
RULES = {
    "T1": Rule("exact", "html/00_corpora.html#table-1"),
    "T2": Rule("definition", "html/00_corpora.html#table-2"),
    "T3": Rule("definition", "html/07_tables_4_10.html#table-3", "training set-up of this run"),
    **{f"T{n}": Rule("table", f"{_TABLES}#tables-4-and-5") for n in (4, 5)},
    **{f"T{n}": Rule("table", f"{_TABLES}#tables-6-and-7") for n in (6, 7)},
    **{f"T{n}": Rule("matrix", f"{_TABLES}#tables-8-10") for n in (8, 9, 10)},
    "F1": Rule("definition", "html/08_claims.html#f1", "sizes of this run's networks"),
    "F2": Rule(
        "near",
        "html/01_preprocessing-enterface05.html#fig-2",
        "share of the clip that is left (in the paper 1.6 s of 2.7 s)",
        limit=15.0,
    ),
    "F3": Rule("picture", "html/01_preprocessing-enterface05.html#fig-3"),
    "V1": Rule("near", "html/08_claims.html#v1", _UNSEEN, limit=5.0),
    "V2": Rule("interval", "html/08_claims.html#v2", _UNSEEN),
    "K1": Rule(
        "near",
        "html/01_preprocessing-rml.html#k1",
        "segments of case 2, in percent of those of case 1",
        limit=5.0,
    ),
    "P1": Rule("at most", "html/07a_speed.html#p1"),
    "P2": Rule("at most", "html/07a_speed.html#p2"),
    "P3": Rule("at most", "html/07a_speed.html#p3"),
    "S1": Rule("direction", "html/06a_baselines.html#what-the-paper-s-model-gains"),
    "S2": Rule("direction", "html/06a_baselines.html#what-the-paper-s-model-gains"),
    "S3": Rule("gain", "html/08_claims.html#the-verdicts", "case 2 minus case 1"),
    "S4": Rule(
        "direction",
        "html/06b_transfer_gain.html#does-it-help",
        "accuracy with transfer minus without, and epochs saved to the same training loss",
    ),
    "S5": Rule(
        "pattern",
        "html/07_tables_4_10.html#tables-8-10",
        "accuracy on anger and happiness minus that on the others, and the share of errors "
        "within the paper's two pairs minus chance",
    ),
}

#: Claims that no network of the paper's takes part in: judged on real clips, whatever its size.
PREPARED = ("T1", "F2", "F3", "V1", "K1", "P3")


def rules() -> pd.DataFrame:
    """The rules as a table: ``id``, ``rule``."""
    rows = []
    for name, rule in RULES.items():
        text = KINDS[rule.kind].format(limit=rule.limit)
        text = f"{rule.of}: {text}" if rule.of else text
        rows.append((name, text))
    return pd.DataFrame(rows, columns=["id", "rule"])
