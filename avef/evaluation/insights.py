"""What a notebook has shown, in a sentence that is computed from what it shows."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from avef import paper
from avef.evaluation import scores, texts
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
        seen = f"{counts['frames_with_face_percent']:.1f}".removesuffix(".0")
        text += f" A face is found in {seen} % of the frames."
    return text


def transferred(curves: pd.DataFrame) -> str:
    """Of the curves of :func:`avef.learning.transfer.curves` (§2.2).

    Examples
    --------
    >>> curves = pd.DataFrame({"emotion_model": "emotion", "network": "audio-net",
    ...                        "epoch": [1, 2], "accuracy": [0.2, 0.55]})
    >>> transferred(curves)  # doctest: +NORMALIZE_WHITESPACE
    'Of six emotions, the audio-net recognises the right one in 55 % of its own training segments
     after 2 epochs; guessing would in 17 %. The target keeps what its shallow layers have learnt
     of that.'
    """
    six = curves[curves["emotion_model"] == "emotion"]
    if six.empty:
        return _NOTHING
    last = six.sort_values("epoch").groupby("network", sort=False).tail(1)
    first, *others = (
        (row.network, f"{100 * row.accuracy:.0f} %", texts.count(row.epoch, "epoch"))
        for row in last.itertuples()
    )
    text = (
        f"Of six emotions, the {first[0]} recognises the right one in {first[1]} of its own "
        f"training segments after {first[2]}"
    )
    text += "".join(f", the {network} in {share} after {when}" for network, share, when in others)
    return (
        f"{text}; guessing would in {_guess('emotion'):.0f} %. "
        "The target keeps what its shallow layers have learnt of that."
    )


def cases(accuracies: pd.DataFrame) -> str:
    """Of :func:`avef.evaluation.scores.accuracies`: what leaving out silence does (§4.3.1).

    Examples
    --------
    >>> rows = [("emotion", 1, 53.0, 5.7, 3), ("emotion", 2, 54.0, 2.9, 3)]
    >>> columns = ["emotion_model", "case", "accuracy", "deviation", "seeds"]
    >>> cases(pd.DataFrame(rows, columns=columns))  # doctest: +NORMALIZE_WHITESPACE
    'Of six emotions, speech alone (case 2) gets 54.0 % of the clips right, all frames (case 1)
     53.0 %: +1.0 points, where one training differs from the next by 4.5 points. Guessing would
     get 17 % right.'
    """
    six = accuracies[accuracies["emotion_model"] == "emotion"].set_index("case")
    if not {1, 2} <= set(six.index):
        return _NOTHING
    one, two = six["accuracy"][1], six["accuracy"][2]
    text = (
        f"Of six emotions, speech alone (case 2) gets {two:.1f} % of the clips right, all frames "
        f"(case 1) {one:.1f} %: {texts.signed(two - one)} points"
    )
    if (six["seeds"] > 1).all():
        usual = (six["deviation"] ** 2).mean() ** 0.5
        text += f", where one training differs from the next by {usual:.1f} points"
    else:
        text += " (one training of each, so there is no deviation)"
    return f"{text}. Guessing would get {_guess('emotion'):.0f} % right."


def pretrained(errors: pd.DataFrame) -> str:
    """Of :func:`avef.learning.fusion.rbm_errors`: what the RBMs learn, and for whom (§2.2.3).

    Examples
    --------
    >>> errors = pd.DataFrame({"layer": 1, "epoch": [1, 2], "error": [0.8, 0.6],
    ...                        "gap": [0.01, 0.04]})
    >>> pretrained(errors)  # doctest: +NORMALIZE_WHITESPACE
    'The error of the lowest RBM goes from 0.80 to 0.60 in 2 epochs; its gap to training speakers
     held out goes from 0.010 to 0.040: it widens.'
    """
    lowest = errors[errors["layer"] == 1]
    if lowest.empty:
        return _NOTHING
    mean = lowest.groupby("epoch")[["error", "gap"]].mean()
    first, last = mean.iloc[0], mean.iloc[-1]
    trend = "it widens" if last["gap"] > first["gap"] else "it does not widen"
    said = (
        f"The error of the lowest RBM goes from {first['error']:.2f} to {last['error']:.2f} "
        f"in {texts.count(len(mean), 'epoch')}"
    )
    if mean["gap"].isna().all():
        return f"{said}; there is no second training speaker to tell a gap by."
    return (
        f"{said}; its gap to training speakers held out goes from "
        f"{texts.minus(f'{first.gap:.3f}')} to {texts.minus(f'{last.gap:.3f}')}: {trend}."
    )


def confused(predictions: pd.DataFrame) -> str:
    """Of a corpus' predictions: which emotion is recognised best, and what the worst is taken for.

    Examples
    --------
    >>> told = {"anger": "anger", "fear": "sadness"}
    >>> predictions = pd.DataFrame({"emotion_model": "emotion", "case": 2, "true": told.keys(),
    ...                             "predicted": told.values()})
    >>> confused(predictions)  # doctest: +NORMALIZE_WHITESPACE
    'Anger is recognised best (100 %), fear worst (0 %): it is taken for sadness most often
     (100 %).'
    """
    if predictions.empty:
        return _NOTHING
    matrix = scores.confusion(predictions).dropna()
    right = pd.Series({name: matrix.loc[name, name] for name in matrix.index})
    best, worst = right.idxmax(), right.idxmin()
    wrong = matrix.loc[worst].drop(worst)
    if right[worst] == right[best]:
        return f"Each emotion is recognised in {right[best]:.0f} % of its clips."
    return (
        f"{best.capitalize()} is recognised best ({right[best]:.0f} %), {worst} worst "
        f"({right[worst]:.0f} %): it is taken for {wrong.idxmax()} most often "
        f"({wrong.max():.0f} %)."
    )


def _guess(emotion_model):
    return 100 / len(EMOTION_MODELS[emotion_model])
