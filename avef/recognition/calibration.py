"""What a probability is worth: fitted on clips of speakers whom a fold's networks never heard.

A network that is right in 68 % of the clips may say "95 %" of nearly all of them. One number,
the temperature, makes its softmax say about as much as it knows; the same clips tell from
which probability on an answer can be relied upon.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from avef.core.errors import ParameterError

#: Clips that a threshold must rest on: of fewer, all may be right by luck.
LEAST = 10
BINS = 10
_COLDEST, _HOTTEST = 0.05, 20.0
_TINY = 1e-12  # a softmax in float32 may be 0


class Unheard(NamedTuple):
    """What folds say of clips whose speakers they never heard, n rows.

    Attributes
    ----------
    softmax : (n, C) float
        Averaged over the clip's segments.
    decided : (n,) int
        Class that the fold's SVM decides for.
    truth : (n,) int
    fold : (n,) int
    """

    softmax: np.ndarray
    decided: np.ndarray
    truth: np.ndarray
    fold: np.ndarray


class Calibration(NamedTuple):
    """How to read a softmax; from :func:`fitted`.

    Attributes
    ----------
    temperature : float
        Above 1 the networks were too sure, below 1 not sure enough.
    threshold : float
        Lowest confidence at which at least ``share`` of the clips are right; above 1, which no
        confidence reaches, where there is none.
    share : float in 0…1
    """

    temperature: float
    threshold: float
    share: float

    @property
    def reachable(self) -> bool:
        """Whether any answer can be sure."""
        return self.threshold <= 1


def fitted(unheard: Unheard, share: float) -> Calibration:
    """Temperature and threshold that suit some clips.

    Raises
    ------
    ParameterError
        If ``share`` does not lie in 0…1, or there is no clip.

    Examples
    --------
    A fold is sure of each of 20 clips, and right in 15 of them.

    >>> truth = np.repeat([0, 1], [15, 5])
    >>> said = Unheard(np.tile([0.99, 0.01], (20, 1)), 0 * truth, truth, 0 * truth)
    >>> made = fitted(said, share=0.7)
    >>> round(float(tempered(np.array([0.99, 0.01]), made.temperature)[0]), 2), made.reachable
    (0.75, True)
    >>> fitted(said, share=0.8).reachable
    False
    """
    if not 0 <= share <= 1:
        raise ParameterError(f"the share of right answers must lie in 0…1, got {share}")
    if not len(unheard.truth):
        raise ParameterError("there is no clip of an unheard speaker to calibrate on")
    best = temperature(unheard.softmax, unheard.truth)
    sure = confidence(unheard, best)
    return Calibration(best, threshold(sure, unheard.decided == unheard.truth, share), share)


def temperature(softmax: np.ndarray, truth: np.ndarray) -> float:
    """The one at which the classes ``truth`` (n,) of rows of softmax (n, C) are likeliest."""
    logs, rows = np.log(np.maximum(softmax, _TINY)), np.arange(len(truth))

    def loss(log_temperature):
        scaled = logs / np.exp(log_temperature)
        return (np.logaddexp.reduce(scaled, axis=1) - scaled[rows, truth]).mean()

    bounds = np.log(_COLDEST), np.log(_HOTTEST)
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def tempered(softmax: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax (…, C) at another temperature: powers of 1 / T, which sum to 1 again.

    Their order stays, so that no class overtakes another.

    Examples
    --------
    >>> tempered(np.array([0.8, 0.2]), 2.0).round(2).tolist()
    [0.67, 0.33]
    """
    logs = np.log(np.maximum(np.asarray(softmax, np.float64), _TINY)) / temperature
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def confidence(unheard: Unheard, temperature: float) -> np.ndarray:
    """Calibrated probability of the class that was decided for, (n,)."""
    rows = np.arange(len(unheard.decided))
    return tempered(unheard.softmax, temperature)[rows, unheard.decided]


def threshold(sure: np.ndarray, right: np.ndarray, share: float) -> float:
    """The lowest confidence at or above which a share of the answers is right.

    Parameters
    ----------
    sure : (n,) float
        Confidences.
    right : (n,) bool
    share : float in 0…1

    Returns
    -------
    float
        One of ``sure``; infinity if no :data:`LEAST` answers or more are as good.

    Examples
    --------
    Of twenty answers those above 0.62 are right, or none is.

    >>> sure = np.linspace(0.5, 0.95, 10).repeat(2).round(2)
    >>> threshold(sure, sure > 0.62, share=0.9), threshold(sure, sure < 0, share=0.9)
    (0.65, inf)
    """
    order = np.argsort(-sure, kind="stable")
    level, rate = sure[order], np.cumsum(right[order]) / np.arange(1, len(sure) + 1)
    last = np.append(level[1:] != level[:-1], True)  # of several that are as sure
    good = np.flatnonzero(last & (rate >= share) & (np.arange(len(sure)) >= LEAST - 1))
    return float(level[good[-1]]) if len(good) else float("inf")


def left_out(unheard: Unheard) -> np.ndarray:
    """Confidence of every clip at the temperature that suits the other folds' clips, (n,).

    So no clip is judged by a number that was fitted on itself. NaN where there is one fold.
    """
    sure = np.full(len(unheard.truth), np.nan)
    for fold in np.unique(unheard.fold):
        own = unheard.fold == fold
        if own.all():
            continue
        others = temperature(unheard.softmax[~own], unheard.truth[~own])
        sure[own] = confidence(Unheard(*(part[own] for part in unheard)), others)
    return sure


def reliability(sure: np.ndarray, right: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """How often answers of like confidence are right.

    Returns
    -------
    DataFrame
        One row for each of ``bins`` equal parts of 0…1 that holds an answer: ``confidence``
        and ``right`` (means), ``clips``.

    Examples
    --------
    >>> reliability(np.array([0.62, 0.66, 0.9]), np.array([True, False, True]))
       confidence  right  clips
    0        0.64    0.5      2
    1        0.90    1.0      1
    """
    part = np.minimum((np.asarray(sure) * bins).astype(int), bins - 1)
    rows = pd.DataFrame({"confidence": sure, "right": np.asarray(right, float)}).groupby(part)
    return rows.mean().assign(clips=rows.size()).reset_index(drop=True)


def expected_error(table: pd.DataFrame) -> float:
    """Expected calibration error: mean distance of confidence and rightness, by clips.

    Examples
    --------
    >>> table = pd.DataFrame({"confidence": [0.6, 0.9], "right": [0.5, 0.9], "clips": [3, 1]})
    >>> round(expected_error(table), 3)
    0.075
    """
    gaps = (table["confidence"] - table["right"]).abs()
    return float((gaps * table["clips"]).sum() / table["clips"].sum())
