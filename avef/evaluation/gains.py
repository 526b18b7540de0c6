"""Claims S3 and S5, judged as one claim each: one person is one unit, training has its share.

A person's clips are in every pair of Tables 4–7, so that person is one unit in all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from avef import paper
from avef.evaluation import agreement, spread
from avef.evaluation.paired import CONFUSED, EASIEST
from avef.evaluation.spread import PAIR, Estimate
from avef.protocol import EMOTION_MODELS

#: Level of S5's two intervals: as both have to lie above 0, each may err a little more.
BOTH = 0.9


class Gain(NamedTuple):
    """A mean over people, in points, how many they are, and how many pairs are missing."""

    mean: Estimate
    people: int
    missing: int = 0


def of_cases(table: pd.DataFrame, pairs: int = spread.PAIRS) -> Gain:
    """Claim S3: case 2 minus case 1, mean over all pairs of Tables 4–7 and all people.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.evaluation.spread.pooled`.
    pairs : int
        How many the paper has.
    """
    cells = table.groupby([*PAIR, "seed", "person", "case"])["right"].mean().unstack("case")
    if not {1, 2} <= set(cells):
        return Gain(Estimate(*[np.nan] * 5), 0, pairs)
    gain = 100 * (cells[2] - cells[1]).dropna()
    by_pair = gain.groupby([*PAIR, "seed"]).mean().unstack("seed")
    each = gain.groupby("person").mean()
    corpus = each.index.str.split("/").str[0]
    share = each.groupby(corpus).size() / len(each)
    count = by_pair.groupby("dataset").size()
    weights = pd.Series([share[d] / count[d] for d, *_ in by_pair.index], index=by_pair.index)
    inner = each.groupby(corpus).var(ddof=1)  # of people within their corpus
    people = float(np.sqrt((share**2 * inner / each.groupby(corpus).size()).sum()))
    # With one training a pair, the pairs' true gains pass for its spread; if they are the
    # paper's, what is left after these is nearer to it.
    printed = paper.case_comparisons().set_index(PAIR)["gain"].reindex(by_pair.index).fillna(0)
    noise = spread.clip_noise(gain)
    by_training = [
        spread.of_training(values, weights, noise=noise)
        for values in (by_pair, by_pair.sub(printed, axis=0))
    ]
    freedom = max(1, min(spread.PAIRS - 1, len(each) - len(share)))
    mean = spread.estimate(float(each.mean()), min(by_training), people, freedom=freedom)
    return Gain(mean, len(each), pairs - len(by_pair))


def by_seed(table: pd.DataFrame) -> pd.DataFrame:
    """Claim S3 pair by pair: what case 2 gains in every training.

    Parameters
    ----------
    table : DataFrame
        From :func:`avef.evaluation.spread.pooled`.

    Returns
    -------
    DataFrame
        ``dataset``, ``modality``, ``emotion_model``, ``seed``, ``paper`` and ``gain`` (points);
        pairs in the paper's order, then those that it does not have.
    """
    accuracy = agreement.accuracies(table).stack().rename("gain")
    gain = accuracy.xs(2, level="case") - accuracy.xs(1, level="case")
    printed = paper.case_comparisons()[[*PAIR, "gain"]].rename(columns={"gain": "paper"})
    ours = gain.reset_index()
    pairs = pd.concat([printed[PAIR], ours[PAIR]]).drop_duplicates()
    table = pairs.merge(ours, on=PAIR).merge(printed, on=PAIR, how="left")
    return table[[*PAIR, "seed", "paper", "gain"]].round(2)


def of_easiest(table: pd.DataFrame) -> Gain:
    """Claim S5, first half: a person's accuracy on anger and happiness minus on the others."""
    chosen = _final(table)
    easy = chosen["true"].isin(EASIEST)
    sides = chosen.assign(easy=easy).groupby(["dataset", "seed", "person", "easy"])["right"].mean()
    wide = sides.unstack("easy").reindex(columns=[True, False]).dropna()
    return _over_people(100 * (wide[True] - wide[False]))


def of_partners(table: pd.DataFrame) -> Gain:
    """Claim S5, second half: errors that fall on the paper's partner, beyond chance.

    Of a person's clips of the four paired emotions that are taken for something else: the
    share taken for the partner, minus the share were all wrong classes alike, points.
    People weigh as much as they have such clips.
    """
    chosen = _final(table)
    partner = {a: b for one, other in CONFUSED for a, b in ((one, other), (other, one))}
    wrong = chosen[chosen["true"].isin(partner) & (chosen["right"] == 0)]
    chance = 1 / (len(EMOTION_MODELS["emotion"]) - 1)
    hit = (wrong["true"].map(partner) == wrong["predicted"]).astype(float) - chance
    if not len(wrong):
        return Gain(Estimate(*[np.nan] * 5), 0)
    mean = float(100 * hit.mean())
    influence = 100 * (hit - hit.mean()).groupby(wrong["person"]).sum() / len(wrong)
    count = len(influence)
    people = float(np.sqrt((influence**2).sum() * count / max(count - 1, 1)))
    by_seed = (100 * hit).groupby([wrong["dataset"], wrong["seed"]]).mean().unstack("seed")
    return Gain(_with_training(mean, people, by_seed, count), count)


def _final(table):
    """Tables 8–10: both modalities, six emotions, case 2."""
    return table.query("modality == 'multimodal' and emotion_model == 'emotion' and case == 2")


def _over_people(values):
    """Mean over people of values by (dataset, seed, person)."""
    each = values.groupby("person").mean()
    if len(each) < 2:
        return Gain(Estimate(*[np.nan] * 5), len(each))
    people = float(each.std(ddof=1) / np.sqrt(len(each)))
    by_seed = values.groupby(["dataset", "seed"]).mean().unstack("seed")
    return Gain(_with_training(float(each.mean()), people, by_seed, len(each)), len(each))


def _with_training(mean, people, by_seed, count):
    """Training's share by the seeds; of a single one it is not known, and left out."""
    training = 0.0
    if by_seed.shape[1] > 1:
        training = spread.of_training(by_seed, pd.Series(1 / len(by_seed), index=by_seed.index))
    freedom = max(1, min(spread.PAIRS - 1, count - 1))
    return spread.estimate(mean, training, people, freedom=freedom, level=BOTH)
