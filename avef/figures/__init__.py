"""The figures. Every function returns a matplotlib figure; :func:`finish` marks and keeps it."""

from __future__ import annotations

from importlib import resources

import matplotlib.pyplot as plt

from avef import paths
from avef.figures.learning import learning_curves, rbm_errors, transfer_curves
from avef.figures.preparation import kept_share, mel_channels, preparation, segment_faces
from avef.figures.results import ablations, accuracy_bars, comparison, confusions, differences
from avef.figures.statistics import forest, identities, verdict_strip
from avef.figures.voice import roc, speech_probabilities
from avef.files import replacing

__all__ = [
    "ablations",
    "accuracy_bars",
    "comparison",
    "confusions",
    "differences",
    "finish",
    "forest",
    "identities",
    "kept_share",
    "learning_curves",
    "mel_channels",
    "preparation",
    "rbm_errors",
    "roc",
    "segment_faces",
    "speech_probabilities",
    "transfer_curves",
    "verdict_strip",
]

plt.style.use(str(resources.files("avef") / "avef.mplstyle"))


def finish(figure: plt.Figure, name: str, demo: bool) -> plt.Figure:
    """Mark a figure that shows demo data, write ``reports/figures/<name>.png``, return it."""
    if demo:
        figure.text(1, 1, "demo data", ha="right", va="top", color="C1", fontsize=9)
    with replacing(paths.FIGURES / f"{name}.png") as temporary:
        figure.savefig(temporary, metadata={"Software": None})
    plt.close(figure)  # a notebook shows what a cell returns; open figures it would show twice
    return figure
