"""A clip of one's own: emotions over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from avef.protocol import EMOTIONS

if TYPE_CHECKING:  # drawing needs no TensorFlow
    from avef.recognise import Prediction


def emotions_over_time(prediction: Prediction, name: str) -> plt.Figure:
    """Probability of every emotion, a line each, at the middle of each segment of speech.

    Parameters
    ----------
    prediction : Prediction
        From :func:`avef.recognise.predict`.
    name : str
        Of the clip, for the title.
    """
    figure, axis = plt.subplots(figsize=(8, 3))
    middle = prediction.times.mean(axis=1)
    for number, emotion in enumerate(EMOTIONS):
        axis.plot(
            middle,
            100 * prediction.probabilities[:, number],
            lw=2.4 if emotion == prediction.emotion else 1,
            marker="osD^vP"[number],
            ms=4,
            label=emotion,
        )
    axis.set(xlabel="time (s)", ylabel="probability (%)", ylim=(0, 100))
    axis.set_title(f"{name}: {prediction.emotion}")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
