"""The grid of Tables 4–7: (emotion model, case, fold) cells, each a file.

A cell's file (see :mod:`avef.store`) is keyed by all that the cell depends on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from avef import store
from avef.protocol import EMOTION_MODELS

CASES = (1, 2)


def grid() -> list[tuple[str, int]]:
    """The (emotion model, case) pairs of Tables 4–7."""
    return list(product(EMOTION_MODELS, CASES))


def name(emotion_model: str, case: int, fold: int) -> str:
    """File stem of a cell."""
    return f"{emotion_model}-case{case}-fold{fold}"


def load_all(folder: str | Path) -> Iterator[tuple[tuple[str, int, int], dict[str, np.ndarray]]]:
    """Every cell of a folder, in order: (emotion model, case, fold) and its arrays."""
    found = {}
    for path in Path(folder).glob("[!.]*-case*-fold*.npz"):  # a killed run leaves .files
        emotion_model, case, fold = path.stem.split("-")
        found[emotion_model, int(case[4:]), int(fold[4:])] = path
    for cell in sorted(found):
        yield cell, store.load(found[cell])


def curves(folder: str | Path) -> pd.DataFrame:
    """The learning curves of all cells in a folder, one below the other.

    Columns ``emotion_model``, ``case``, ``fold``, ``epoch``, ``loss``, ``accuracy``.
    """
    columns = ["emotion_model", "case", "fold", "epoch", "loss", "accuracy"]
    rows = [
        (*cell, epoch, loss, accuracy)
        for cell, arrays in load_all(folder)
        for epoch, (loss, accuracy) in enumerate(arrays["curve"].T, start=1)
    ]
    return pd.DataFrame(rows, columns=columns)
