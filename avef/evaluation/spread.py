"""Two kinds of spread, named and never mixed up: that of training and that of people.

The same networks trained again, from another seed, give other predictions on the same
clips; and other people would have given other clips. A mean over people and trainings varies
by both. What varies with a training is shared by all people whom it is tested on, so that
people alone, however many, do not show it [1].

[1] Owen (2007). The pigeonhole bootstrap. The Annals of Applied Statistics.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from avef.core.errors import ParameterError
from avef.evaluation.intervals import checked

#: What is trained by itself: one entry of Tables 4–7, both cases.
PAIR = ["dataset", "modality", "emotion_model"]
PAIRS = 27  # in the paper


class Estimate(NamedTuple):
    """A mean in points, its two standard errors, and its interval by both together.

    Attributes
    ----------
    value : float
    training, people : float
        Standard errors: of another training on the same clips, and of other people.
    low, high : float
        The 95 % interval by both.
    """

    value: float
    training: float
    people: float
    low: float
    high: float


def estimate(
    value: float, training: float, people: float, *, freedom: int = PAIRS - 1, level: float = 0.95
) -> Estimate:
    """Join both spreads in one interval, by Student's t.

    Parameters
    ----------
    freedom : int
        Degrees of freedom; by default those of the 27 pairs of Tables 4–7.

    Examples
    --------
    >>> estimate(2.0, training=0.3, people=0.4, freedom=10**6).low.round(2)
    np.float64(1.02)
    """
    half = special.stdtrit(freedom, (1 + level) / 2) * np.hypot(training, people)
    return Estimate(value, training, people, value - half, value + half)


def pooled(predictions: Mapping[tuple[str, str], pd.DataFrame]) -> pd.DataFrame:
    """All predictions as one table, with what is averaged and what varies.

    Parameters
    ----------
    predictions : mapping (dataset, modality) → DataFrame
        With ``emotion_model``, ``case``, ``fold``, ``clip``, ``speaker``, ``true``,
        ``predicted``, and ``seed`` where there are several.

    Returns
    -------
    DataFrame
        These columns and ``dataset``, ``modality``, ``seed`` (0 where there was none),
        ``person`` (one name a person, in whatever modality) and ``right`` (0 or 1).

    Raises
    ------
    ParameterError
        If a column is missing, or a clip occurs twice in one seed of a case.
    """
    parts = []
    for (dataset, modality), table in predictions.items():
        seeded = checked(table)
        person = dataset + "/" + seeded["speaker"].astype(str)
        right = (seeded["true"] == seeded["predicted"]).astype(float)
        parts.append(seeded.assign(dataset=dataset, modality=modality, person=person, right=right))
    if not parts:
        raise ParameterError("there are no predictions")
    return pd.concat(parts, ignore_index=True)


def of_training(values: pd.DataFrame, weights: pd.Series, *, noise: float = 0.0) -> float:
    """Standard error that training leaves in a weighted mean over pairs.

    Parameters
    ----------
    values : DataFrame (pairs, seeds)
        What each training gives, averaged over people, in points.
    weights : Series (pairs,)
        Of each pair in the mean; they add up to 1.
    noise : float
        Variance that clips leave in each of ``values``, from :func:`clip_noise`: it is in
        the spread of people already.

    Returns
    -------
    float
        From the seeds' variance within the pairs, pooled over them. With a single seed from
        the pairs' variance instead, which holds their true differences, too, and is
        therefore too large rather than too small; NaN for a single pair.
    """
    seeds = values.notna().sum(axis=1)
    shared = float((weights**2 / np.maximum(seeds, 1)).sum())
    if (seeds > 1).any():
        variance = float(values.var(axis=1, ddof=1)[seeds > 1].mean())
    elif len(values) > 1:
        variance = float(values.mean(axis=1).var(ddof=1))
    else:
        return float("nan")
    return float(np.sqrt(max(variance - noise, 0.0) * shared))


def clip_noise(values: pd.Series) -> float:
    """Variance that single clips leave in what a training gives on average over people.

    What is left of a person's value in a training after that person's and that training's
    means, squared and divided by the people.

    Parameters
    ----------
    values : Series
        Points, by the index levels of ``PAIR``, ``seed`` and ``person``.

    Returns
    -------
    float
        Mean over the pairs. Trainings are the seeds of a pair; where there is one, the pairs
        of a corpus.
    """
    seeds = values.index.get_level_values("seed").nunique()
    group = PAIR if seeds > 1 else ["dataset"]
    alike = values.groupby([*group, "person"]).transform("mean")
    means = values.groupby([*PAIR, "seed"]).transform("mean")
    centre = values.groupby(group).transform("mean")
    left = values - alike - means + centre
    noise = {}
    for dataset, part in left.groupby("dataset"):
        people = part.index.get_level_values("person").nunique()
        pairs = len(part.groupby(PAIR))
        freedom = (people - 1) * (pairs * (seeds - 1) if seeds > 1 else pairs - 1)
        noise[dataset] = (part**2).sum() / freedom / people if freedom > 0 else 0.0
    each = [noise[dataset] for dataset, *_ in values.groupby(PAIR).groups]
    return float(np.mean(each))
