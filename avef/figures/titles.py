"""How a figure says what it shows."""

from __future__ import annotations

import matplotlib.pyplot as plt


def nothing(finding: str) -> plt.Figure:
    """A figure that says why there is nothing to draw."""
    figure = plt.figure(figsize=(7, 0.5))
    headline(figure, finding)
    return figure


def headline(figure: plt.Figure, finding: str, size: float = 11) -> None:
    """Set the finding above the whole figure, flush left, as a reader begins.

    ``size`` is that of the letters, in points.
    """
    figure.suptitle(finding, x=0.01, ha="left", fontsize=size)
