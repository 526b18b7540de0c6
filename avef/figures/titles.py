"""How a figure says what it shows."""

from __future__ import annotations

import matplotlib.pyplot as plt


def headline(figure: plt.Figure, finding: str, size: float = 11) -> None:
    """Set the finding above the whole figure, flush left, as a reader begins.

    ``size`` is that of the letters, in points.
    """
    figure.suptitle(finding, x=0.01, ha="left", fontsize=size)
