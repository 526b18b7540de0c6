"""Results: accuracies and confusions, beside the paper's."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation import texts
from avef.figures.titles import headline, nothing
from avef.protocol import EMOTION_MODELS

#: Case, place of its bar, colour, legend; both blue, as orange is the paper's.
CASES = ((1, -0.2, "C5", "case 1: all frames"), (2, 0.2, "C0", "case 2: speech alone"))


def accuracy_bars(accuracies: pd.DataFrame, title: str) -> plt.Figure:
    """Accuracy of case 1 and case 2 in the three emotion models, chance as a tick.

    Where there are several seeds, their deviation is an error bar.

    Parameters
    ----------
    accuracies : DataFrame
        From :func:`avef.evaluation.scores.accuracies`.
    title : str
        Is followed by what leaving out silence does to six emotions (S3).
    """
    if accuracies.empty:
        return nothing(f"{title}: nothing was predicted")
    wide = accuracies.pivot(index="emotion_model", columns="case").loc[list(EMOTION_MODELS)]
    wide, spread = wide["accuracy"], wide["deviation"]
    figure, axis = plt.subplots(figsize=(7, 2.8))
    places = np.arange(len(wide))
    for case, shift, fill, said in CASES:
        bars = axis.bar(
            places + shift,
            wide[case],
            0.38,
            yerr=spread[case] if spread[case].notna().all() else None,
            color=fill,
            label=said,
            error_kw={"lw": 1, "capsize": 2},
        )
        axis.bar_label(bars, fmt="%.1f", fontsize=8, padding=2)
    chance = [100 / len(EMOTION_MODELS[m]) for m in wide.index]
    axis.hlines(chance, places - 0.42, places + 0.42, color="k", lw=1, ls=":", label="chance")
    axis.set_xticks(places, [texts.model(name) for name in wide.index])
    first, second = wide.loc["emotion"]
    axis.set(ylabel="accuracy (%)", ylim=(0, 105))
    finding = f"{title}: of six emotions {first:.0f} % in case 1, {second:.0f} % in case 2"
    headline(figure, finding, size=10)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def confusions(ours: pd.DataFrame | None, printed: pd.DataFrame | None, title: str) -> plt.Figure:
    """A confusion matrix beside the paper's, in percent of each row (Tables 8–10).

    Parameters
    ----------
    ours, printed : DataFrame (C, C)
        From :func:`avef.evaluation.scores.confusion` and :func:`avef.paper.confusion`; None
        where the corpus was not run, or is not the paper's.
    title : str
        Is followed by which emotion is recognised best, here and in the paper (S5).
    """
    there = {name: m for name, m in (("ours", ours), ("the paper", printed)) if m is not None}
    if not there:
        return nothing(f"{title}: nothing was predicted")
    size = (4.2 * len(there), 3.8)
    figure, axes = plt.subplots(1, len(there), figsize=size, sharey=True, squeeze=False)
    for axis, (name, matrix) in zip(axes[0], there.items(), strict=True):
        _heat(axis, matrix)
        axis.set(title=name, xlabel="predicted (% of the row)")
    axes[0, 0].set_ylabel("true")
    best = {name: pd.Series(np.diag(m), m.index).idxmax() for name, m in there.items()}
    said = [f"{best['ours']} is recognised best" if ours is not None else "not run"]
    if printed is not None:
        alike = best.get("ours") == best["the paper"]
        said.append("as in the paper" if alike else f"in the paper {best['the paper']}")
    headline(figure, f"{title}: {', '.join(said)}")
    return figure


def comparison(accuracies: pd.DataFrame, title: str) -> plt.Figure:
    """Ours against the paper's in every entry of a table: a line from the paper's to ours.

    Parameters
    ----------
    accuracies : DataFrame
        From :func:`avef.evaluation.tables.accuracy_table`; what was not run is left out.
    title : str
        Is followed by how far ours lie from the paper's in the median.
    """
    run = accuracies.dropna(subset=["ours"]).reset_index(drop=True)
    apart = (run["ours"] - run["paper"]).median()
    points = texts.count(round(abs(apart)), "point")
    side = "above" if apart > 0 else "below"
    far = f"{points} {side} the paper's" if abs(apart) >= 0.5 else "as the paper's"
    title += f": ours are {far}"
    names = _names(run) + ", case " + run["case"].astype(str)
    figure, axis = plt.subplots(figsize=(8, 0.6 + 0.24 * len(run)))
    rows = np.arange(len(run))[::-1]
    axis.hlines(rows, run["paper"], run["ours"], color="0.75")
    axis.plot(run["paper"], rows, "|", ms=9, mew=2, color="C1", label="the paper")
    axis.plot(run["ours"], rows, "o", ms=5, color="C0", label="ours")
    axis.set_yticks(rows, names, fontsize=8)
    axis.set(xlabel="accuracy (%)", xlim=(0, 100))
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    headline(figure, f"{title} in the median")
    return figure


def seed_gains(gains: pd.DataFrame) -> plt.Figure:
    """What case 2 gains in every pair of Tables 4–7, a dot a training, the paper's as a bar.

    Parameters
    ----------
    gains : DataFrame
        From :func:`avef.evaluation.gains.by_seed`.
    """
    pair = ["dataset", "modality", "emotion_model"]
    row = -gains.groupby(pair, sort=False).ngroup()
    first = gains.drop_duplicates(pair)
    figure, axis = plt.subplots(figsize=(8, 0.6 + 0.24 * len(first)))
    axis.plot(first["paper"], row[first.index], "|", ms=9, mew=2, color="C1", label="the paper")
    axis.plot(gains["gain"], row, "o", ms=4, alpha=0.7, color="C0", label="ours, each training")
    axis.axvline(0, color="0.6", lw=0.8)
    axis.set_yticks(row[first.index], _names(first), fontsize=8)
    axis.set(xlabel="case 2 − case 1 (points)")
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    sign = np.sign(gains["gain"]).groupby(row)
    of = f"{len(first)} pairs"
    if gains["seed"].nunique() > 1:
        title = f"Case 2: all trainings agree on the sign in {sign.nunique().eq(1).sum()} of {of}"
    else:
        title = f"Case 2 gains in {sign.max().eq(1).sum()} of {of}, with one training of each"
    headline(figure, title)
    return figure


def differences(table: pd.DataFrame) -> plt.Figure:
    """What a model gains over its baselines, with intervals over speakers.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.studies.baselines.study`.
    """
    figure, axis = plt.subplots(figsize=(7, 0.8 + 0.34 * len(table)))
    _gains(axis, table, table["claim"] + ": " + table["model"] + " over " + table["baseline"])
    axis.set(xlabel="gain in accuracy (points), 95 % over speakers")
    above = (table["low"] > 0).sum()
    headline(figure, f"{above} of {len(table)} gains are above zero beyond chance")
    return figure


def ablations(table: pd.DataFrame) -> plt.Figure:
    """What each change does to six emotions, a panel a modality, with intervals over speakers.

    Grey is what is stale; a ring at zero is a modality that the change does not touch.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.studies.ablations.effects`; may be empty.
    """
    names = list(dict.fromkeys(table["ablation"]))
    modalities = list(dict.fromkeys(table["modality"]))
    size = (8, 1.3 + 0.3 * len(names))
    columns = max(1, len(modalities))
    figure, axes = plt.subplots(1, columns, figsize=size, sharey=True, squeeze=False)
    stale = table["state"] != "current"
    old = set(table.loc[stale, "ablation"])
    labels = [name.replace("_", " ") + " (stale)" * (name in old) for name in names]
    for axis, modality in zip(axes[0], modalities, strict=False):
        part = table[table["modality"] == modality].set_index("ablation").loc[names]
        _gains(axis, part, labels, grey=part.index.isin(old))
        axis.set(title=modality, xlabel="change (points)")
    shown = table[~stale].dropna(subset=["low"])
    sure = ((shown["low"] > 0) | (shown["high"] < 0)).sum()
    title = f"{sure} of {len(shown)} intervals leave zero out"
    if old:
        title += f"; {len(old)} of {len(names)} ablations are stale"
    if not len(table):
        title = "No ablation has been run"
        axes[0, 0].axis("off")
    headline(figure, title)
    return figure


def _names(entries):
    """Corpus, modality and emotion model of each entry, as people read them."""
    models = entries["emotion_model"].map(texts.model)
    return entries["dataset"].map(paper.title) + " " + entries["modality"] + ", " + models


def _gains(axis, table, names, *, grey=False):
    """A row each: the difference, its interval as a line, and an upright line at zero.

    A ring stands where there is no interval. ``grey`` (rows,) bool are drawn in grey.
    """
    rows = np.arange(len(table))[::-1]
    spread = np.abs(table[["low", "high"]].to_numpy().T - table["difference"].to_numpy())
    drawn, grey = table["low"].notna().to_numpy(), np.broadcast_to(grey, len(table))
    for color, mine in (("C0", ~grey), ("0.7", grey)):
        dots, rings = mine & drawn, mine & ~drawn
        style = {"ms": 5, "color": color}
        axis.errorbar(
            table["difference"][dots],
            rows[dots],
            xerr=spread[:, dots],
            fmt="o",
            lw=1.2,
            capsize=3,
            **style,
        )
        axis.plot(table["difference"][rings], rows[rings], "o", mfc="none", **style)
        for row in rows[rings]:
            axis.annotate(
                "not touched", (0, row), xytext=(6, 4), textcoords="offset points", fontsize=7
            )
    axis.axvline(0, color="0.6", lw=0.8, zorder=0)
    axis.set_yticks(rows, names)
    axis.set_ylim(-0.7, len(table) - 0.3)


def _heat(axis, matrix):
    values = matrix.to_numpy(float)
    axis.imshow(values, vmin=0, vmax=100)
    for (i, j), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.0f}"
        axis.text(j, i, text, ha="center", va="center", color="k" if value > 55 else "w")
    axis.set_xticks(range(len(matrix)), matrix.columns, rotation=45, ha="right")
    axis.set_yticks(range(len(matrix)), matrix.index)
    axis.spines[:].set_visible(False)
