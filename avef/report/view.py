"""Tables as a page shows them: from the text of the CSVs to what a template fills in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from avef import paper
from avef.evaluation import claims, consistency, texts
from avef.evaluation.captions import TITLES
from avef.preparation import seen

#: Sign and CSS class of each verdict: colour alone must not tell them apart.
LOOKS = {
    claims.REPRODUCED: ("✓", "reproduced"),
    claims.IMPLEMENTED: ("=", "implemented"),
    claims.PARTLY: ("◐", "partly"),
    claims.INCONCLUSIVE: ("?", "inconclusive"),
    claims.NOT_REPRODUCED: ("✗", "refuted"),
    claims.OTHERWISE: ("≠", "otherwise"),
    claims.OTHER_NETWORKS: ("n", "resized"),
    claims.NO_VERDICT: ("d", "demo"),
    claims.NOT_RUN: ("–", "not-run"),
}
#: Verdicts on definitions, which no data can refute, and what is no verdict at all.
DEFINED = (claims.IMPLEMENTED, claims.OTHERWISE)
UNJUDGED = (claims.OTHER_NETWORKS, claims.NO_VERDICT, claims.NOT_RUN)
NOTHING = texts.NOTHING
_FIGURE = re.compile(r"(-?(0|[1-9]\d*)(\.\d+)?(e[-+]?\d+)?)?")  # no name such as 007 or 1_2
_WORDS = {"True": "yes", "False": "no"}
_SHOWN = {"claims", "consistency", "folds", *(f"table_{number}" for number in TITLES)}
_NUMBER = re.compile(r"[-+−]?\d[\d.,]*(e[-+]?\d+)?( ?%)?")


class Grid(NamedTuple):
    """A plain table; the first column names the row.

    ``columns`` is the header, ``rows`` the entries as text, ``numeric`` says of
    each column whether it holds numbers alone, which are set flush right.
    """

    columns: list[str]
    rows: list[list[str]]
    numeric: list[bool]


def grid(table: pd.DataFrame) -> Grid:
    """A table of texts as it stands, empty entries as a dash.

    Examples
    --------
    >>> grid(pd.DataFrame({"dataset": ["rml", "new"], "n": ["-0.12", ""]}))
    Grid(columns=['corpus', 'n'], rows=[['RML', '−0.12'], ['new', '–']], numeric=[False, True])
    """
    columns = [[_entry(text) for text in column] for _, column in texts.named(table).items()]
    numeric = [numbers(column) for column in columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Grid([texts.heading(name) for name in table.columns], rows, numeric)


def _entry(text):
    return texts.minus(_WORDS.get(text, text)) or NOTHING


def _rounded(column):
    """A column of a CSV; of numbers alone with the decimals that its greatest asks for."""
    figures = [float(text or "nan") for text in column if _FIGURE.fullmatch(text)]
    if len(figures) < len(column) or math.inf in map(abs, figures):
        return column
    return pd.Series(texts.column(figures), column.index)


def numbers(entries: Iterable[str]) -> bool:
    """Whether all entries are numbers, or empty; but not all empty.

    Examples
    --------
    >>> numbers(["1", "−2.5", "", "40 %"]), numbers(["1", "two"]), numbers(["", "–"])
    (True, False, False)
    """
    filled = [text for text in entries if text not in ("", NOTHING)]
    return bool(filled) and all(_NUMBER.fullmatch(text) for text in filled)


def claim_rows(
    table: pd.DataFrame, titles: Mapping[str, str], power: pd.DataFrame | None = None
) -> list[dict[str, Any]]:
    """The claims, each with its verdict's sign and CSS class and its notebook's title.

    Parameters
    ----------
    table : DataFrame
        ``claims.csv``.
    titles : page, relative to the reports folder, → title
        A notebook that has no page is not linked.
    power : DataFrame, optional
        ``power_needed.csv``: how often each rule is right where the truth is known.
    """
    rows = []
    known = _power(power)
    for claim in table.to_dict("records"):
        sign, look = LOOKS.get(claim["verdict"], ("•", "not-run"))
        bounds = [f"{float(claim[b]):.1f}" for b in ("low", "high") if claim[b]]
        page = claim["notebook"].partition("#")[0]
        rows.append(
            {key: claim[key] for key in ("id", "says", "asks", "verdict")}
            | {"remark": texts.minus(claim["remark"]), "power": known.get(claim["id"], "")}
            | {"paper": texts.minus(claim["paper"]) or NOTHING}
            | {"ours": texts.figure(claim["ours"]) or NOTHING}
            | {"sign": sign, "look": look, "interval": texts.minus(" … ".join(bounds))}
            | {"page": claim["notebook"] if page in titles else "", "title": titles.get(page, page)}
        )
    return rows


def _power(table):
    """Claim → what its rule says of simulated studies, in words."""
    words: dict[str, list[str]] = {}
    for row in table.to_dict("records") if table is not None else ():
        said = f"{row['truth']}: {float(row['percent']):.0f} % {row['verdict']}"
        words.setdefault(row["id"], []).append(said)
    return {name: "; ".join(said) for name, said in words.items()}


def by_verdict(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The claims by verdict: those judged, best first, then definitions, then those without one.

    ``rows`` are from :func:`claim_rows`. A definition that was implemented is no result that
    was reproduced: it stands apart, which ``definition`` says.
    """
    order = [*(name for name in claims.VERDICTS if name not in DEFINED), *DEFINED]
    order.sort(key=lambda name: name in UNJUDGED)
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        none = {key: row[key] for key in ("verdict", "sign", "look")}
        none |= {"claims": [], "definition": row["verdict"] in DEFINED}
        groups.setdefault(row["verdict"], none)["claims"].append(row)
    places = {name: place for place, name in enumerate(order)}
    return sorted(groups.values(), key=lambda group: places.get(group["verdict"], len(places)))


