"""What early stopping leaves of a plan's hours, by what it left of trainings that were measured."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from avef.config.schema import Params

#: What ``benchmarks/early.py`` measured.
MEASURED = Path("benchmarks/results/early.json")


def expected(params: Params, table: pd.DataFrame, epochs: float) -> float:
    """Hours of a plan if each network's training ends after so many epochs, or at its limit.

    Parameters
    ----------
    table : DataFrame
        From :func:`plan`, whose hours are of all epochs.
    """
    share = [
        min(1.0, epochs / getattr(params, row.stage)[row.corpus].epochs)
        for row in table.itertuples()
    ]
    return float((table["hours"] * share).sum())


def sentence(params: Params, table: pd.DataFrame, file: Path = MEASURED) -> str:
    """What early stopping leaves of a plan's hours, and what that is known from."""
    measured = json.loads(file.read_text(encoding="utf-8"))
    ended = {name: told["epochs"]["early"] for name, told in measured.items() if _ended(told)}
    mean = float(np.mean(list(ended.values())))
    return (
        f"at most; about {expected(params, table, mean):.3g} h if trainings end early after "
        f"{mean:.0f} epochs, as they did on average in {MEASURED} ({'; '.join(ended)}), "
        "with a larger learning rate"
    )


def _ended(told):
    return isinstance(told, dict) and "epochs" in told
