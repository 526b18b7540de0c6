"""Learning: curves of the networks and of the RBMs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from avef import paper
from avef.evaluation import texts
from avef.figures.titles import headline, nothing
from avef.protocol import EMOTION_MODELS

#: What a training starts from, colour, legend.
STARTS = (("transfer", "C0", "from other corpora"), ("random", "C3", "from random weights"))


def learning_curves(curves: pd.DataFrame, panels: str = "case") -> plt.Figure:
    """Training loss and accuracy per epoch, a thin line a training.

    Parameters
    ----------
    curves : DataFrame
        ``emotion_model``, ``epoch``, ``loss``, ``accuracy``, the column that
        ``panels`` names, and ``seed`` and ``fold`` where there are several; ``held_loss`` and
        ``held_accuracy``, of held-out training speakers, are dotted where they are there.
    panels : str
        Column whose values stand side by side.
    """
    if curves.empty:
        return nothing("Nothing was trained")
    names = sorted(curves[panels].unique())
    figure, axes = plt.subplots(
        2, len(names), figsize=(9, 4), sharex=True, sharey="row", squeeze=False
    )
    there = set(curves["emotion_model"])
    colours = {m: f"C{i}" for i, m in enumerate(EMOTION_MODELS) if m in there}
    lines = [c for c in ("emotion_model", panels, "seed", "fold") if c in curves]
    held = "held_loss" in curves
    scale = {"loss": 1, "accuracy": 100}
    for key, line in curves.groupby(lines):
        side = names.index(key[1])
        for axis, column in zip(axes[:, side], ["loss", "accuracy"], strict=True):
            axis.plot(
                line["epoch"],
                scale[column] * line[column],
                color=colours[key[0]],
                lw=0.8,
                alpha=0.7,
            )
            if held:
                watched = scale[column] * line[f"held_{column}"]
                axis.plot(line["epoch"], watched, color=colours[key[0]], lw=0.8, ls=":")
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(f"case {name}" if panels == "case" else str(name))
    for axis, name in zip(axes[:, 0], ["loss", "accuracy (%)"], strict=True):
        axis.set_ylabel(name)
    for axis in axes[1]:
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    for model, colour in colours.items():
        axes[0, -1].plot([], [], color=colour, label=texts.model(model))
    if held:
        axes[0, -1].plot([], [], color="0.4", ls=":", label="held-out speakers")
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    last = curves.groupby(lines).tail(1)
    learnt = 100 * last["accuracy"].mean()
    title = f"In the last epoch {learnt:.0f} % of the training segments are right"
    if held:
        title += f", of held-out speakers' {100 * last['held_accuracy'].mean():.0f} %"
    headline(figure, title)
    return figure


def rbm_errors(errors: pd.DataFrame) -> plt.Figure:
    """Reconstruction error and free-energy gap of each RBM per epoch, a thin line a cell (§2.2.3).

    A gap is to training speakers held out; where none is told, its panels stay empty.

    Parameters
    ----------
    errors : DataFrame
        From :func:`avef.learning.fusion.rbm_errors`.
    """
    if errors.empty:
        return nothing("Nothing was trained")
    layers = sorted(errors["layer"].unique())
    figure, axes = plt.subplots(2, len(layers), figsize=(8, 4), sharex=True, squeeze=False)
    for column, layer in zip(axes.T, layers, strict=True):
        part = errors[errors["layer"] == layer]
        for _, line in part.groupby(["emotion_model", "case", "seed", "fold"]):
            for axis, name in zip(column, ("error", "gap"), strict=True):
                axis.plot(line["epoch"], line[name], color="C0", lw=0.8, alpha=0.5)
        column[0].set(title=f"RBM {layer}", ylim=(0, None))
        column[1].axhline(0, color="0.6", lw=0.8)
        column[1].set_xlabel("epoch")
        column[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis, name in zip(axes[:, 0], ("reconstruction error", "free-energy gap"), strict=True):
        axis.set_ylabel(name)
    first, last = (errors[errors["epoch"] == f(errors["epoch"])]["gap"].mean() for f in (min, max))
    grown = "grows" if last > first + 0.01 else "does not grow"
    known = errors["gap"].notna().any()
    headline(figure, f"The gap to speakers held out {grown}" if known else "No gap was told")
    return figure


def transfer_curves(curves: pd.DataFrame, saved: float) -> plt.Figure:
    """Training loss with and without transfer, the mean over folds (S4).

    Parameters
    ----------
    curves : DataFrame
        From :func:`avef.studies.transfer_gain.all_curves`.
    saved : float
        Percent of the epochs, from :func:`avef.studies.transfer_gain.epochs_saved`.
    """
    networks, corpora = curves["network"].unique(), curves["corpus"].unique()
    figure, axes = plt.subplots(
        len(networks), len(corpora), figsize=(8, 4), sharex=True, sharey="row", squeeze=False
    )
    for row, network in zip(axes, networks, strict=True):
        for axis, corpus in zip(row, corpora, strict=True):
            part = curves[(curves["network"] == network) & (curves["corpus"] == corpus)]
            for start, colour, said in STARTS:
                mean = part[part["start"] == start].groupby("epoch")["loss"].mean()
                axis.plot(mean.index, mean, color=colour, label=said)
            axis.set_title(f"{paper.title(corpus)}, {network}", fontsize=9)
        row[0].set_ylabel("training loss")
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, -1].legend(fontsize=8)
    title = f"Transfer reaches the same training loss in {abs(saved):.0f} % "
    title += "fewer epochs" if saved >= 0 else "more epochs"
    headline(figure, title)
    return figure
