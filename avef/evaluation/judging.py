"""What predictions alone can tell of the paper's claims: T4–T10, S3 and S5.

Each claim is judged as one, by rules that no figure of it can meet or fail by chance alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation import agreement, gains, marks, spread, texts
from avef.evaluation.spread import Estimate
from avef.evaluation.verdicts import (
    INCONCLUSIVE,
    MOVED,
    NO_VERDICT,
    NOT_REPRODUCED,
    NOT_RUN,
    OTHER_NETWORKS,
    PRINTED,
    RECALL,
    REPRODUCED,
    SCATTER,
    SMALLEST,
    TABLE,
)

#: Claims that are judged here; the others by their single figures.
JUDGED = (*(f"T{number}" for number in range(4, 11)), "S3", "S5")
#: Mark → what stands in a verdict's place.
UNJUDGED = {"demo": NO_VERDICT, "resized": OTHER_NETWORKS}


def judge(predictions: Mapping[tuple[str, str], pd.DataFrame], seed: int = 0) -> pd.DataFrame:
    """Judge what predictions alone can tell: T4–T10, S3 and S5.

    Parameters
    ----------
    predictions : mapping (dataset, modality) → DataFrame
        Columns ``emotion_model``, ``case``, ``seed``, ``fold``, ``clip``, ``speaker``, ``true``,
        ``predicted``, ``data`` (a mark). Without ``seed`` there is one training. Corpora
        that the paper does not have are left aside.
    seed : int
        Kept for callers; no rule draws lots.

    Returns
    -------
    DataFrame
        ``id``, ``verdict`` (one of :data:`avef.evaluation.verdicts.VERDICTS`), ``remark``.

    Raises
    ------
    ParameterError
        If a column is missing or a clip occurs twice.
    """
    known = {key: table for key, table in predictions.items() if key[0] in paper.DATASETS}
    if not known:
        return pd.DataFrame({"id": JUDGED, "verdict": NOT_RUN, "remark": "no predictions"})
    table = spread.pooled(known)
    rows = []
    for number in (4, 5, 6, 7):
        rows.append((f"T{number}", *_of_table(agreement.of_table(table, number))))
    for number, dataset in zip((8, 9, 10), paper.DATASETS, strict=True):
        rows.append((f"T{number}", *_of_matrix(agreement.of_matrix(table, dataset))))
    rows.append(("S3", *_of_gain(gains.of_cases(table))))
    rows.append(("S5", *_of_pattern(gains.of_easiest(table), gains.of_partners(table))))
    judged = pd.DataFrame(rows, columns=["id", "verdict", "remark"])
    mark = marks.gravest(set(table["data"]) if "data" in table else set())
    if mark != "paper":
        judged.loc[judged["verdict"] != NOT_RUN, "verdict"] = UNJUDGED[mark]
    return judged


def _of_table(ours: agreement.Agreement) -> tuple[str, str]:
    mean = ours.difference
    if ours.missing == ours.entries:
        return NOT_RUN, "no entry"
    remark = (
        f"{ours.entries - ours.missing} of {ours.entries} entries: mean difference "
        f"{texts.signed(mean.value)} points ({_spreads(mean)}), scatter {ours.scatter:.1f}"
    )
    return _near(ours, TABLE, SCATTER), remark


def _of_matrix(ours: agreement.Agreement) -> tuple[str, str]:
    mean = ours.difference
    if ours.missing == ours.entries:
        return NOT_RUN, "no clips"
    remark = (
        f"mean recall {texts.signed(mean.value)} points ({_spreads(mean)}); {ours.scatter:.1f} % "
        "of the clips would have to change class"
    )
    return _near(ours, RECALL, MOVED), remark


def _near(ours, limit, scatter):
    """Whether a table is within its limits; open where it cannot be told, or in part there."""
    half = (ours.difference.high - ours.difference.low) / 2
    if ours.missing or not half <= 2 * limit:
        return INCONCLUSIVE
    if abs(ours.difference.value) <= limit and ours.scatter <= scatter:
        return REPRODUCED
    return NOT_REPRODUCED


def _of_gain(ours: gains.Gain) -> tuple[str, str]:
    mean = ours.mean
    if not ours.people:
        return NOT_RUN, "no pair of cases"
    remark = (
        f"mean gain {texts.signed(mean.value)} points ({_interval(mean)}; {_spreads(mean)}) over "
        f"{texts.count(ours.people, 'person', 'people')}"
    )
    if ours.missing:
        return INCONCLUSIVE, f"{remark}; {texts.count(ours.missing, 'pair')} missing"
    return _above(mean, PRINTED["gain"]), remark


def _of_pattern(lead: gains.Gain, partners: gains.Gain) -> tuple[str, str]:
    if not lead.people and not partners.people:
        return NOT_RUN, "no predictions of both modalities"
    verdicts = {_above(lead.mean, PRINTED["lead"]), _above(partners.mean, PRINTED["partners"])}
    remark = "; ".join(
        f"{name} {texts.signed(mean.value)} points ({_interval(mean)})"
        for name, mean in (("lead of anger and happiness", lead.mean), ("partners", partners.mean))
    )
    if verdicts == {REPRODUCED}:
        return REPRODUCED, remark
    return (NOT_REPRODUCED if NOT_REPRODUCED in verdicts else INCONCLUSIVE), remark


def _spreads(mean: Estimate) -> str:
    training = "not known" if np.isnan(mean.training) else f"±{mean.training:.1f}"
    return f"training {training}, people ±{mean.people:.1f}"


def _interval(mean: Estimate) -> str:
    return f"{texts.signed(mean.low)} … {texts.signed(mean.high)}"


def _above(mean: Estimate, printed: float) -> str:
    """Above 0; or below the smallest that the paper can mean; or neither."""
    if mean.low > 0:
        return REPRODUCED
    return NOT_REPRODUCED if mean.high < SMALLEST * printed else INCONCLUSIVE
