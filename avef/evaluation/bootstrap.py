"""Resampling: bootstrap intervals of ratios, tests by sign flips, Holm's correction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from avef.core.errors import ParameterError


def sign_flip(gains: ArrayLike, *, draws: int = 10_000, seed: int = 0) -> float:
    """Two-sided p of the sum of paired gains, by flipping their signs.

    All sign patterns are tried where there are at most ``draws`` (thirteen
    speakers for 10 000), else ``draws`` random ones. One pair proves nothing: p is 1.

    Parameters
    ----------
    gains : array (speakers,)
    draws, seed : int
        Random sign patterns, and the state of the generator.

    Examples
    --------
    Of the 16 patterns of four signs, two make a sum as large as that of four gains:

    >>> sign_flip([3, 1, 4, 1])
    0.125
    """
    from scipy.stats import permutation_test  # here, and not above: it is half a second to load

    gains = np.asarray(gains, float)
    if len(gains) < 2:
        return 1.0
    result = permutation_test(
        (gains,), np.sum, permutation_type="samples", vectorized=True, n_resamples=draws, rng=seed
    )
    return float(result.pvalue)


def holm(p: Iterable[float]) -> np.ndarray:
    """Holm's correction: the chance of any false p below α is at most α, over all of them.

    Parameters
    ----------
    p : array (comparisons,)

    Returns
    -------
    ndarray (comparisons,)
        In the order given; never below ``p``, never above 1.

    Raises
    ------
    ParameterError
        If a p lies outside 0 … 1, or is NaN.

    Examples
    --------
    From the least to the greatest times 4, 3, 2 and 1, but never falling:

    >>> holm([0.01, 0.04, 0.03, 0.005])
    array([0.03, 0.06, 0.06, 0.02])
    """
    p = np.asarray(list(p), float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ParameterError(f"p values must lie between 0 and 1, got {p.tolist()}")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def ratio(
    part: ArrayLike,
    whole: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """100 · Σ part / Σ whole over speakers, and its bootstrap interval: (value, low, high).

    Parameters
    ----------
    part, whole : array (speakers,) or (speakers, classes)
        With classes, the mean of their ratios; classes of whom a draw has no
        clip are left out of that draw's mean.
    level, draws, seed
        Of the interval; bootstrap samples, and the state of the generator. Speakers are
        drawn, and the percentiles expanded, as :func:`avef.evaluation.intervals.interval` says.

    Returns
    -------
    tuple of float
        Percent. The bounds are NaN for a single speaker, and where no draw has a ratio.

    Raises
    ------
    ParameterError
        If ``level`` is not between 0 and 1, or ``draws`` not positive.

    Examples
    --------
    Two speakers of ten clips each; the interval of so few holds all that can be drawn:

    >>> ratio([3, 9], [10, 10])
    (60.0, 30.0, 90.0)
    >>> ratio([3], [10])
    (30.0, nan, nan)
    """
    if not 0 < level < 1 or draws < 1:
        raise ParameterError(
            f"level must lie between 0 and 1, draws be positive; got {level}, {draws}"
        )
    part = _by_class(part)
    whole = _by_class(whole)
    speakers = len(part)
    value = _mean_ratio(part.sum(axis=0), whole.sum(axis=0))
    if speakers < 2:
        return float(value), np.nan, np.nan
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(speakers, np.full(speakers, 1 / speakers), size=draws)
    drawn = _mean_ratio(weights @ part, weights @ whole)
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) == 0:
        return float(value), np.nan, np.nan
    tail = expanded_tail(speakers, level)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(value), float(low), float(high)


def expanded_tail(speakers: int, level: float = 0.95) -> float:
    """The share of draws beyond either bound: less than (1 - level) / 2 where speakers are few.

    Hesterberg's expanded percentiles, which widen as Student's t widens a normal interval.

    Parameters
    ----------
    speakers : int
        At least 2.
    level : float
        Between 0 and 1.

    Examples
    --------
    In percent, of RML's 8 speakers, of eNTERFACE'05's 43, and of very many:

    >>> [round(100 * expanded_tail(speakers), 2) for speakers in (8, 43, 100_000)]
    [0.57, 2.06, 2.5]
    """
    widened = special.stdtrit(speakers - 1, (1 + level) / 2) * np.sqrt(speakers / (speakers - 1))
    return float(special.ndtr(-widened))


def _by_class(counts: ArrayLike) -> np.ndarray:
    """Counts as floats, (speakers, classes); one class where there is no second axis."""
    counts = np.asarray(counts)
    return np.reshape(counts, (len(counts), -1)).astype(float)


def _mean_ratio(part, whole):
    """100 · part / whole, averaged over the last axis where ``whole`` is not 0; NaN if nowhere."""
    there = whole != 0
    ratios = np.divide(part, whole, out=np.zeros_like(part), where=there)
    count = there.sum(axis=-1)
    return np.divide(
        100 * ratios.sum(axis=-1), count, out=np.full(count.shape, np.nan), where=count > 0
    )
