"""From voices and probabilities to an answer, and to what is to be said beside it.

The folds' SVMs decide, as in the paper (§2.2.4); the softmax tells how sure one can be. The two
may differ; then the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from avef import paper
from avef.protocol import EMOTION_MODELS, EMOTIONS


class Answer(NamedTuple):
    """What is answered of one clip; from :func:`answer`.

    Attributes
    ----------
    emotion : str
        With the most voices; among equals the likelier one.
    equals : tuple of str
        All that have as many voices, the likelier first.
    confidence : float
        Calibrated probability of ``emotion``.
    sure : bool
        No tie of voices, and ``confidence`` reaches the threshold.
    note : str
        What needs explaining; "" where there is nothing.
    """

    emotion: str
    equals: tuple[str, ...]
    confidence: float
    sure: bool
    note: str


def answer(voices: np.ndarray, probabilities: np.ndarray, threshold: float) -> Answer:
    """Decide.

    Parameters
    ----------
    voices : (6,) int
        Folds whose SVM decides for each of :data:`avef.protocol.EMOTIONS`.
    probabilities : (6,) float
        Calibrated.
    threshold : float

    Examples
    --------
    >>> likely = np.array([0.1, 0.2, 0.05, 0.05, 0.5, 0.1])
    >>> made = answer(np.array([0, 3, 0, 0, 1, 0]), likely, 0.6)
    >>> made.emotion, made.sure
    ('disgust', False)
    >>> print(made.note)
    The folds' SVMs, which decide, say disgust; the mean over time favours sadness (50 %).
    >>> answer(np.array([1, 1, 0, 0, 1, 0]), likely, 0.3).equals
    ('sadness', 'disgust', 'anger')
    """
    order = np.lexsort((probabilities, voices))[::-1]
    equals = tuple(EMOTIONS[n] for n in order if voices[n] == voices[order[0]])
    best, likeliest = order[0], int(probabilities.argmax())
    confidence = float(probabilities[best])
    said = []
    if len(equals) > 1:
        said.append(f"The folds are divided: {listed(equals, 'and')} have {voices[best]} each.")
    if EMOTIONS[likeliest] not in equals:
        said.append(
            f"The folds' SVMs, which decide, say {listed(equals, 'or')}; the mean over time "
            f"favours {EMOTIONS[likeliest]} ({100 * probabilities[likeliest]:.0f} %)."
        )
    sure = len(equals) == 1 and confidence >= threshold
    return Answer(EMOTIONS[best], equals, confidence, sure, " ".join(said))


def sides(probabilities: np.ndarray, dimension: str) -> dict[str, float]:
    """Arousal or valence: probabilities of the emotions of each side of Table 2, summed up.

    The networks that are kept for prediction know the six emotions alone.

    Examples
    --------
    >>> made = sides(np.array([0.1, 0.2, 0.05, 0.05, 0.5, 0.1]), "arousal")
    >>> {side: round(value, 2) for side, value in made.items()}
    {'low': 0.7, 'high': 0.3}
    """
    members = paper.TABLE_2[dimension]
    chosen = {
        side: [EMOTIONS.index(e) for e in members[side]] for side in EMOTION_MODELS[dimension]
    }
    return {side: float(probabilities[rows].sum()) for side, rows in chosen.items()}


def listed(names: Sequence[str], last: str) -> str:
    """Names in a row, with a word before the last one.

    Examples
    --------
    >>> listed(["fear"], "or"), listed(["anger", "disgust", "fear"], "or")
    ('fear', 'anger, disgust or fear')
    """
    return f" {last} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
