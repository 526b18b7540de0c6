"""Pictures of a result: emotions over time, and how far probabilities can be relied upon."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from avef import figures  # noqa: F401 (sets the style)
from avef.core import inert
from avef.core.files import replacing
from avef.evaluation import marks
from avef.protocol import EMOTIONS
from avef.recognition.result import Prediction
from avef.recognition.timeline import shown

#: Suffixes of the formats that a figure can have.
FORMATS = (".png", ".svg", ".pdf", ".jpg", ".webp")
_MINUTES = 180  # seconds from which on an axis counts minutes
_LONGEST_NAME = 60
_INK = "#010203"  # no other colour is written so


def emotions_over_time(prediction: Prediction) -> plt.Figure:
    """Probability of every emotion, a row each, over the whole clip; white where nobody speaks.

    One segment or a thousand: each is as wide as the time it stands for.
    """
    figure, (axis, voice) = plt.subplots(
        2, 1, figsize=(8, 3.2), sharex=True, height_ratios=[12, 1], gridspec_kw={"hspace": 0}
    )
    unit, of_one = ("min", 60) if prediction.duration > _MINUTES else ("s", 1)
    drawn = _heat(axis, prediction, of_one)
    figure.colorbar(drawn, ax=[axis, voice], label="probability (%)")
    whole = zip(EMOTIONS, prediction.probabilities, strict=True)
    names = [f"{name}  {100 * share:.0f} %" for name, share in whole]
    axis.set_yticks(np.arange(len(EMOTIONS)) + 0.5, names)
    axis.get_yticklabels()[EMOTIONS.index(prediction.emotion)].set_fontweight("bold")
    axis.invert_yaxis()
    axis.tick_params(axis="x", length=0)
    voice.broken_barh([(a / of_one, (b - a) / of_one) for a, b in prediction.speech], (0, 1))
    voice.set(xlim=(0, prediction.duration / of_one), ylim=(0, 1), xlabel=f"time ({unit})")
    voice.set_yticks([0.5], ["speech"])
    for one in (axis, voice):
        one.spines[:].set_visible(False)
    name = inert.shown(Path(prediction.clip).name)[:_LONGEST_NAME].replace("$", r"\$")
    axis.set_title(f"{name}: {prediction.headline}")
    return figure


def reliability(table: pd.DataFrame, error: float) -> plt.Figure:
    """How often answers of like confidence were right, beside what they promised.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.recognition.calibration.reliability`.
    error : float
        Expected calibration error.
    """
    figure, axis = plt.subplots(figsize=(4, 4))
    axis.plot([0, 100], [0, 100], color="0.6", lw=1, label="as promised")
    axis.plot(100 * table["confidence"], 100 * table["right"], "o-", label="answers")
    for row in table.itertuples():
        place = 100 * row.confidence, 100 * row.right
        axis.annotate(str(row.clips), place, (0, 7), textcoords="offset points", ha="center")
    axis.set(xlabel="calibrated probability (%)", ylabel="right (%)", xlim=(0, 100), ylim=(-3, 106))
    axis.set_aspect("equal")
    axis.set_title(f"{100 * error:.0f} points off on average")
    axis.legend(loc="upper left")
    return figure


def save(figure: plt.Figure, path: str | Path, mark: str) -> None:
    """Write a figure, its mark in the corner, in the format that its suffix names."""
    signed(figure, marks.SAID[mark])
    with replacing(path) as temporary:
        figure.savefig(temporary)
    plt.close(figure)


def signed(figure: plt.Figure, said: str) -> plt.Figure:
    """The figure with a text of :data:`avef.evaluation.marks.SAID`, in short, in its corner."""
    if said:
        figure.text(1, 1, marks.short(said), ha="right", va="top", color="C1", fontsize=9)
    return figure


class Inline(NamedTuple):
    """A timeline as part of a page.

    Attributes
    ----------
    svg : str
        In the page's own colour of text, on its own ground.
    begin, end : float in 0…1
        Of its width, where the clip begins and ends.
    top, bottom : float in 0…1
        Of its height from above, where the rows begin and end.
    """

    svg: str
    begin: float
    end: float
    top: float
    bottom: float


def inline(prediction: Prediction) -> Inline:
    """:func:`emotions_over_time` for a page that may be light or dark."""
    with plt.rc_context(), io.StringIO() as file:
        plt.rcParams["text.color"] = plt.rcParams["axes.labelcolor"] = _INK
        plt.rcParams["axes.edgecolor"] = _INK
        plt.rcParams["xtick.color"] = plt.rcParams["ytick.color"] = _INK
        plt.rcParams |= {"figure.facecolor": "none", "axes.facecolor": "none"}
        plt.rcParams["savefig.bbox"] = None  # all of the figure, or the places would not hold
        figure = signed(emotions_over_time(prediction), prediction.data)
        figure.savefig(file, format="svg")
        rows, speech = (axis.get_position() for axis in figure.axes[:2])
        plt.close(figure)
        svg = file.getvalue().replace(_INK, "currentColor")
    return Inline(svg[svg.index("<svg") :], rows.x0, rows.x1, 1 - rows.y1, 1 - speech.y0)


def _heat(axis, prediction, of_one):
    """One rectangle a segment and emotion; between two segments apart one that is empty."""
    spans = shown(prediction.times) / of_one
    edges, columns = [spans[0, 0]], []
    for (begin, end), row in zip(spans, prediction.timeline, strict=True):
        if begin > edges[-1]:
            edges.append(begin)
            columns.append(np.full(len(EMOTIONS), np.nan))
        edges.append(end)
        columns.append(100 * row)
    rows = np.arange(len(EMOTIONS) + 1)
    # Rasterised: of an hour, a vector file would hold tens of thousands of shapes.
    return axis.pcolormesh(edges, rows, np.array(columns).T, vmin=0, vmax=100, rasterized=True)
