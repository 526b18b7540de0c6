"""Verdicts: intervals beside the paper's accuracies, claims at a glance, the paper's identities."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from avef import paper
from avef.evaluation import claims, consistency, marks
from avef.figures.titles import headline

#: Fill and sign of each verdict: the sign tells what colour alone must not.
LOOKS = {
    claims.REPRODUCED: ("#009E73", "✓"),
    claims.IMPLEMENTED: ("#CFE8DF", "="),
    claims.PARTLY: ("#56B4E9", "◐"),
    claims.INCONCLUSIVE: ("#E69F00", "?"),
    claims.NOT_REPRODUCED: ("#D55E00", "✗"),
    claims.OTHERWISE: ("#F3DDCB", "≠"),
    claims.OTHER_NETWORKS: ("0.92", "n"),
    claims.NO_VERDICT: ("0.85", "d"),
    claims.NOT_RUN: ("white", "–"),
}


def forest(parts: pd.DataFrame) -> plt.Figure:
    """Forest plot of Tables 4–7: our accuracy with its 95 % interval, the paper's as a bar.

    Parameters
    ----------
    parts : DataFrame
        From :func:`avef.evaluation.evidence.parts`; the rows of T4–T7 are drawn, those that
        were not run with the paper's figure alone. An open circle is an
        interval that leaves the paper's figure out.
    """
    sides = {"Six emotions": ("T4", "T6"), "Arousal and valence": ("T5", "T7")}
    figure, axes = plt.subplots(1, 2, figsize=(10, 8.5))
    for axis, (title, tables) in zip(axes, sides.items(), strict=True):
        rows = parts[parts["id"].isin(tables)].reset_index(drop=True)
        names = rows["part"].str.replace("emotion, ", "")
        y = np.arange(len(rows))[::-1]
        ours, low, high = (rows[c].to_numpy(float) for c in ("ours", "low", "high"))
        axis.hlines(y, low, high, color="C0", lw=1.2)
        inside = _covers(rows)
        for mask, fill, label in (
            (inside, "C0", "ours, 95 % interval over speakers"),
            (~inside, "white", "ours, the paper outside"),
        ):
            axis.plot(ours[mask], y[mask], "o", ms=4, color="C0", mfc=fill, label=label)
        printed = rows["paper"].to_numpy(float)
        axis.plot(printed, y, "|", ms=8, mew=2, color="C1", label="the paper")
        axis.set_yticks(y, names, fontsize=8)
        axis.set(xlabel="accuracy (%)", xlim=(0, 102), title=title)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=3)
    headline(figure, _forest_title(parts))
    return figure


def verdict_strip(table: pd.DataFrame) -> plt.Figure:
    """All claims as one strip of boxes, their verdicts by colour and sign.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.evaluation.claims.claims`.
    """
    figure, axis = plt.subplots(figsize=(9.5, 1.7))
    for place, (name, verdict) in enumerate(table[["id", "verdict"]].itertuples(index=False)):
        fill, sign = LOOKS[verdict]
        axis.bar(place, 1, 0.92, color=fill, edgecolor="0.4", lw=0.8)
        axis.text(place, 0.68, name, ha="center", va="center", fontsize=8)
        axis.text(place, 0.3, sign, ha="center", va="center", fontsize=11)
    counts = table["verdict"].value_counts()
    legend = [
        Patch(facecolor=fill, edgecolor="0.4", label=f"{sign} {name}: {counts[name]}")
        for name, (fill, sign) in LOOKS.items()
        if name in counts
    ]
    axis.legend(handles=legend, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=3)
    axis.set(xlim=(-0.6, len(table) - 0.4), ylim=(0, 1))
    axis.axis("off")
    headline(figure, f"{counts.get(claims.REPRODUCED, 0)} of {len(table)} claims reproduced")
    return figure


def power(shares: pd.DataFrame) -> plt.Figure:
    """What the rules say where the truth is known: a bar a claim and truth, parted by verdict.

    Parameters
    ----------
    shares : DataFrame
        From :func:`avef.studies.power.shares`.
    """
    truths = list(dict.fromkeys(shares.index.get_level_values("truth")))
    figure, axes = plt.subplots(1, len(truths), figsize=(10.5, 3.2), sharey=True)
    for axis, truth in zip(axes, truths, strict=True):
        rows = shares.xs(truth, level="truth").iloc[::-1]
        left = np.zeros(len(rows))
        for name in shares.columns:
            fill, _ = LOOKS[name]
            axis.barh(rows.index, rows[name], left=left, color=fill, edgecolor="w", label=name)
            left += rows[name].to_numpy()
        axis.set(xlim=(0, 100), title=truth)
    axes[len(truths) // 2].set_xlabel("studies (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=len(labels))
    headline(figure, "What the rules say of simulated studies, by what is true")
    return figure


def identities(table: pd.DataFrame) -> plt.Figure:
    """The paper against itself: how many identities hold, and Table 6 against Tables 8–10.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.evaluation.consistency.check`.
    """
    groups = consistency.summary(table).iloc[::-1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.8))
    left.barh(groups["identity"], groups["hold"], color="C0", label="hold")
    left.barh(
        groups["identity"],
        groups["fail"],
        left=groups["hold"],
        color="C1",
        hatch="///",
        edgecolor="w",
        label="fail",
    )
    for y, (hold, checked) in enumerate(groups[["hold", "checked"]].to_numpy()):
        left.text(checked + 0.6, y, f"{hold} of {checked}", va="center", fontsize=8)
    left.tick_params(axis="y", labelsize=8)
    left.set(xlabel="identities", xlim=(0, groups["checked"].max() + 9))
    left.legend(loc="lower right")
    _diagonals(right, table[table["id"].str.startswith("diagonal/")])
    total = groups[["hold", "checked"]].sum()
    title = f"{total['hold']} of {total['checked']} identities hold within the paper"
    headline(figure, title)
    return figure


def _diagonals(axis, rows):
    names = rows["id"].str.partition("/")[2].map(paper.title)
    y = np.arange(len(rows))[::-1]
    axis.barh(y, rows["difference"], 0.5, color="C1")
    for place, table_6, diagonal, gap in zip(
        y, rows["found"], rows["expected"], rows["difference"], strict=True
    ):
        text = f" {table_6:.2f}, diagonal {diagonal:.2f}"
        axis.text(max(gap, 0), place, text, va="center", fontsize=8)
    axis.axvline(0, color="k", lw=0.8)
    axis.set_yticks(y, names)
    above = (rows["difference"] > rows["tolerance"]).sum()
    axis.set(
        xlabel="Table 6 minus weighted diagonal (points)",
        title=f"Table 6 above its matrix: {above} of {len(rows)}",
    )
    axis.margins(x=0.9)


def _forest_title(parts):
    accuracies = parts[parts["id"].isin([f"T{n}" for n in range(4, 8)])]
    run = accuracies[accuracies["verdict"] != claims.NOT_RUN]
    if run.empty:
        return "Tables 4–7: nothing was run"
    mark = marks.gravest(set(run["data"]))
    if mark != "paper":
        why = marks.short(marks.SAID[mark])
        return f"Tables 4–7 with intervals over speakers: {why}, nothing to conclude"
    covered = _covers(run).sum()
    return f"The paper's accuracy lies in our 95 % interval in {covered} of {len(run)} entries"


def _covers(rows):
    low, printed, high = (rows[c].to_numpy(float) for c in ("low", "paper", "high"))
    return (low <= printed) & (printed <= high)
