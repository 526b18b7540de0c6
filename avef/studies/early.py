"""What early stopping leaves of a plan's hours, by what it left of trainings that were measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from avef.config.schema import Params
from avef.core import outside

#: What ``benchmarks/early.py`` measured.
MEASURED = Path("benchmarks/results/early.json")


def expected(params: Params, table: pd.DataFrame, epochs: float) -> float:
    """Hours of a plan if each network's training ends after so many epochs, or at its limit.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.studies.plan.plan`, whose hours are of all epochs.
    """
    share = [
        min(1.0, epochs / getattr(params, row.stage)[row.corpus].epochs)
        for row in table.itertuples()
    ]
    return float((table["hours"] * share).sum())


def mean_epochs(file: Path = MEASURED) -> float:
    """Epochs after which the measured trainings ended, on average."""
    return float(np.mean(list(_ended(file).values())))


def sentence(params: Params, table: pd.DataFrame, file: Path = MEASURED) -> str:
    """What early stopping leaves of a plan's hours, and what that is known from."""
    mean = mean_epochs(file)
    return (
        f"at most; about {expected(params, table, mean):.3g} h if trainings end early after "
        f"{mean:.0f} epochs, as they did on average in {MEASURED} ({'; '.join(_ended(file))})"
    )


def _ended(file):
    """Epochs after which each measured training ended, by what it was."""
    measured = outside.value(file)
    return {
        name: told["epochs"]["early"]
        for name, told in measured.items()
        if isinstance(told, dict) and "epochs" in told
    }
