"""How far predictions can be trusted: intervals over speakers, and the spread over folds.

Clips of one speaker are alike, so that what is drawn here is always the speaker
with all of his or her clips. Every figure is a ratio of two sums over speakers,
such as clips recognised to clips, in percent. The paper gives no spread (§4.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from avef.core.errors import ParameterError
from avef.evaluation.bootstrap import ratio
from avef.protocol import EMOTION_MODELS

_MODEL_AND_CASE = ["emotion_model", "case"]
_NEEDED = [*_MODEL_AND_CASE, "fold", "clip", "speaker", "true", "predicted"]


def interval(
    predictions: pd.DataFrame, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """Bootstrap intervals of the accuracies of each (emotion model, case).

    Speakers are drawn with replacement, as many as there are. The plain
    percentiles of such draws are too narrow where speakers are few; they are
    widened as Student's t widens a normal interval (Hesterberg's expanded
    percentiles): eight speakers take the 0.6 % and 99.4 % for a level of 95 %.
    A speaker's trainings, one a seed, go together: what another training would change is
    :func:`avef.evaluation.scores.accuracies`' deviation.

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
        If a column is missing, a clip occurs twice in one seed of a case of an
        emotion model, or ``level`` or ``draws`` makes no sense.

    Examples
    --------
    One speaker is always recognised and the other never, which tells nothing of a third:

    >>> predictions = pd.DataFrame({"emotion_model": "arousal", "case": 2, "fold": 0,
    ...                             "clip": ["a", "b", "c", "d"],
    ...                             "speaker": ["s1", "s1", "s2", "s2"],
    ...                             "true": ["low", "high", "low", "high"],
    ...                             "predicted": ["low", "high", "high", "low"]})
    >>> interval(predictions)[["speakers", "accuracy", "low", "high"]]
       speakers  accuracy  low   high
    0         2      50.0  0.0  100.0
    """
    spread = partial(ratio, level=level, draws=draws, seed=seed)
    rows = []
    for key, group in checked(predictions).groupby(_MODEL_AND_CASE, sort=False):
        right, total, _ = tally(group)
        clips = group["clip"].nunique()
        accuracy = spread(right.sum(axis=1), total.sum(axis=1))
        unweighted = spread(right, total)
        rows.append((*key, len(total), clips, *accuracy, *unweighted))
    figures = ["accuracy", "low", "high", "unweighted", "unweighted_low", "unweighted_high"]
    return pd.DataFrame(rows, columns=[*_MODEL_AND_CASE, "speakers", "clips", *figures])


def recalls(
    predictions: pd.DataFrame,
    emotion_model: str = "emotion",
    case: int = 2,
    *,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Intervals of a confusion matrix' diagonal (Tables 8–10): one row a class that occurs.

    Columns ``true``, ``speakers`` (that have the class), ``clips``, ``recall``,
    ``low``, ``high`` (percent). Parameters and errors as in :func:`interval`.
    """
    table = chosen(predictions, emotion_model, case)
    right, total, classes = tally(table)
    seeds, rows = table["seed"].nunique(), []
    for column, name in enumerate(classes):
        there = total[:, column] > 0
        hits = right[there, column]
        clips = total[there, column]
        recall = ratio(hits, clips, level=level, draws=draws, seed=seed)
        rows.append((name, there.sum(), clips.sum() / seeds, *recall))
    return pd.DataFrame(rows, columns=["true", "speakers", "clips", "recall", "low", "high"])


def confusions(
    predictions: pd.DataFrame, *, level: float = 0.95, draws: int = 10_000, seed: int = 0
) -> pd.DataFrame:
    """Intervals of every entry of a confusion matrix (Tables 8–10; six emotions, case 2).

    Columns ``true``, ``predicted``, ``low``, ``high`` (percent of the true class) and
    ``clips`` of the true class. Parameters and errors as in :func:`interval`.
    """
    names = EMOTION_MODELS["emotion"]
    rows = []
    for true, group in chosen(predictions, "emotion", 2).groupby("true"):
        counts = pd.crosstab(group["speaker"], group["predicted"])
        counts = counts.reindex(columns=names, fill_value=0)
        clips = counts.sum(axis=1).to_numpy(float)
        for predicted in names:
            taken = counts[predicted].to_numpy()
            _, low, high = ratio(taken, clips, level=level, draws=draws, seed=seed)
            rows.append((true, predicted, low, high, group["clip"].nunique()))
    return pd.DataFrame(rows, columns=["true", "predicted", "low", "high", "clips"])


