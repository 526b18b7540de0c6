"""Learning: curves of the networks and of the RBMs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd


def learning_curves(curves: pd.DataFrame, panels: str = "case") -> plt.Figure:
    """Training loss and accuracy per epoch, a thin line a training.

    Parameters
    ----------
    curves : DataFrame
        ``emotion_model``, ``epoch``, ``loss``, ``accuracy``, the column that
        ``panels`` names, and ``fold`` where there are folds.
    panels : str
        Column whose two values stand side by side.
    """
    figure, axes = plt.subplots(2, 2, figsize=(8, 4), sharex=True, sharey="row")
    colours = {m: f"C{i}" for i, m in enumerate(curves["emotion_model"].unique())}
    lines = [c for c in ("emotion_model", panels, "fold") if c in curves]
    names = sorted(curves[panels].unique())
    for key, line in curves.groupby(lines):
        side = names.index(key[1])
        for axis, column in zip(axes[:, side], ["loss", "accuracy"], strict=True):
            axis.plot(line["epoch"], line[column], color=colours[key[0]], lw=0.8, alpha=0.7)
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(f"case {name}" if panels == "case" else str(name))
    for axis, column in zip(axes[:, 0], ["training loss", "training accuracy"], strict=True):
        axis.set_ylabel(column)
    for axis in axes[1]:
        axis.set_xlabel("epoch")
    for model, colour in colours.items():
        axes[0, 1].plot([], [], color=colour, label=model)
    axes[0, 1].legend()
    return figure


def rbm_errors(errors: pd.DataFrame) -> plt.Figure:
    """Reconstruction error of each RBM per epoch, a thin line a cell (§2.2.3).

    Parameters
    ----------
    errors : DataFrame
        From :func:`avef.fusion.rbm_errors`.
    """
    layers = sorted(errors["layer"].unique())
    figure, axes = plt.subplots(1, len(layers), figsize=(8, 2.4), squeeze=False)
    for axis, layer in zip(axes[0], layers, strict=True):
        part = errors[errors["layer"] == layer]
        for _, line in part.groupby(["emotion_model", "case", "fold"]):
            axis.plot(line["epoch"], line["error"], color="C0", lw=0.8, alpha=0.5)
        axis.set(
            title=f"RBM {layer}", xlabel="epoch", ylabel="reconstruction error", ylim=(0, None)
        )
    return figure
