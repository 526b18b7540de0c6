"""The power of the verdicts: what the rules say of studies whose truth is known.

A study is simulated at the real corpora's sizes: the same clips, people and emotions as the
paper's, with people who differ, trainings that differ, and clips that are hard in both cases
alike. The rules of :mod:`avef.evaluation.claims` then judge it, as they judge real
predictions. What they cannot tell at these sizes, they cannot tell of the real corpora either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from avef import paper
from avef.core import parallel
from avef.core.errors import ParameterError
from avef.evaluation import claims
from avef.protocol import EMOTION_MODELS, binary

#: Speakers, and clips of each emotion (order of ``paper.EMOTIONS``), as published.
SIZES = {
    "rml": (8, (120, 120, 120, 120, 120, 120)),
    "enterface05": (43, (215, 215, 215, 212, 215, 215)),
    "baum1s": (30, (56, 80, 37, 173, 134, 41)),
}
FOLDS = {"rml": 8, "enterface05": 3, "baum1s": 3}

TRUTHS = {
    "as printed": "the truth is the paper's figures",
    "10 lower": "every accuracy is 10 points lower",
    "no gain": "case 2 is as good as case 1",
    "harm": "case 2 is 2 points worse than case 1",
    "no pattern": "all emotions are as easy, and errors fall on all others alike",
}
#: What has to be: claim → (truth, verdict, least or greatest share of the studies).
NEEDED = {
    **{f"T{n}": [("as printed", claims.REPRODUCED, 0.9)] for n in range(4, 11)},
    "S3": [
        ("as printed", claims.REPRODUCED, 0.9),
        ("no gain", claims.REPRODUCED, -0.05),
        ("harm", claims.NOT_REPRODUCED, 0.8),
    ],
    "S5": [("as printed", claims.REPRODUCED, 0.9), ("no pattern", claims.REPRODUCED, -0.05)],
}
for _table in ("T4", "T5", "T6", "T7"):
    NEEDED[_table].append(("10 lower", claims.NOT_REPRODUCED, 0.9))


class Spreads(NamedTuple):
    """How much simulated predictions vary, in points of accuracy, and how alike clips are.

    Attributes
    ----------
    people : float
        Standard deviation of a person's accuracy.
    cases : float
        Of what case 2 gains one person more than another.
    training : float
        Of a training's accuracy, for all whom it is tested on.
    clips : float in 0…1
        Correlation of a clip's latent ease over cases, seeds and networks.
    """

    people: float = 8.0
    cases: float = 2.0
    training: float = 3.0
    clips: float = 0.3


def simulate(
    truth: str, spreads: Spreads, *, seeds: int, seed: int
) -> dict[tuple[str, str], pd.DataFrame]:
    """Predictions of one study, as the pipeline would leave them.

    Parameters
    ----------
    truth : one of ``TRUTHS``
    spreads : Spreads
    seeds : int
        Trainings of every entry.
    seed : int
        Of the simulation.

    Returns
    -------
    dict (dataset, modality) → DataFrame
        As :func:`avef.evaluation.judging.judge` takes them.

    Examples
    --------
    >>> study = simulate("as printed", Spreads(), seeds=1, seed=0)
    >>> table = study["rml", "multimodal"].query("emotion_model == 'emotion' and case == 2")
    >>> len(table), table["speaker"].nunique()
    (720, 8)
    """
    if truth not in TRUTHS:
        raise ParameterError(f"truth must be one of {', '.join(TRUTHS)}, got {truth!r}")
    rng = np.random.default_rng([seed, *map(ord, truth)])
    parts: dict[tuple[str, str], list[pd.DataFrame]] = {}
    for dataset in paper.DATASETS:
        clips = _clips(dataset, rng)
        printed = paper.accuracies().query("dataset == @dataset")
        ease = rng.standard_normal(len(clips))
        people = rng.standard_normal(clips["speaker"].max() + 1)
        for (modality, model), pair in printed.groupby(["modality", "emotion_model"], sort=False):
            own = np.sqrt(0.5) * (people + rng.standard_normal(len(people)))
            extra = rng.standard_normal(len(people)) * spreads.cases / 2
            accuracy = _accuracy(pair.set_index("case")["accuracy"], truth)
            for case, value in accuracy.items():
                side = extra if case == 2 else -extra
                shift = spreads.people * own + side
                for training in range(seeds):
                    chance = _recalls(dataset, modality, model, case, truth, clips, value)
                    noise = spreads.training * rng.standard_normal(FOLDS[dataset])
                    chance = chance + shift[clips["speaker"]] + noise[clips["fold"]]
                    parts.setdefault((dataset, modality), []).append(
                        _predicted(
                            clips,
                            model,
                            _hits(chance, ease, spreads.clips, rng),
                            _wrong(dataset, modality, case, truth),
                            rng,
                        ).assign(emotion_model=model, case=case, seed=training)
                    )
    return {key: pd.concat(tables, ignore_index=True) for key, tables in parts.items()}


def study(spreads: Spreads, *, studies: int, seeds: int, seed: int, jobs: int = 1) -> pd.DataFrame:
    """The rules' verdicts on many studies of every truth.

    Returns
    -------
    DataFrame
        ``truth``, ``study``, ``id``, ``verdict``.
    """
    work = [(truth, spreads, seeds, seed + number) for truth in TRUTHS for number in range(studies)]
    judged = parallel.each(_judged, work, jobs=jobs, title="simulated studies")
    return pd.concat(
        [
            table.assign(truth=truth, study=number - seed)
            for (truth, _, _, number), table in zip(work, judged, strict=True)
        ],
        ignore_index=True,
    )[["truth", "study", "id", "verdict"]]


def shares(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Percent of the studies with each verdict: a row a claim and truth, a column a verdict."""
    counts = verdicts.groupby(["id", "truth"], sort=False)["verdict"].value_counts(normalize=True)
    order = [v for v in claims.VERDICTS if v in set(verdicts["verdict"])]
    return (100 * counts.unstack("verdict").reindex(columns=order).fillna(0)).round(1)


