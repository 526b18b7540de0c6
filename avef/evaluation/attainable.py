"""Which percentages are shares of a whole number of clips, as printed accuracies must be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from avef import corpora, paper

_MOST = 20_000  # clips or segments beyond which no count is searched
EXACT = 1e-9  # binary fractions of decimal figures differ by less


def by_chance() -> pd.DataFrame:
    """How many accuracies of Tables 4–7 are a share of the clips, and how many any figures were.

    Columns: ``table``, ``accuracies``, ``shares`` (that are k of n), ``by chance``
    (expected of figures drawn evenly from 0 to 100 with the table's decimals).
    """
    rows = []
    for number, cells in paper.accuracies().groupby("table"):
        places = decimals(cells["accuracy"])
        found, expected = 0, 0.0
        for dataset, value in cells[["dataset", "accuracy"]].itertuples(index=False):
            found += any(attainable([value], n, places) for n in totals(dataset))
            shares = [np.round(100 * np.arange(n + 1) / n, places) for n in totals(dataset)]
            expected += len(np.unique(np.concatenate(shares))) / (100 * 10**places + 1)
        rows.append((number, len(cells), found, round(expected, 1)))
    return pd.DataFrame(rows, columns=["table", "accuracies", "shares", "by chance"])


def nearest(value: float, count: int) -> tuple[int, float]:
    """The k, and 100·k/count, nearest to ``value`` percent."""
    k = round(value * count / 100)
    return k, 100 * k / count


def attainable(values: np.ndarray, count: int, places: int) -> bool:
    """Whether each percentage is 100·k/count for an integer k, rounded to so many ``places``."""
    return bool(_are_shares(values, np.array([count]), places)[0])


def least_count(values: np.ndarray, places: int, most: int = _MOST) -> int | None:
    """The least count up to ``most`` of which all percentages are attainable, else None."""
    found = np.flatnonzero(_are_shares(values, np.arange(1, most + 1), places))
    return int(found[0]) + 1 if len(found) else None


def _are_shares(values, counts, places):
    values, n = np.asarray(values, float), counts[:, None]
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
    """How many clips a corpus has, by each of :func:`class_counts`."""
    return sorted({int(counts.sum()) for counts in class_counts(dataset)})


def decimals(figures) -> int:
    """Decimals that a table prints: the most that one of its figures needs."""
    values = np.ravel(np.asarray(figures, float))
    return max(len(repr(float(value)).partition(".")[2]) for value in values)


def half(places: int) -> float:
    """What rounding to so many decimals may change."""
    return 0.5 * 10.0**-places
