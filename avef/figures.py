"""The figures: the paper's Figs. 2 and 3, learning curves, heat maps.

Every function returns a matplotlib figure; :func:`finish` marks and keeps it.
"""

from __future__ import annotations

from importlib import resources

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from avef import paper, paths
from avef.files import replacing
from avef.prepare import PreparedClip
from avef.protocol import EMOTION_MODELS
from avef.segments import Segments

plt.style.use(str(resources.files("avef") / "avef.mplstyle"))


def finish(figure: plt.Figure, name: str, demo: bool) -> plt.Figure:
    """Mark a figure that shows demo data, write ``reports/figures/<name>.png``, return it."""
    if demo:
        figure.text(1, 1, "demo data", ha="right", va="top", color="C1", fontsize=9)
    with replacing(paths.FIGURES / f"{name}.png") as temporary:
        figure.savefig(temporary, metadata={"Software": None})
    plt.close(figure)  # a notebook shows what a cell returns; open figures it would show twice
    return figure


def preparation(
    y: np.ndarray, rate: int, frames: np.ndarray, clip: PreparedClip, title: str = ""
) -> plt.Figure:
    """Fig. 2: wave, log-mel and pictures of one clip, before and after preparation.

    Parameters
    ----------
    y : (n,) float
        The raw mono signal at ``rate`` Hz.
    frames : (F, H, W, 3) uint8
        The raw video.
    clip : PreparedClip
        The same clip, prepared.
    """
    seconds = len(clip.log_mel) / 100
    kept = np.flatnonzero(clip.voiced)
    cell = np.clip((clip.times * 100).astype(int), 0, len(clip.voiced) - 1)
    spoken = np.flatnonzero(clip.voiced[cell])
    # A cut after preparation leaves only the samples of voiced 10 ms frames.
    sample_kept = np.repeat(clip.voiced, rate // 100)
    sample_kept = np.pad(sample_kept, (0, max(0, len(y) - len(sample_kept))))[: len(y)]

    figure, axes = plt.subplots(6, 1, figsize=(8, 7), height_ratios=[1, 1, 1.1] * 2)
    _wave(axes[0], y, rate, f"Before: {seconds:.1f} s")
    for start, end in _runs(~clip.voiced):
        for axis in axes[:2]:
            axis.axvspan(start / 100, end / 100, color="0.5", alpha=0.35, lw=0)
    _mel(axes[1], clip.log_mel)
    _strip(axes[2], frames, np.arange(len(frames)))
    _wave(axes[3], y[sample_kept], rate, f"After: {len(kept) / 100:.1f} s of speech")
    _mel(axes[4], clip.log_mel[kept])
    _strip(axes[5], clip.faces, spoken)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def mel_channels(image: np.ndarray, title: str = "") -> plt.Figure:
    """Fig. 3: (a) all three channels, (b) static, (c) Δ, (d) ΔΔ.

    Parameters
    ----------
    image : (64 mel bins, 64 frames, 3) float
        From :func:`avef.speech.mel_image`.
    """
    low, high = np.percentile(image, [1, 99], axis=(0, 1))
    colour = np.clip((image - low) / (high - low + 1e-9), 0, 1)
    figure, axes = plt.subplots(1, 4, figsize=(8, 2.5), sharey=True)
    axes[0].imshow(colour, origin="lower", aspect="auto", extent=(0, 640, 0, 64))
    names = ["(a) as colours", "(b) static", "(c) Δ", "(d) ΔΔ"]
    for axis, channel in zip(axes[1:], np.moveaxis(image, -1, 0), strict=True):
        axis.imshow(channel, origin="lower", aspect="auto", extent=(0, 640, 0, 64))
    for axis, name in zip(axes, names, strict=True):
        axis.set(title=name, xlabel="time (ms)")
    axes[0].set_ylabel("mel bin")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def segment_faces(
    clip: PreparedClip, segments: Segments, number: int = 0, title: str = ""
) -> plt.Figure:
    """The 16 faces of one segment, as the visual-net gets them (§2.1.2)."""
    figure, axes = plt.subplots(2, 8, figsize=(8, 2.2))
    for axis, index in zip(axes.flat, segments.faces[number], strict=True):
        axis.imshow(clip.faces[index])
        axis.set_title(f"{index}", fontsize=7, loc="center", fontweight="normal")
        axis.axis("off")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def kept_share(prepared: pd.DataFrame, dataset: str) -> plt.Figure:
    """How much of each clip is speech, beside the paper's mean (K1)."""
    figure, axis = plt.subplots(figsize=(7, 2.4))
    axis.hist(100 * prepared["voiced"], bins=np.arange(0, 101, 4), color="0.7")
    weighted = 100 * np.average(prepared["voiced"], weights=prepared["duration"])
    axis.axvline(weighted, color="C0", label=f"ours {weighted:.0f} %")
    theirs = paper.CLAIMS["K1"].figure[dataset]
    axis.axvline(theirs, color="C1", ls="--", label=f"paper {theirs:.0f} %")
    axis.set(xlabel="kept in case 2 (% of the clip)", ylabel="clips", xlim=(0, 100))
    axis.legend(loc="upper left")
    return figure


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


def accuracy_bars(accuracies: pd.DataFrame, title: str) -> plt.Figure:
    """Accuracy of case 1 and case 2 in the three emotion models, chance as a tick."""
    wide = accuracies.pivot(index="emotion_model", columns="case", values="accuracy")
    wide = wide.loc[list(EMOTION_MODELS)]
    figure, axis = plt.subplots(figsize=(6, 2.6))
    places = np.arange(len(wide))
    for case, shift in ((1, -0.2), (2, 0.2)):
        bars = axis.bar(
            places + shift, wide[case], 0.38, color=f"C{2 - case}", label=f"case {case}"
        )
        axis.bar_label(bars, fmt="%.1f", fontsize=8)
    chance = [100 / len(EMOTION_MODELS[m]) for m in wide.index]
    axis.hlines(chance, places - 0.42, places + 0.42, color="k", lw=1, ls=":", label="chance")
    axis.set_xticks(places, wide.index)
    axis.set(ylabel="accuracy (%)", ylim=(0, 105), title=title)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def confusions(ours: pd.DataFrame, theirs: pd.DataFrame, title: str) -> plt.Figure:
    """A confusion matrix beside the paper's, in percent of each row (Tables 8–10)."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.8), sharey=True)
    for axis, matrix, name in zip(axes, (ours, theirs), ("ours", "paper"), strict=True):
        _heat(axis, matrix)
        axis.set(title=name, xlabel="predicted")
    axes[0].set_ylabel("true")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def comparison(cells: pd.DataFrame, title: str) -> plt.Figure:
    """Ours against the paper's in every cell of a table: an arrow from theirs to ours."""
    cells = cells.dropna(subset=["ours"]).reset_index(drop=True)
    names = cells["dataset"].map(paper.DATASET_NAMES) + " " + cells["modality"]
    names += ", " + cells["emotion_model"] + ", case " + cells["case"].astype(str)
    figure, axis = plt.subplots(figsize=(8, 0.6 + 0.24 * len(cells)))
    rows = np.arange(len(cells))[::-1]
    axis.hlines(rows, cells["paper"], cells["ours"], color="0.75")
    axis.plot(cells["paper"], rows, "|", ms=9, mew=2, color="C1", label="paper")
    axis.plot(cells["ours"], rows, "o", ms=5, color="C0", label="ours")
    axis.set_yticks(rows, names, fontsize=7)
    axis.set(xlabel="accuracy (%)", xlim=(0, 100))
    axis.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def _heat(axis, matrix):
    values = matrix.to_numpy(float)
    axis.imshow(values, vmin=0, vmax=100)
    for (i, j), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.0f}"
        axis.text(j, i, text, ha="center", va="center", color="k" if value > 55 else "w")
    axis.set_xticks(range(len(matrix)), matrix.columns, rotation=45, ha="right")
    axis.set_yticks(range(len(matrix)), matrix.index)
    axis.spines[:].set_visible(False)


def _wave(axis, y, rate, title):
    axis.plot(np.arange(len(y)) / rate, y, lw=0.4)
    axis.set(title=title, xlim=(0, len(y) / rate), yticks=[])


def _mel(axis, log_mel):
    extent = (0, len(log_mel) / 100, 0, 64)
    axis.imshow(log_mel.T, origin="lower", aspect="auto", extent=extent)
    axis.set(ylabel="mel bin", xlabel="time (s)", yticks=[0, 32, 64])


def _strip(axis, images, choice, count=8):
    chosen = images[choice[np.linspace(0, len(choice) - 1, count).astype(int)]]
    axis.imshow(np.hstack(list(chosen)))
    axis.axis("off")


def _runs(mask):
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return edges.reshape(-1, 2)
