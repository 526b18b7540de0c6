"""What notebooks show besides figures: the demo mark, tables, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import Markdown, display

from avef import paper
from avef.core import paths
from avef.core.files import write_json
from avef.evaluation.marks import SAID

if TYPE_CHECKING:  # a notebook without figures need not wait for it
    import matplotlib.pyplot as plt


def mark(data: str, dataset: str | None = None) -> None:
    """Say which corpus this is, and what its results must not be taken for.

    ``data`` is a mark (:mod:`avef.evaluation.marks`); ``dataset`` is None in a notebook that
    serves all corpora.
    """
    lines = [f"**Corpus: {paper.title(dataset)}**"] if dataset else []
    if SAID[data]:
        lines.append(f"> ⚠ {SAID[data]}")
    display(Markdown("\n\n".join(lines)))


def note(text: str) -> None:
    """Say a sentence."""
    display(Markdown(text))


def table(frame: pd.DataFrame, caption: str = "") -> None:
    """Show a table whole, with two decimals and a caption; say so where it is empty.

    An index that merely counts the rows is left out.
    """
    if len(frame) == 0:
        display(Markdown(f"{caption}: none" if caption else "none"))
        return
    style = frame.style.format(precision=2, na_rep="–", escape="html")
    style.set_uuid("table").set_caption(caption)
    if isinstance(frame.index, pd.RangeIndex):
        style.hide(axis="index")
    plain = frame.to_string(index=not isinstance(frame.index, pd.RangeIndex))
    display({"text/html": style.to_html(), "text/plain": plain}, raw=True)  # no object's address


def figure(drawn: plt.Figure) -> None:
    """Show one of several figures of a notebook's cell."""
    display(drawn)


def save_metrics(stage: str, dataset: str | None, values: Mapping[str, Any], *, data: str) -> None:
    """Write a stage's metrics JSON, with the mark of what they come from.

    ``dataset`` is None for a stage that serves all corpora.
    """
    write_json(paths.metrics(stage, dataset), {"data": data} | dict(values))
