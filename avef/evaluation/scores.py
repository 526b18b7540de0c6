"""What predictions are worth: accuracies and confusion matrices."""

from __future__ import annotations

import pandas as pd

from avef.protocol import EMOTION_MODELS

#: Of :func:`accuracies`.
COLUMNS = ["emotion_model", "case", "accuracy", "unweighted", "deviation", "seeds", "clips"]


def accuracies(predictions: pd.DataFrame) -> pd.DataFrame:
    """Score each (emotion model, case).

    Parameters
    ----------
    predictions : DataFrame
        From :func:`avef.learning.clip_svm.predictions`.

    Returns
    -------
    DataFrame
        ``emotion_model``, ``case``, ``accuracy`` (the paper's global accuracy, percent of
        clips) and ``unweighted`` (mean recall of the classes that occur, percent), both means
        over the seeds; ``deviation`` (of the accuracy over the seeds, points; NaN for a single
        one), ``seeds``, ``clips``. No row where there is no prediction.

    Examples
    --------
    Of two clips, one training gets both right and the other one.

    >>> predictions = pd.DataFrame({"emotion_model": "arousal", "case": 2,
    ...                             "seed": [1, 1, 2, 2], "true": ["low", "high"] * 2,
    ...                             "predicted": ["low", "high", "low", "low"]})
    >>> accuracies(predictions)
      emotion_model  case  accuracy  unweighted  deviation  seeds  clips
    0       arousal     2      75.0        75.0      35.36      2      2
    """
    rows = []
    whole = predictions if "seed" in predictions else predictions.assign(seed=0)
    for (emotion_model, case), group in whole.groupby(["emotion_model", "case"], sort=False):
        right = group["true"] == group["predicted"]
        each = 100 * right.groupby(group["seed"]).mean()
        rows.append(
            {
                "emotion_model": emotion_model,
                "case": case,
                "accuracy": 100 * right.mean(),
                "unweighted": 100 * right.groupby(group["true"]).mean().mean(),
                "deviation": each.std(ddof=1),
                "seeds": len(each),
                "clips": len(group) // len(each),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS).round(2)


def confusion(
    predictions: pd.DataFrame, emotion_model: str = "emotion", case: int = 2
) -> pd.DataFrame:
    """Confusion matrix in percent of each true class (Tables 8–10).

    Returns
    -------
    DataFrame (C, C)
        Rows are true, columns predicted, in the paper's order; means over the seeds. A class
        that does not occur has a row of NaN.

    Examples
    --------
    >>> predictions = pd.DataFrame({"emotion_model": "valence", "case": 1,
    ...                             "true": ["negative", "negative", "positive"],
    ...                             "predicted": ["negative", "positive", "positive"]})
    >>> confusion(predictions, "valence", case=1).rename_axis(index=None, columns=None)
              negative  positive
    negative      50.0      50.0
    positive       0.0     100.0
    """
    names = list(EMOTION_MODELS[emotion_model])
    rows = predictions.query("emotion_model == @emotion_model and case == @case")
    counts = pd.crosstab(rows["true"], rows["predicted"]).reindex(
        index=names, columns=names, fill_value=0
    )
    return 100 * counts.div(counts.sum(axis=1).where(lambda n: n > 0), axis=0)


def metrics(predictions: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """The accuracies as nested JSON for ``dvc metrics``: emotion model → case → score → percent.

    Examples
    --------
    >>> predictions = pd.DataFrame({"emotion_model": "arousal", "case": 1,
    ...                             "true": ["low", "high"], "predicted": ["low", "low"]})
    >>> metrics(predictions)
    {'arousal': {'case1': {'accuracy': 50.0, 'unweighted': 50.0}}}
    """
    nested: dict[str, dict[str, dict[str, float]]] = {}
    for row in accuracies(predictions).itertuples():
        figures = {"accuracy": row.accuracy, "unweighted": row.unweighted}
        if row.seeds > 1:
            figures["deviation"] = row.deviation
        nested.setdefault(row.emotion_model, {})[f"case{row.case}"] = figures
    return nested
