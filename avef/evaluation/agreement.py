"""Claims T4–T10: how far our tables lie from the paper's, each table judged as one.

The paper's figures come from one training on the same clips and people. Twelve or more
figures of a table cannot each be met by chance: what is judged is their mean difference,
in which both kinds of spread shrink, and how far they scatter about it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation import spread
from avef.evaluation.spread import PAIR, Estimate

ENTRY = [*PAIR, "case"]


class Agreement(NamedTuple):
    """A table of ours beside the paper's.

    Attributes
    ----------
    difference : Estimate
        Ours minus the paper's, mean over the entries, points. Its ``training`` is NaN, and left
        out of the interval, where a single training of a matrix cannot tell it.
    scatter : float
        Root mean square of the entries' differences, points.
    entries, missing : int
        How many entries there are in the paper, and how many of ours are missing.
    """

    difference: Estimate
    scatter: float
    entries: int
    missing: int


def accuracies(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of every entry: index ``dataset`` … ``case``, a column a seed, percent.

    ``table`` is from :func:`avef.evaluation.spread.pooled`.
    """
    return 100 * table.groupby([*ENTRY, "seed"])["right"].mean().unstack("seed")


def of_table(table: pd.DataFrame, number: int) -> Agreement:
    """Table 4, 5, 6 or 7: ours beside the paper's.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.evaluation.spread.pooled`.
    """
    printed = paper.accuracies().query("table == @number").set_index(ENTRY)["accuracy"]
    ours = accuracies(table).reindex(printed.index)
    there = ours.notna().any(axis=1)
    ours, known = ours[there], printed[there]
    apart = ours.sub(known, axis=0)
    differences = apart.mean(axis=1)
    if not len(known):
        return Agreement(Estimate(*[np.nan] * 5), np.nan, len(printed), len(printed))
    weights = pd.Series(1 / len(known), index=known.index)
    training = spread.of_training(apart, weights)
    people = _of_people(table, known.index)
    difference = spread.estimate(float(differences.mean()), training, people)
    scatter = float(np.sqrt((differences**2).mean()))
    return Agreement(difference, scatter, len(printed), int((~there).sum()))


def of_matrix(table: pd.DataFrame, dataset: str) -> Agreement:
    """Table 8, 9 or 10 (both modalities, six emotions, case 2): ours beside the paper's.

    ``difference`` is that of the mean recall. ``scatter`` is the share of the clips, mean
    over the true emotions, that would have to change their class for our matrix to be the
    paper's (half the sum of the absolute differences of a row), percent.
    """
    printed = paper.confusion(dataset)
    chosen = table.query(
        "dataset == @dataset and modality == 'multimodal' and emotion_model == 'emotion' "
        "and case == 2"
    )
    counts = pd.crosstab(chosen["true"], chosen["predicted"]) if len(chosen) else pd.DataFrame()
    counts = counts.reindex(index=printed.index, columns=printed.columns, fill_value=0)
    total = counts.sum(axis=1)
    there = total > 0
    if not there.any():
        return Agreement(Estimate(*[np.nan] * 5), np.nan, len(printed), len(printed))
    ours = 100 * counts[there].div(total[there], axis=0)
    moved = (ours - printed[there]).abs().sum(axis=1) / 2
    recalls = 100 * chosen.groupby(["true", "seed"])["right"].mean().unstack("seed")
    by_seed = recalls.mean(axis=0).to_frame(dataset).T
    training = spread.of_training(by_seed, pd.Series(1.0, index=[dataset]))
    sizes = chosen.groupby(["person", "true"])["right"].agg(["sum", "count"])
    excess = 100 * (sizes["sum"] - sizes["count"] * chosen.groupby("true")["right"].mean())
    influence = (excess / chosen.groupby("true").size() / there.sum()).groupby("person").sum()
    people = float(np.sqrt((influence**2).sum() * _unbiased(len(influence))))
    own = 100 * chosen.groupby("true")["right"].mean()
    diagonal = pd.Series(np.diag(printed), index=printed.index)
    value = float((own - diagonal).mean())  # over the emotions that occur
    difference = spread.estimate(value, 0.0 if np.isnan(training) else training, people)
    difference = difference._replace(training=training)
    return Agreement(difference, float(moved.mean()), len(printed), int((~there).sum()))


def _of_people(table, entries):
    """Standard error of a table's mean over other people: each person in all entries at once."""
    chosen = table.set_index(ENTRY)
    chosen = chosen[chosen.index.isin(entries)].reset_index()
    groups = chosen.groupby([*ENTRY, "person"])["right"].agg(["sum", "count"])
    entry = groups.groupby(ENTRY)[["sum", "count"]].transform("sum")
    excess = groups["sum"] - groups["count"] * entry["sum"] / entry["count"]
    influence = 100 * (excess / entry["count"]).groupby("person").sum() / len(entries)
    corpora = influence.groupby(influence.index.str.split("/").str[0])
    variance = sum((one**2).sum() * _unbiased(len(one)) for _, one in corpora)
    return float(np.sqrt(variance))


def _unbiased(people):
    return people / (people - 1) if people > 1 else np.nan