def per_fold(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of every fold, the spread that leaving speakers out shows (§4.2).

    Columns ``emotion_model``, ``case``, ``fold``, ``speakers``, ``clips``,
    ``accuracy`` (percent, mean over the seeds).
    """
    table = checked(predictions)
    table = table.assign(right=100.0 * (table["true"] == table["predicted"]))
    return (
        table.groupby([*_MODEL_AND_CASE, "fold"], sort=False)
        .agg(speakers=("speaker", "nunique"), clips=("clip", "nunique"), accuracy=("right", "mean"))
        .reset_index()
    )


def across(
    tables: Mapping[tuple[str, str], pd.DataFrame],
    measure: Callable[[pd.DataFrame], pd.DataFrame],
) -> pd.DataFrame:
    """``measure`` of each predictions table, one under the other.

    ``tables`` maps (dataset, modality) to predictions; the result begins with
    the columns ``dataset`` and ``modality``, and is empty where there is no table.

    Examples
    --------
    >>> tables = {("rml", "audio"): pd.DataFrame({"clips": [1, 2]}),
    ...           ("baum1s", "visual"): pd.DataFrame({"clips": [4]})}
    >>> across(tables, lambda table: table.sum().to_frame().T)
      dataset modality  clips
    0     rml    audio      3
    1  baum1s   visual      4
    """
    parts = []
    for (dataset, modality), predictions in tables.items():
        part = measure(predictions)
        part.insert(0, "modality", modality)
        part.insert(0, "dataset", dataset)
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def checked(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions, with a column ``seed``, if they are whole; errors as in :func:`interval`.

    Where there is no ``seed`` there was one training.
    """
    missing = [name for name in _NEEDED if name not in predictions]
    if missing:
        raise ParameterError(f"predictions lack the column {', '.join(missing)}")
    if "seed" not in predictions:
        predictions = predictions.assign(seed=0)
    key = [*_MODEL_AND_CASE, "seed", "clip"]
    twice = predictions.duplicated(key)
    if twice.any():
        first = predictions.loc[twice, key].iloc[0].tolist()
        raise ParameterError(f"clip predicted twice in one seed of a case: {first}")
    return predictions


def chosen(predictions: pd.DataFrame, emotion_model: str, case: int) -> pd.DataFrame:
    """The predictions of one emotion model and case; errors as in :func:`interval`.

    Raises
    ------
    ParameterError
        If there are none, too.
    """
    table = checked(predictions)
    rows = table[(table["emotion_model"] == emotion_model) & (table["case"] == case)]
    if rows.empty:
        raise ParameterError(f"predictions have no {emotion_model}, case {case}")
    return rows


def tally(predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips recognised and clips in all, each (speakers, classes) float; and the classes.

    Speakers and classes are those that occur, sorted.

    Examples
    --------
    >>> right, total, classes = tally(pd.DataFrame({"speaker": ["s2", "s1", "s2"],
    ...                                             "true": ["low", "low", "high"],
    ...                                             "predicted": ["low", "high", "high"]}))
    >>> classes.tolist(), right.tolist(), total.tolist()
    (['high', 'low'], [[0.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [1.0, 1.0]])
    """
    speaker, names = pd.factorize(predictions["speaker"], sort=True)
    column, classes = pd.factorize(predictions["true"], sort=True)
    right, total = np.zeros((2, len(names), len(classes)))
    hits = predictions["true"] == predictions["predicted"]
    np.add.at(total, (speaker, column), 1)
    np.add.at(right, (speaker, column), hits.to_numpy())
    return right, total, np.asarray(classes, dtype=object)
