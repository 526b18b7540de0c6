"""Voice activity detection: ROC curves, and one utterance."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from avef.figures.titles import headline
from avef.preparation.speech import RATE
from avef.studies import vad_scores
from avef.studies.vad_data import Utterance


def roc(scores: Mapping[str, vad_scores.Scores]) -> plt.Figure:
    """ROC curves: a row a corpus, a column a condition, a line a detector.

    Parameters
    ----------
    scores : corpus → result of :func:`avef.studies.vad_scores.scores`
    """
    conditions = list(vad_scores.CONDITIONS)
    size = (2.2 * len(conditions), 2.3 * len(scores))
    figure, axes = plt.subplots(
        len(scores), len(conditions), figsize=size, sharex=True, sharey=True, squeeze=False
    )
    for row, (corpus, of) in zip(axes, scores.items(), strict=True):
        for axis, condition in zip(row, conditions, strict=True):
            for (at, detector), pair in of.items():
                if at == condition:
                    axis.plot(*vad_scores.roc(*pair), lw=1.2, label=detector)
            axis.set_title(condition, fontsize=8)
        row[0].set_ylabel(f"{corpus}\nspeech found (share)")
    for axis in axes[-1]:
        axis.set_xlabel("silence taken for speech")
    axes[-1, -1].legend(fontsize=8)
    areas = pd.concat(vad_scores.auc(of) for of in scores.values())
    least = areas.drop(columns="condition").min()
    area = f"{least.max():.2f} of the area under its curve"
    headline(figure, f"Each at its worst, {least.idxmax()} is best: {area}")
    return figure


def speech_probabilities(
    utterance: Utterance, detectors: Mapping[str, vad_scores.Detector]
) -> plt.Figure:
    """An utterance's wave, and each detector's probability; labelled silence is grey."""
    rows = 1 + len(detectors)
    figure, axes = plt.subplots(rows, 1, figsize=(8, 1.1 * rows), sharex=True)
    axes[0].plot(np.arange(len(utterance.y)) / RATE, utterance.y, lw=0.4)
    axes[0].set(yticks=[], title=f"{utterance.corpus}, speaker {utterance.speaker}")
    time = (np.arange(len(utterance.voiced)) + 0.5) / 100
    for axis, (name, detect) in zip(axes[1:], detectors.items(), strict=True):
        axis.plot(time, detect(utterance.y), lw=1)
        axis.set(ylim=(0, 1), yticks=[0, 1], ylabel=name)
    for axis in axes:
        axis.fill_between(
            time,
            0,
            1,
            where=~utterance.voiced,
            transform=axis.get_xaxis_transform(),
            color="0.5",
            alpha=0.3,
            lw=0,
            step="mid",
        )
    axes[-1].set(xlabel="time (s)", xlim=(0, len(utterance.y) / RATE))
    return figure
