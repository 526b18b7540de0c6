"""What notebooks show besides figures: the demo mark, tables, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from pandas.api.types import is_float_dtype

from avef import paper
from avef.core import paths
from avef.core.files import write_json
from avef.evaluation import texts
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
    """Show a table whole, its numbers rounded for people; say so where it is empty.

    A column has as many decimals as its greatest number asks for; what does not exist is a
    dash. An index with a name is the first column, and one that merely counts the rows is
    left out.
    """
    if len(frame) == 0:
        display(Markdown(f"{caption}: none" if caption else "none"))
        return
    shown = _named(frame).apply(_written)
    style = shown.style.format(escape="html").set_uuid("table").set_caption(caption)
    counted = isinstance(shown.index, pd.RangeIndex)
    if counted:
        style.hide(axis="index")
    plain = shown.to_string(index=not counted)
    display({"text/html": style.to_html(), "text/plain": plain}, raw=True)  # no object's address


def shapes(arrays: Mapping[str, np.ndarray]) -> None:
    """Show how large each of some arrays is, in the order in which one becomes the next."""
    rows = [(what, " × ".join(map(str, array.shape))) for what, array in arrays.items()]
    table(pd.DataFrame(rows, columns=["", "shape"]))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Corpora, emotion models, columns and rows by the names that people read."""
    if frame.index.name:
        frame = frame.reset_index()
    named = texts.named(frame).rename(columns=_heading)
    return named if isinstance(named.index, pd.RangeIndex) else named.rename(index=_heading)


def _heading(name: Any) -> Any:
    return texts.heading(name) if isinstance(name, str) else name


def _written(column: pd.Series) -> pd.Series:
    """A column as text; where it has counts and shares, these have one decimal."""
    if is_float_dtype(column):
        return pd.Series(texts.column(column), column.index)
    return column.map(_entry).astype(object)


def _entry(entry: Any) -> str:
    if pd.isna(entry) or entry == "":
        return texts.NOTHING
    return texts.minus(f"{entry:.1f}" if isinstance(entry, float) else str(entry))


def figure(drawn: plt.Figure) -> None:
    """Show one of several figures of a notebook's cell."""
    display(drawn)


def save_metrics(stage: str, dataset: str | None, values: Mapping[str, Any], *, data: str) -> None:
    """Write a stage's metrics JSON, with the mark of what they come from.

    ``dataset`` is None for a stage that serves all corpora.
    """
    write_json(paths.metrics(stage, dataset), {"data": data} | dict(values))
