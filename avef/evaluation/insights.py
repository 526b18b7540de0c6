"""What a notebook has shown, in a sentence that is computed from what it shows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from avef import paper
from avef.evaluation import scores
from avef.protocol import EMOTION_MODELS

_NOTHING = "There is nothing to say of: no clip of this corpus has what it takes."


def prepared(counts: Mapping[str, float], corpus: str) -> str:
    """Of what :func:`avef.preparation.summary.summary` counts (§2.1, claim K1).

    Examples
    --------
    >>> counts = {"clips": 71, "quarantined": 1, "minutes": 3.26, "voiced_percent": 61.8}
    >>> counts |= {"segments_percent": 70.1, "frames_with_face_percent": 99.6}
    >>> prepared(counts, "rml")  # doctest: +NORMALIZE_WHITESPACE
    "71 of 72 clips can be used, 3.3 minutes in all. 62 % of that is speech, so case 2 has 70 % of
     case 1's segments (the paper: 72 %). A face is found in 99.6 % of the frames."
    """
    whole = int(counts["clips"] + counts["quarantined"])
    known = corpus in paper.DATASETS
    beside = f" (the paper: {paper.CLAIMS['K1'].of(corpus):.0f} %)" if known else ""
    text = (
        f"{int(counts['clips'])} of {whole} clips can be used, {counts['minutes']:.1f} minutes in "
        f"all. {counts['voiced_percent']:.0f} % of that is speech, so case 2 has "
        f"{counts['segments_percent']:.0f} % of case 1's segments{beside}."
    )
    if "frames_with_face_percent" in counts:
        text += f" A face is found in {counts['frames_with_face_percent']:.1f} % of the frames."
    return text


def transferred(curves: pd.DataFrame) -> str:
    """Of the curves of :func:`avef.learning.transfer.curves` (§2.2).

    Examples
    --------
    >>> curves = pd.DataFrame({"emotion_model": "emotion", "network": "audio-net",
    ...                        "epoch": [1, 2], "accuracy": [0.2, 0.55]})
    >>> transferred(curves)  # doctest: +NORMALIZE_WHITESPACE
    'Of six emotions, the audio-net tells 55 % of its own training segments after 2 epochs; who
     guesses tells 17 %. The target keeps what its shallow layers have learnt of that.'
    """
    six = curves[curves["emotion_model"] == "emotion"]
    if six.empty:
        return _NOTHING
    last = six.sort_values("epoch").groupby("network", sort=False).tail(1)
    nets = " and ".join(
        f"the {row.network} tells {100 * row.accuracy:.0f} % of its own training segments after "
        f"{row.epoch} epochs"
        for row in last.itertuples()
    )
    return (
        f"Of six emotions, {nets}; who guesses tells {_guess('emotion'):.0f} %. "
        "The target keeps what its shallow layers have learnt of that."
    )


def cases(accuracies: pd.DataFrame) -> str:
    """Of :func:`avef.evaluation.scores.accuracies`: what leaving out silence does (§4.3.1).

    Examples
    --------
    >>> rows = [("emotion", 1, 53.0, 5.7, 3), ("emotion", 2, 54.0, 2.9, 3)]
    >>> columns = ["emotion_model", "case", "accuracy", "deviation", "seeds"]
    >>> cases(pd.DataFrame(rows, columns=columns))  # doctest: +NORMALIZE_WHITESPACE
    'Speech alone (case 2) tells six emotions in 54.0 % of the clips, all frames (case 1) in
     53.0 %: +1.0 points, where one training differs from the next by 4.5 points. Who guesses is
     right in 17 %.'
    """
    six = accuracies[accuracies["emotion_model"] == "emotion"].set_index("case")
    if not {1, 2} <= set(six.index):
        return _NOTHING
    one, two = six["accuracy"][1], six["accuracy"][2]
    text = (
        f"Speech alone (case 2) tells six emotions in {two:.1f} % of the clips, all frames (case "
        f"1) in {one:.1f} %: {_signed(two - one)} points"
    )
    if (six["seeds"] > 1).all():
        usual = (six["deviation"] ** 2).mean() ** 0.5
        text += f", where one training differs from the next by {usual:.1f} points"
    return f"{text}. Who guesses is right in {_guess('emotion'):.0f} %."


def pretrained(errors: pd.DataFrame) -> str:
    """Of :func:`avef.learning.fusion.rbm_errors`: what the machines learn, and for whom (§2.2.3).

    Examples
    --------
    >>> errors = pd.DataFrame({"layer": 1, "epoch": [1, 2], "error": [0.8, 0.6],
    ...                        "gap": [0.01, 0.04]})
    >>> pretrained(errors)  # doctest: +NORMALIZE_WHITESPACE
    'The error of the lowest machine goes from 0.80 to 0.60 in 2 epochs; its gap to training
     speakers held out goes from 0.010 to 0.040: it widens.'
    """
    lowest = errors[errors["layer"] == 1]
    if lowest.empty:
        return _NOTHING
    mean = lowest.groupby("epoch")[["error", "gap"]].mean()
    first, last = mean.iloc[0], mean.iloc[-1]
    trend = "it widens" if last["gap"] > first["gap"] else "it does not widen"
    said = (
        f"The error of the lowest machine goes from {first['error']:.2f} to {last['error']:.2f} "
        f"in {len(mean)} epochs"
    )
    if mean["gap"].isna().all():
        return f"{said}; there is no second training speaker to tell a gap by."
    return (
        f"{said}; its gap to training speakers held out goes from "
        f"{_plain(first['gap'])} to {_plain(last['gap'])}: {trend}."
    )


def confused(predictions: pd.DataFrame) -> str:
    """Of a corpus' predictions: which emotion is told best, and what the worst is taken for.

    Examples
    --------
    >>> told = {"anger": "anger", "fear": "sadness"}
    >>> predictions = pd.DataFrame({"emotion_model": "emotion", "case": 2, "true": told.keys(),
    ...                             "predicted": told.values()})
    >>> confused(predictions)
    'Anger is told best (100 %), fear worst (0 %): it is taken for sadness most often (100 %).'
    """
    if predictions.empty:
        return _NOTHING
    matrix = scores.confusion(predictions).dropna()
    right = pd.Series({name: matrix.loc[name, name] for name in matrix.index})
    best, worst = right.idxmax(), right.idxmin()
    wrong = matrix.loc[worst].drop(worst)
    return (
        f"{best.capitalize()} is told best ({right[best]:.0f} %), {worst} worst "
        f"({right[worst]:.0f} %): it is taken for {wrong.idxmax()} most often "
        f"({wrong.max():.0f} %)."
    )


def _guess(emotion_model):
    return 100 / len(EMOTION_MODELS[emotion_model])


def _plain(value):
    return f"{value:.3f}".replace("-", "−")


def _signed(value):
    return f"{value:+.1f}".replace("-", "−")
