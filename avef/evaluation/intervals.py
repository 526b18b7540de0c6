"""How far predictions can be trusted: intervals over speakers, paired tests, corrections.

Clips of one speaker are alike, so that what is drawn, paired and flipped here
is always the speaker with all of his or her clips. Every figure is a ratio of
two sums over speakers (clips recognised to clips, clips gained to clips), in
percent. The paper gives no spread (§4.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from avef.core.errors import ParameterError
from avef.evaluation.bootstrap import holm, ratio, sign_flip
from avef.protocol import EMOTION_MODELS

__all__ = [
    "across",
    "case_comparison",
    "confusions",
    "easiest",
    "holm",
    "interval",
    "mutual_confusion",
    "per_fold",
    "ratio",
    "recalls",
    "sign_flip",
]

#: §4.3.1: the emotions that are easiest, and the pairs that are taken for each other.
EASIEST = ("anger", "happiness")
CONFUSED = (("anger", "happiness"), ("fear", "disgust"))

CELL = ["emotion_model", "case"]
_NEEDED = [*CELL, "fold", "clip", "speaker", "true", "predicted"]


class Paired(NamedTuple):
    """A difference paired by speaker, in points: its interval, two-sided p, and the speakers."""

    difference: float
    low: float
    high: float
    p: float
    speakers: int


def interval(
    predictions: pd.DataFrame, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """Bootstrap intervals of the accuracies of each (emotion model, case).

    Speakers are drawn with replacement, as many as there are. The plain
    percentiles of such draws are too narrow where speakers are few; they are
    widened as Student's t widens a normal interval (Hesterberg's expanded
    percentiles): eight speakers take the 0.6 % and 99.4 % for a level of 95 %.
    The networks stay as they are: another training could differ further.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`avef.learning.clip_svm.predictions`.
    level : float
        Between 0 and 1.
    draws, seed : int
        Bootstrap samples, and the state of the generator.

    Returns
    -------
    DataFrame
        ``emotion_model``, ``case``, ``speakers``, ``clips``; ``accuracy``,
        ``low``, ``high``; ``unweighted`` (mean recall of the classes that
        occur), ``unweighted_low``, ``unweighted_high``. Percent. With a single
        speaker the bounds are NaN.

    Raises
    ------
    ParameterError
        If a column is missing, a clip occurs twice in a cell, or ``level`` or
        ``draws`` makes no sense.
    """
    rows = []
    for key, group in _checked(predictions).groupby(CELL, sort=False):
        right, total, _ = _tally(group)
        plain = ratio(right.sum(axis=1), total.sum(axis=1), level, draws, seed)
        mean = ratio(right, total, level, draws, seed)
        rows.append((*key, len(total), len(group), *plain, *mean))
    figures = ["accuracy", "low", "high", "unweighted", "unweighted_low", "unweighted_high"]
    return pd.DataFrame(rows, columns=[*CELL, "speakers", "clips", *figures])


def recalls(
    predictions: pd.DataFrame,
    emotion_model: str = "emotion",
    case: int = 2,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Intervals of a confusion matrix' diagonal (Tables 8–10): one row a class that occurs.

    Columns ``true``, ``speakers`` (that have the class), ``clips``, ``recall``,
    ``low``, ``high`` (percent). Parameters and errors as in :func:`interval`.
    """
    right, total, classes = _tally(_cell(predictions, emotion_model, case))
    rows = []
    for column, name in enumerate(classes):
        there = total[:, column] > 0
        hits, clips = right[there, column], total[there, column]
        rows.append((name, there.sum(), clips.sum(), *ratio(hits, clips, level, draws, seed)))
    return pd.DataFrame(rows, columns=["true", "speakers", "clips", "recall", "low", "high"])