def accuracies(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One of Tables 4–7 by corpus: each row's figures, and where they lie on 0–100."""
    groups = []
    for dataset, part in table.groupby("dataset", sort=False):
        rows = []
        for entry in part.to_dict("records"):
            printed, ours, difference, unweighted = (
                _number(entry[name]) for name in ("paper", "ours", "difference", "unweighted")
            )
            rows.append(
                {
                    "label": _label(entry),
                    "paper": entry["paper"] or NOTHING,
                    "ours": _one(ours),
                    "deviation": _deviation(entry),
                    "difference": _signed(difference),
                    "unweighted": _one(unweighted),
                    "interval": _bounds(entry),
                    "at": None if None in (printed, ours) else _span(printed, ours),
                }
            )
        name = paper.title(dataset)
        groups.append({"corpus": name, "clips": _clips(part), "rows": rows})
    return groups


def matrices(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One of Tables 8–10 as two matrices, ours and the paper's, in percent of each true class."""
    emotions = list(dict.fromkeys(table["true"]))
    made = []
    for column, whose, places in (("ours", "ours", 1), ("paper", "the paper's", 2)):
        wide = table.pivot(index="true", columns="predicted", values=column)
        rows = [
            (true, [_share(true, name, wide.loc[true, name], places) for name in emotions])
            for true in emotions
        ]
        made.append({"whose": whose, "emotions": emotions, "rows": rows})
    return made


def identities(table: pd.DataFrame) -> dict[str, Any]:
    """The paper against itself: how many identities hold, by group, and every one of them."""
    groups = consistency.summary(table)
    return {
        "groups": groups.to_dict("records"),
        "hold": int(groups["hold"].sum()),
        "checked": int(groups["checked"].sum()),
        "all": grid(consistency.readable(table.drop(columns="id"))),
    }


def files(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Each prepared corpus whose rows say what its files are like: the facts and the warnings.

    ``warnings`` is None where the run did not note any down.
    """
    made = []
    for dataset in _in_order(tables):
        table = tables[dataset]
        facts, warnings = (grid(part(table).astype(str)) for part in (seen.facts, seen.warnings))
        if facts.rows or warnings.rows:
            name = paper.DATASET_NAMES.get(dataset, dataset)
            told = warnings if "warnings" in table else None
            made.append({"corpus": name, "facts": facts, "warnings": told})
    return made


def quarantine(tables: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """Each prepared corpus with its rows of clip, path and reason."""
    made = []
    for dataset in _in_order(tables):
        table = tables[dataset]
        shown = table[[name for name in ("clip", "path", "reason") if name in table]]
        made.append({"corpus": paper.title(dataset), "grid": grid(shown)})
    return made


def further(tables: Mapping[str, pd.DataFrame]) -> dict[str, Grid]:
    """Tables by file name that no other part of the page shows, without the mark of their data.

    Their numbers are rounded as in the notebooks.
    """
    return {
        name: grid(table.drop(columns="data", errors="ignore").apply(_rounded))
        for name, table in sorted(tables.items())
        if name not in _SHOWN
    }


def _in_order(names):
    """The paper's corpora first, in its order, then any others."""
    return [*(d for d in paper.DATASETS if d in names), *sorted(set(names) - set(paper.DATASETS))]


def _label(entry):
    parts = [entry["modality"], entry["emotion_model"], f"case {entry['case']}"]
    return ", ".join(part for part in parts if part not in ("multimodal", "emotion"))


def _share(true, predicted, text, places):
    value = _number(text)
    shown = NOTHING if value is None else f"{value:.{places}f}"
    return {"share": value or 0.0, "text": shown, "diagonal": true == predicted}


def _number(text):
    return float(text) if text else None


def _bounds(entry):
    """The interval as text; tables of an earlier run may have none."""
    low, high = (_number(entry.get(name, "")) for name in ("low", "high"))
    return NOTHING if low is None or high is None else f"{low:.1f} … {high:.1f}"


def _deviation(entry):
    """Over the trainings, as text; "" of a single one."""
    value = _number(entry.get("deviation", ""))
    return "" if value is None else f"± {value:.1f}"


def _one(value):
    return NOTHING if value is None else f"{value:.1f}"


def _signed(value):
    return NOTHING if value is None else texts.signed(value)


def _clips(part):
    """How many clips, and trainings, the accuracies are of."""
    clips, seeds = (
        sorted({int(float(text)) for text in part.get(name, ()) if text})
        for name in ("clips", "seeds")
    )
    if not clips:
        return "not run"
    one = texts.count(clips[0], "clip")
    said = one if len(clips) == 1 else f"{clips[0]} … {clips[-1]} clips"
    return said + (f", mean of {seeds[0]} trainings" if seeds and seeds[0] > 1 else "")


def _span(printed, ours):
    return {"paper": printed, "ours": ours, "from": min(printed, ours), "to": max(printed, ours)}
