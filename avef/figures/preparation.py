"""Data preparation: the paper's Figs. 2 and 3, faces, and the voiced share."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from avef import paper
from avef.figures.titles import headline, nothing
from avef.preparation.prepared import PreparedClip
from avef.preparation.segments import Segments


def preparation(
    clip: PreparedClip, *, y: np.ndarray, rate: int, frames: np.ndarray, title: str = ""
) -> plt.Figure:
    """Fig. 2: wave, log-mel and pictures of one clip, before and after preparation.

    Parameters
    ----------
    clip : PreparedClip
    y : ndarray (n,), float
        The same clip's raw mono signal.
    rate : int
        Of ``y``, Hz.
    frames : ndarray (F, H, W, 3), uint8
        The same clip's raw video; none of sound alone.
    title : str
    """
    seconds = len(clip.log_mel) / 100
    voiced = np.flatnonzero(clip.voiced)
    heard = np.clip((clip.times * 100).astype(int), 0, len(clip.voiced) - 1)
    spoken = np.flatnonzero(clip.voiced[heard])
    # A cut after preparation leaves only the samples of voiced 10 ms frames.
    samples = np.repeat(clip.voiced, rate // 100)
    samples = np.pad(samples, (0, max(0, len(y) - len(samples))))[: len(y)]

    figure, axes = plt.subplots(6, 1, figsize=(8, 7), height_ratios=[1, 1, 1.1] * 2)
    for axis in () if len(frames) else axes[[2, 5]]:
        axis.remove()
    _wave(axes[0], y, rate, f"Before: {seconds:.1f} s", seconds)
    for start, end in _runs(~clip.voiced):
        for axis in axes[:2]:
            axis.axvspan(start / 100, end / 100, color="0.5", alpha=0.35, lw=0)
    _mel(axes[1], clip.log_mel)
    if len(frames):
        _strip(axes[2], frames, np.arange(len(frames)))
        _strip(axes[5], clip.faces, spoken)
    kept = len(voiced) / 100
    _wave(axes[3], y[samples], rate, f"After: {kept:.1f} s of speech", kept)
    _mel(axes[4], clip.log_mel[voiced])
    headline(figure, title)
    return figure


def mel_channels(image: np.ndarray, title: str = "") -> plt.Figure:
    """Fig. 3: (a) all three channels, (b) static, (c) Δ, (d) ΔΔ.

    Parameters
    ----------
    image : ndarray (64 mel bins, 64 frames, 3), float
        From :func:`avef.preparation.speech.mel_image`.
    title : str
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
    headline(figure, title)
    return figure


def segment_faces(
    clip: PreparedClip, segments: Segments, *, number: int = 0, title: str = ""
) -> plt.Figure:
    """The 16 faces of one segment, as the visual-net gets them (§2.1.2); none of sound alone."""
    if not len(clip.faces):
        return nothing(f"{title}: sound alone, no face")
    figure, axes = plt.subplots(2, 8, figsize=(8, 2.2))
    for axis, index in zip(axes.flat, segments.faces[number], strict=True):
        axis.imshow(clip.faces[index])
        axis.set_title(f"frame {index}", fontsize=7, loc="center", fontweight="normal")
        axis.axis("off")
    headline(figure, title)
    return figure


def voiced_share(prepared: pd.DataFrame, dataset: str) -> plt.Figure:
    """How much of each clip is speech, beside the paper's mean (K1).

    Parameters
    ----------
    prepared : DataFrame
        From :func:`avef.preparation.clips.prepare_corpus`.
    dataset : str
    """
    figure, axis = plt.subplots(figsize=(7, 2.4))
    axis.hist(100 * prepared["voiced"], bins=range(0, 101, 4), color="0.7")
    weighted = 100 * np.average(prepared["voiced"], weights=prepared["duration"])
    axis.axvline(weighted, color="C0", label=f"ours {weighted:.0f} %")
    title = f"{weighted:.0f} % of {paper.title(dataset)} is speech"
    if dataset in paper.DATASETS:
        printed = paper.CLAIMS["K1"].of(dataset)
        axis.axvline(printed, color="C1", ls="--", label=f"the paper {printed:.0f} %")
        title += f"; the paper's data shrink to {printed:.0f} %"
    axis.set(xlabel="speech (% of the clip)", ylabel="clips", xlim=(0, 100))
    axis.legend(loc="upper left")
    headline(figure, title)
    return figure


def _wave(axis, y, rate, title, seconds):
    axis.plot(np.arange(len(y)) / rate, y, lw=0.4)
    axis.set(title=title, xlim=(0, seconds), yticks=[], ylabel="sound")


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