def met(table: pd.DataFrame) -> pd.DataFrame:
    """What was asked of each rule beforehand, and whether it is so.

    Parameters
    ----------
    table : DataFrame
        From :func:`shares`.

    Returns
    -------
    DataFrame
        ``id``, ``truth``, ``verdict``, ``asked`` (such as "≥ 90"), ``percent``, ``met``.
    """
    rows = []
    for name, asked in NEEDED.items():
        for truth, verdict, share in asked:
            percent = float(table.get(verdict, pd.Series(dtype=float)).get((name, truth), 0.0))
            good = percent >= 100 * share if share > 0 else percent <= -100 * share
            sign = "≥" if share > 0 else "≤"
            rows.append((name, truth, verdict, f"{sign} {abs(100 * share):g}", percent, good))
    return pd.DataFrame(rows, columns=["id", "truth", "verdict", "asked", "percent", "met"])


def _judged(truth, spreads, seeds, seed):
    return claims.judge(simulate(truth, spreads, seeds=seeds, seed=seed))


def _clips(dataset, rng):
    """``clip``, ``speaker`` (number), ``emotion``, ``fold`` of a corpus of the published size."""
    speakers, counts = SIZES[dataset]
    emotion = np.repeat(np.array(paper.EMOTIONS), counts)
    if dataset == "baum1s":  # spontaneous: people differ in how much they say, and of what
        weight = rng.dirichlet(np.full(speakers, 3.0))
        speaker = rng.choice(speakers, len(emotion), p=weight)
        speaker[:speakers] = rng.permutation(speakers)  # nobody is left without a clip
    else:
        speaker = np.concatenate([np.arange(n) % speakers for n in counts])
    fold = speaker % FOLDS[dataset]
    clip = [f"{dataset}{n}" for n in range(len(emotion))]
    return pd.DataFrame({"clip": clip, "speaker": speaker, "emotion": emotion, "fold": fold})


def _accuracy(printed, truth):
    """Accuracy of both cases, percent."""
    one, two = float(printed[1]), float(printed[2])
    if truth == "10 lower":
        one, two = one - 10, two - 10
    elif truth == "no gain":
        one = two
    elif truth == "harm":
        one = two + 2
    return {1: one, 2: two}


def _final(dataset, modality, case):
    return modality == "multimodal" and case == 2


def _recalls(dataset, modality, model, case, truth, clips, accuracy):
    """Chance of every clip to be recognised, percent, before people and training come in."""
    if model != "emotion" or truth == "no pattern":
        return np.full(len(clips), accuracy)
    matrix = paper.confusion(dataset)
    recall = pd.Series(np.diag(matrix), index=matrix.index)
    each = clips["emotion"].map(recall).to_numpy(float)
    if _final(dataset, modality, case):
        return each - (10 if truth == "10 lower" else 0)
    return each - each.mean() + accuracy


def _hits(chance, ease, alike, rng):
    """Which clips are recognised: a latent ease, in part the clip's own, below its limit."""
    latent = np.sqrt(alike) * ease + np.sqrt(1 - alike) * rng.standard_normal(len(ease))
    return latent < special.ndtri(np.clip(chance, 1, 99) / 100)


def _wrong(dataset, modality, case, truth):
    """What wrong clips of an emotion are taken for: emotion → chances of the six."""
    matrix = paper.confusion(dataset).to_numpy(float, copy=True)
    if truth == "no pattern":
        matrix = np.ones_like(matrix)
    np.fill_diagonal(matrix, 0)
    chances = matrix / matrix.sum(axis=1, keepdims=True)
    return dict(zip(paper.EMOTIONS, chances, strict=True))


def _predicted(clips, model, hits, wrong: Mapping[str, np.ndarray], rng):
    """A table of predictions from what is recognised."""
    if model == "emotion":
        true = clips["emotion"].to_numpy()
        taken = true.copy()
        for emotion, chances in wrong.items():
            rows = np.flatnonzero(~hits & (true == emotion))
            taken[rows] = rng.choice(np.array(paper.EMOTIONS), len(rows), p=chances)
    else:
        side = 0 if model == "arousal" else 1
        true = clips["emotion"].map({e: binary(e)[side] for e in paper.EMOTIONS}).to_numpy()
        one, other = EMOTION_MODELS[model]
        taken = np.where(hits, true, np.where(true == one, other, one))
    table = clips[["clip", "speaker", "fold"]].assign(true=true, predicted=taken, data="paper")
    return table.assign(speaker="s" + clips["speaker"].astype(str))
