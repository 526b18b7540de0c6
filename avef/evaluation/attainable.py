"""Which percentages are shares of a whole number of clips, as printed accuracies must be."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from avef import corpora, paper
from avef.evaluation.texts import decimals

_MOST = 20_000  # clips or segments beyond which no count is searched
EXACT = 1e-9  # binary fractions of decimal figures differ by less


def by_chance() -> pd.DataFrame:
    """How many accuracies of Tables 4–7 are a share of the clips, and how many any figures were.

    Columns: ``table``, ``accuracies``, ``shares`` (that are k of n), ``by chance``
    (expected of figures drawn evenly from 0 to 100 with the table's decimals).
    """
    rows = []
    for number, printed in paper.accuracies().groupby("table"):
        places = decimals(printed["accuracy"])
        shares = 0
        expected = 0.0
        for dataset, value in printed[["dataset", "accuracy"]].itertuples(index=False):
            shares += any(attainable([value], n, places) for n in totals(dataset))
            possible = [np.round(100 * np.arange(n + 1) / n, places) for n in totals(dataset)]
            expected += len(np.unique(np.concatenate(possible))) / (100 * 10**places + 1)
        rows.append((number, len(printed), shares, round(expected, 1)))
    return pd.DataFrame(rows, columns=["table", "accuracies", "shares", "by chance"])


def nearest(value: float, count: int) -> tuple[int, float]:
    """The k, and 100·k/count, nearest to ``value`` percent.

    Examples
    --------
    The paper prints 73.88 for RML, which has 720 clips:

    >>> nearest(73.88, 720)
    (532, 73.88888888888889)
    """
    k = round(value * count / 100)
    return k, 100 * k / count


def attainable(values: ArrayLike, count: int, places: int) -> bool:
    """Whether each percentage is 100·k/count for an integer k, rounded to so many ``places``.

    Examples
    --------
    >>> attainable([33.33, 66.67], 3, places=2)
    True
    >>> attainable([33.33, 66.66], 3, places=2)
    False
    """
    return bool(_are_shares(values, np.array([count]), places)[0])


def least_count(values: ArrayLike, places: int, most: int = _MOST) -> int | None:
    """The least count up to ``most`` of which all percentages are attainable, else None.

    Examples
    --------
    Halves and thirds at once are shares of six clips, and of no fewer:

    >>> least_count([50.0, 33.33], places=2)
    6
    """
    counts = np.flatnonzero(_are_shares(values, np.arange(1, most + 1), places))
    return int(counts[0]) + 1 if len(counts) else None


def _are_shares(values, counts, places):
    values = np.asarray(values, float)
    n = counts[:, None]
    distance = np.abs(100 * np.round(values * n / 100) / n - values)
    return (distance <= half(places) + EXACT).all(axis=1)


def class_counts(dataset: str) -> list[pd.Series]:
    """Clips of each emotion in a corpus: as it is, and as the paper's total implies if another.

    Complete copies of eNTERFACE'05 have 1287 clips of 43 speakers, three fewer
    than the paper's 1290, which leaves 215 an emotion.
    """
    own = corpora.expected_counts(dataset).reindex(list(paper.EMOTIONS))
    stated = int(paper.table_1().loc[dataset, "clips_used"])
    if stated == own.sum():
        return [own]
    return [own, pd.Series(stated // len(own), index=own.index)]


def totals(dataset: str) -> list[int]:
    """How many clips a corpus has, by each of :func:`class_counts`.

    Examples
    --------
    >>> totals("rml"), totals("enterface05")
    ([720], [1287, 1290])
    """
    return sorted({int(counts.sum()) for counts in class_counts(dataset)})


def half(places: int) -> float:
    """What rounding to so many decimals may change.

    Examples
    --------
    >>> half(2)
    0.005
    """
    return 0.5 * 10.0**-places
