"""The report's first screen: what is known, in plain words, a line a group of claims.

Four things are known apart from each other: what the paper's corpora gave, what real
voices that anybody can get gave, what the paper says against itself, and what a demo shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from avef import paper
from avef.evaluation import claims, consistency, texts
from avef.report import real
from avef.report.view import LOOKS

#: Groups of claims, as the first screen tells of them.
GROUPS = {
    "Accuracies (Tables 4–7)": ("T4", "T5", "T6", "T7"),
    "Which emotion is taken for which (Tables 8–10)": ("T8", "T9", "T10"),
    "Leaving out silence helps": ("S3",),
    "Which emotions are easy, which are confused": ("S5",),
    "Learned features, deep fusion and transfer help": ("S1", "S2", "S4"),
    "Corpora, figures and the share that is speech": ("T1", "F2", "F3", "K1"),
    "Speed": ("P1", "P2", "P3"),
    "Definitions: the set-up and the network": ("T2", "T3", "F1"),
}
#: What it says against the paper if identities of a group fail, and what is counted: one, many.
CONTRADICTIONS = {
    "diagonal": ("Table 6 is not what Tables 8–10 give", "accuracy", "accuracies"),
    "cases": ("Case 2 does not always beat case 1, as §4.3.1 says it does", "pair"),
    "frames": ("Frame sizes differ between Table 1 and §3", "corpus", "corpora"),
    "confused": ("Other confusions are the most frequent than §4.3.1 says", "named confusion"),
    "easiest": ("Other emotions are the easiest than §4.3.1 says", "corpus", "corpora"),
    "intensity": ("Emotions of “like intensity” differ in arousal in Table 2", "pair"),
    "split": ("The share of speakers left out is not that of §4.2", "split"),
    "segment": ("A segment's arithmetic does not work out (§2.1)", "sum"),
    "accuracy": ("Accuracies of Tables 4–7 fit no whole number of clips", "entry", "entries"),
    "count": ("No one number of clips gives a case's three accuracies", "case"),
    "recalls": ("Rows of Tables 8–10 fit no whole number of clips", "row"),
    "rows": ("Rows of Tables 8–10 do not add up to 100", "row"),
}
#: Claims about Emo-DB, without the paper's abbreviations.
MEASURED = {
    "V1": "Share of Emo-DB kept as speech",
    "V2": "Gain from that on Emo-DB",
}


class Line(NamedTuple):
    """What it is about, what is known of it, and its verdict's sign and CSS class, if any."""

    about: str
    known: str
    sign: str = ""
    look: str = ""


class Block(NamedTuple):
    """One of the four: its title, a sentence, its lines, and the section that says more."""

    title: str
    says: str
    lines: Sequence[Line]
    more: str


def blocks(
    tables: Mapping[str, pd.DataFrame],
    rows: Sequence[Mapping[str, Any]],
    *,
    measured: Mapping[str, Any] | None = None,
    demo: bool = False,
) -> list[Block]:
    """What is known, of as much as there is.

    Parameters
    ----------
    tables : name → DataFrame
        From :class:`~avef.report.sources.Sources`.
    rows : sequence
        The claims, from :func:`~avef.report.view.claim_rows`.
    measured : mapping, optional
        The content of ``benchmarks/results/real.json``.
    demo : bool
        Whether the run at hand was one of demo data.
    """
    made = [_corpora(rows, tables.get("power_needed"), demo)]
    if measured:
        made.append(_real(measured))
    if "consistency" in tables:
        made.append(_paper(tables["consistency"]))
    if demo:
        made.append(_demo(tables.get("table_6")))
    return made


def _corpora(rows, power, demo):
    verdicts = {row["id"]: row["verdict"] for row in rows}
    lines = []
    for about, names in GROUPS.items():
        told = [verdicts.get(name, claims.NOT_RUN) for name in names]
        known, look = _joined(told)
        lines.append(Line(about, "; ".join(filter(None, [known, odds(power, names)])), *look))
    says = "Not run: this page was made from synthetic clips." if demo else "As this run found."
    says += " Power: how many simulated studies get the right verdict."
    return Block("On the paper's corpora", says, lines, "claims")


def _joined(verdicts):
    """Verdicts of a group in words, and their sign and class if all are the same."""
    demo = claims.NO_VERDICT  # nothing of it was run on the paper's corpora
    told = [claims.NOT_RUN if verdict == demo else verdict for verdict in verdicts]
    kinds = [verdict for verdict in claims.VERDICTS if verdict in told]
    known = ", ".join(f"{told.count(kind)} {kind}" for kind in kinds)
    if len(kinds) == 1:
        return kinds[0], LOOKS[kinds[0]]
    return known, ("", "")


def odds(power: pd.DataFrame | None, names: Iterable[str]) -> str:
    """The power of a group's rules: the least of its claims and of the simulated truths.

    Parameters
    ----------
    power : DataFrame or None
        ``power_needed.csv``.
    names : ids of claims

    Examples
    --------
    Of a verdict that is asked to be rare, all others are right:

    >>> power = pd.DataFrame({"id": ["T4", "T5", "S3"], "asked": ["≥ 90", "≥ 90", "≤ 5"],
    ...                       "percent": ["98.0", "100.0", "4.0"]})
    >>> odds(power, ["T4", "T5"]), odds(power, ["S3"]), odds(None, ["T4"])
    ('power 98 %', 'power 96 %', '')
    """
    if power is None:
        return ""
    known = power[power["id"].isin(list(names))]
    percent = known["percent"].astype(float)
    right = percent.where(known["asked"].str.startswith("≥"), 100 - percent)
    return "" if right.empty else f"power {right.min():.0f} %"


def _real(measured):
    lines = []
    for claim, told in real.measured(measured).items():
        about = paper.CLAIMS[claim]
        interval = f" ({told['interval']})" if told["interval"] else ""
        printed = f"the paper {about.figure} {about.unit}"
        known = f"{told['ours']}{interval}, {printed}: {told['verdict']}"
        lines.append(Line(MEASURED[claim], known, told["sign"], told["look"]))
    lines += [Line(*line) for line in real.gains(measured)]
    says = "Voices alone. Gains are case 2 − case 1, with 95 % intervals."
    return Block("On real recordings", says, lines, "real")


def _paper(table):
    groups = consistency.summary(table).set_index("group")
    failing = groups[groups["fail"] > 0]
    lines = [
        Line(
            said, f"{failing.loc[name, 'fail']} of {texts.count(failing.loc[name, 'checked'], *of)}"
        )
        for name, (said, *of) in CONTRADICTIONS.items()
        if name in failing.index
    ]
    says = f"{groups['hold'].sum()} of {groups['checked'].sum()} checks of the paper's figures "
    says += "against each other hold, whoever trains the networks."
    return Block("Within the paper itself", says, lines, "consistency")


def _demo(table):
    lines = []
    if table is not None:
        for entry in table[table["case"] == "2"].to_dict("records"):
            if entry["ours"]:
                known = f"{float(entry['ours']):.0f} % of clips by unseen speakers recognised"
                lines.append(Line(paper.title(entry["dataset"]), known))
    chance = 100 / len(paper.EMOTIONS)
    says = "The whole way from clips to this page runs, and networks learn: with both modalities, "
    says += f"six emotions and case 2; chance is {chance:.0f} %. This says nothing of the paper."
    return Block("What the demo shows", says, lines, "accuracies")