def confusions(
    predictions: pd.DataFrame, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """Intervals of every entry of a confusion matrix (Tables 8–10; six emotions, case 2).

    Columns ``true``, ``predicted``, ``low``, ``high`` (percent of the true class) and
    ``clips`` of the true class. Parameters and errors as in :func:`interval`.
    """
    names, rows = EMOTION_MODELS["emotion"], []
    for true, group in _cell(predictions, "emotion", 2).groupby("true"):
        counts = pd.crosstab(group["speaker"], group["predicted"])
        counts = counts.reindex(columns=names, fill_value=0)
        clips = counts.sum(axis=1).to_numpy(float)
        for predicted in names:
            _, *bounds = ratio(counts[predicted].to_numpy(), clips, level, draws, seed)
            rows.append((true, predicted, *bounds, int(clips.sum())))
    return pd.DataFrame(rows, columns=["true", "predicted", "low", "high", "clips"])


def per_fold(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of every fold, the spread that leaving speakers out shows (§4.2).

    Columns ``emotion_model``, ``case``, ``fold``, ``speakers``, ``clips``,
    ``accuracy`` (percent).
    """
    table = _checked(predictions)
    table = table.assign(right=100.0 * (table["true"] == table["predicted"]))
    return (
        table.groupby([*CELL, "fold"], sort=False)
        .agg(speakers=("speaker", "nunique"), clips=("clip", "size"), accuracy=("right", "mean"))
        .reset_index()
    )


def case_comparison(
    predictions: pd.DataFrame, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """What discarding silence gains: case 2 minus case 1, paired by speaker (claim S3).

    Parameters
    ----------
    predictions : DataFrame
        From :func:`avef.learning.clip_svm.predictions`, with both cases of the same clips.
    level, draws, seed
        As in :func:`interval` and :func:`sign_flip`.

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
        As in :func:`interval`, and if the two cases have different clips.
    """
    rows = []
    table = _checked(predictions)
    table = table.assign(right=(table["true"] == table["predicted"]).astype(float))
    for model, group in table.groupby("emotion_model", sort=False):
        clips = group.pivot(index=["speaker", "clip"], columns="case", values="right")
        if not {1, 2} <= set(clips) or clips[[1, 2]].isna().any(axis=None):
            raise ParameterError(f"{model}: cases 1 and 2 must hold the same clips")
        first, second = clips.groupby("speaker")[[1, 2]].sum().to_numpy().T
        total = clips.groupby("speaker").size().to_numpy(float)
        gained = second - first
        rows.append(
            (model, len(total), len(clips))
            + (100 * first.sum() / total.sum(), 100 * second.sum() / total.sum())
            + ratio(gained, total, level, draws, seed)
            + ratio(gained, first, level, draws, seed)
            + (sign_flip(gained, draws, seed),)
        )
    figures = ["case_1", "case_2", "difference", "low", "high"]
    figures += ["relative", "relative_low", "relative_high", "p"]
    return pd.DataFrame(rows, columns=["emotion_model", "speakers", "clips", *figures])


def easiest(
    predictions: pd.DataFrame,
    emotions: Iterable[str] = EASIEST,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Paired:
    """By how much some emotions are easier than the others (claim S5; six emotions, case 2).

    Of every speaker who has clips of both kinds: the accuracy on ``emotions``
    minus that on the others. The difference is its mean over these speakers.
    """
    right, total, classes = _tally(_cell(predictions, "emotion", 2))
    chosen = np.isin(classes, list(emotions))
    sides = [(right[:, side].sum(axis=1), total[:, side].sum(axis=1)) for side in (chosen, ~chosen)]
    both = (sides[0][1] > 0) & (sides[1][1] > 0)
    easy, hard = (hits[both] / clips[both] for hits, clips in sides)
    return _paired(easy - hard, np.ones(both.sum()), level, draws, seed)


def mutual_confusion(
    predictions: pd.DataFrame,
    pairs: Iterable[tuple[str, str]] = CONFUSED,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Paired:
    """Whether errors fall on named partners (claim S5; six emotions, case 2).

    Of the clips of the paired emotions that are taken for something else:
    the share taken for the partner, minus the share that would be if every
    wrong class were alike. Speakers are those who have such clips.
    """
    group = _cell(predictions, "emotion", 2)
    partner = {a: b for one, other in pairs for a, b in ((one, other), (other, one))}
    wrong = group[group["true"].isin(partner.keys()) & (group["true"] != group["predicted"])]
    hit = (wrong["true"].map(partner) == wrong["predicted"]).groupby(wrong["speaker"]).sum()
    errors = wrong.groupby("speaker").size().to_numpy(float)
    chance = 1 / (len(EMOTION_MODELS["emotion"]) - 1)
    return _paired(hit.to_numpy(float) - chance * errors, errors, level, draws, seed)


def across(tables: Mapping[tuple[str, str], pd.DataFrame], measure: Callable) -> pd.DataFrame:
    """``measure`` of each predictions table, one under the other.

    ``tables`` maps (dataset, modality) to predictions; the result begins with
    the columns ``dataset`` and ``modality``.
    """
    parts = []
    for (dataset, modality), predictions in tables.items():
        part = measure(predictions)
        part.insert(0, "modality", modality)
        part.insert(0, "dataset", dataset)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _paired(gains, whole, level, draws, seed):
    p = sign_flip(gains, draws, seed)
    if len(gains) == 0:
        return Paired(np.nan, np.nan, np.nan, p, 0)
    return Paired(*ratio(gains, whole, level, draws, seed), p, len(gains))


def _checked(predictions):
    missing = [name for name in _NEEDED if name not in predictions]
    if missing:
        raise ParameterError(f"predictions lack the column {', '.join(missing)}")
    twice = predictions.duplicated([*CELL, "clip"])
    if twice.any():
        first = predictions.loc[twice, [*CELL, "clip"]].iloc[0].tolist()
        raise ParameterError(f"clip predicted twice in one cell: {first}")
    return predictions


def _cell(predictions, emotion_model, case):
    table = _checked(predictions)
    chosen = table[(table["emotion_model"] == emotion_model) & (table["case"] == case)]
    if chosen.empty:
        raise ParameterError(f"predictions have no {emotion_model}, case {case}")
    return chosen


def _tally(group):
    """Clips recognised and clips in all, each (speakers, classes) float; and the classes."""
    speaker, names = pd.factorize(group["speaker"], sort=True)
    column, classes = pd.factorize(group["true"], sort=True)
    right, total = np.zeros((2, len(names), len(classes)))
    np.add.at(total, (speaker, column), 1)
    np.add.at(right, (speaker, column), (group["true"] == group["predicted"]).to_numpy())
    return right, total, np.asarray(classes, dtype=object)
