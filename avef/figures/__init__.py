"""The figures. Every function returns a matplotlib figure; :func:`finish` marks and saves it.

A module is loaded when one of its figures is first drawn.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import lazy_loader
import matplotlib.pyplot as plt

from avef.core import paths
from avef.core.files import replacing
from avef.evaluation import marks

_FIGURES = {
    "learning": ["learning_curves", "rbm_errors", "transfer_curves"],
    "preparation": ["mel_channels", "preparation", "segment_faces", "voiced_share"],
    "results": [
        "ablations",
        "accuracy_bars",
        "comparison",
        "confusions",
        "differences",
        "seed_gains",
    ],
    "verdicts": ["forest", "identities", "power", "verdict_strip"],
    "voice": ["roc", "speech_probabilities"],
}
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=_FIGURES)
__all__ += ["finish"]

# From matplotlib's own defaults, whatever a matplotlibrc of the user's says.
plt.style.use(["default", str(resources.files("avef.figures") / "avef.mplstyle")])


def finish(
    figure: plt.Figure, name: str, mark: str = "paper", *, folder: str | Path = paths.FIGURES
) -> plt.Figure:
    """Put its mark in a figure's corner, write ``<folder>/<name>.png``, return it."""
    if said := marks.short(marks.SAID[mark]):
        figure.text(1, 1, said, ha="right", va="top", color="C1", fontsize=9)
    with replacing(Path(folder) / f"{name}.png") as temporary:
        figure.savefig(temporary, dpi=200, metadata={"Software": None})
    plt.close(figure)  # a notebook shows what it is given; open figures it would show twice
    return figure
