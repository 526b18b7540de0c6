"""Whether one thing is better than another, paired by speaker: intervals and sign flips.

What is paired, drawn and flipped here is always the speaker with all of his or
her clips, because clips of one speaker are alike. Differences are in points.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.core.errors import ParameterError
from avef.evaluation.bootstrap import ratio, sign_flip
from avef.evaluation.intervals import checked, chosen, tally
from avef.protocol import EMOTION_MODELS

#: §4.3.1: the emotions that are easiest, and the pairs that are taken for each other.
EASIEST = ("anger", "happiness")
CONFUSED = (("anger", "happiness"), ("fear", "disgust"))


class Paired(NamedTuple):
    """A difference paired by speaker, in points: its interval, two-sided p, and the speakers."""

    difference: float
    low: float
    high: float
    p: float
    speakers: int


def case_comparison(
    predictions: pd.DataFrame, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """What discarding silence gains: case 2 minus case 1, paired by speaker (claim S3).

    Parameters
    ----------
    predictions : DataFrame
        From :func:`avef.learning.clip_svm.predictions`, with both cases of the same clips. A
        clip counts with the share of its seeds that got it right.
    level, draws, seed
        As in :func:`avef.evaluation.intervals.interval` and
        :func:`avef.evaluation.bootstrap.sign_flip`.

    Returns
    -------
    DataFrame
        ``emotion_model``, ``speakers``, ``clips``, ``case_1``, ``case_2``
        (accuracies, percent); ``difference``, ``low``, ``high`` (points);
        ``relative``, ``relative_low``, ``relative_high`` (percent of case 1);
        ``p`` (two-sided, sign flips of the speakers).

    Raises
    ------
    ParameterError
        As in :func:`avef.evaluation.intervals.interval`, and if the two cases
        have different clips.

    Examples
    --------
    Each of two speakers has two clips, of which case 2 gets one more right:

    >>> predictions = pd.DataFrame({"emotion_model": "arousal", "case": [1] * 4 + [2] * 4,
    ...                             "fold": 0, "clip": ["a", "b", "c", "d"] * 2,
    ...                             "speaker": ["s1", "s1", "s2", "s2"] * 2,
    ...                             "true": "low",
    ...                             "predicted": ["low", "high"] * 2 + ["low", "low"] * 2})
    >>> case_comparison(predictions)[["case_1", "case_2", "difference", "low", "high", "p"]]
       case_1  case_2  difference   low  high    p
    0    50.0   100.0        50.0  50.0  50.0  0.5
    """
    rows = []
    table = checked(predictions)
    table = table.assign(right=(table["true"] == table["predicted"]).astype(float))
    for model, group in table.groupby("emotion_model", sort=False):
        clips = group.groupby(["speaker", "clip", "case"])["right"].mean().unstack("case")
        if not {1, 2} <= set(clips) or clips[[1, 2]].isna().any(axis=None):
            raise ParameterError(f"{model}: cases 1 and 2 must hold the same clips")
        first, second = clips.groupby("speaker")[[1, 2]].sum().to_numpy().T
        total = clips.groupby("speaker").size().to_numpy(float)
        gained = second - first
        points = ratio(gained, total, level=level, draws=draws, seed=seed)
        relative = ratio(gained, first, level=level, draws=draws, seed=seed)
        case_1 = 100 * first.sum() / total.sum()
        case_2 = 100 * second.sum() / total.sum()
        p = sign_flip(gained, draws=draws, seed=seed)
        rows.append((model, len(total), len(clips), case_1, case_2, *points, *relative, p))
    figures = ["case_1", "case_2", "difference", "low", "high"]
    figures += ["relative", "relative_low", "relative_high", "p"]
    return pd.DataFrame(rows, columns=["emotion_model", "speakers", "clips", *figures])


def easiest(
    predictions: pd.DataFrame,
    emotions: Iterable[str] = EASIEST,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Paired:
    """By how much some emotions are easier than the others (claim S5; six emotions, case 2).

    Of every speaker who has clips of both kinds: the accuracy on ``emotions``
    minus that on the others. The difference is its mean over these speakers.

    Examples
    --------
    The first speaker's gain is 100 − 0 points, the second's 50 − 100:

    >>> predictions = pd.DataFrame({"emotion_model": "emotion", "case": 2, "fold": 0,
    ...                             "clip": range(5), "speaker": ["s1"] * 2 + ["s2"] * 3,
    ...                             "true": ["anger", "fear", "anger", "happiness", "fear"],
    ...                             "predicted": ["anger", "anger", "anger", "fear", "fear"]})
    >>> easiest(predictions)
    Paired(difference=25.0, low=-50.0, high=100.0, p=1.0, speakers=2)
    """
    right, total, classes = tally(chosen(predictions, "emotion", 2))
    named = np.isin(classes, list(emotions))
    sides = [(right[:, side].sum(axis=1), total[:, side].sum(axis=1)) for side in (named, ~named)]
    both = (sides[0][1] > 0) & (sides[1][1] > 0)
    easy, hard = (hits[both] / clips[both] for hits, clips in sides)
    return _paired(easy - hard, np.ones(both.sum()), level, draws, seed)


def mutual_confusion(
    predictions: pd.DataFrame,
    pairs: Iterable[tuple[str, str]] = CONFUSED,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Paired:
    """Whether errors fall on named partners (claim S5; six emotions, case 2).

    Of the clips of the paired emotions that are taken for something else:
    the share taken for the partner, minus the share that would be if every
    wrong class were alike. Speakers are those who have such clips.

    Examples
    --------
    Every error falls on the partner, where chance would give one in five:

    >>> predictions = pd.DataFrame({"emotion_model": "emotion", "case": 2, "fold": 0,
    ...                             "clip": range(3), "speaker": ["s1", "s2", "s2"],
    ...                             "true": ["fear", "anger", "anger"],
    ...                             "predicted": ["disgust", "happiness", "anger"]})
    >>> mutual_confusion(predictions)
    Paired(difference=80.0, low=80.0, high=80.0, p=0.5, speakers=2)
    """
    group = chosen(predictions, "emotion", 2)
    partner = {a: b for one, other in pairs for a, b in ((one, other), (other, one))}
    wrong = group[group["true"].isin(partner.keys()) & (group["true"] != group["predicted"])]
    hit = (wrong["true"].map(partner) == wrong["predicted"]).groupby(wrong["speaker"]).sum()
    errors = wrong.groupby("speaker").size().to_numpy(float)
    chance = 1 / (len(EMOTION_MODELS["emotion"]) - 1)
    return _paired(hit.to_numpy(float) - chance * errors, errors, level, draws, seed)


def _paired(gains, whole, level, draws, seed):
    p = sign_flip(gains, draws=draws, seed=seed)
    if len(gains) == 0:
        return Paired(np.nan, np.nan, np.nan, p, 0)
    figures = ratio(gains, whole, level=level, draws=draws, seed=seed)
    return Paired(*figures, p, len(gains))
