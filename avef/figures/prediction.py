"""A clip of one's own: emotions over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from avef.protocol import EMOTIONS

if TYPE_CHECKING:  # drawing needs no TensorFlow
    from avef.recognise import Prediction


def emotions_over_time(found: Prediction, name: str) -> plt.Figure:
    """Probability of every emotion, a line each, at the middle of each segment of speech.

    Parameters
    ----------
    found : Prediction
        From :func:`avef.recognise.predict`.
    name : str
        Of the clip, for the title.
    """
    figure, axis = plt.subplots(figsize=(8, 3))
    middle = found.times.mean(axis=1)
    for number, emotion in enumerate(EMOTIONS):
        chosen = emotion == found.emotion
        line = {"lw": 2.4 if chosen else 1, "marker": "osD^vP"[number], "ms": 4}
        axis.plot(middle, 100 * found.probabilities[:, number], label=emotion, **line)
    axis.set(xlabel="time (s)", ylabel="probability (%)", ylim=(0, 100))
    axis.set_title(f"{name}: {found.emotion}")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
