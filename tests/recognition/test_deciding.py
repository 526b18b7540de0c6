"""Headlines never contradict the timeline without a word."""

import numpy as np
import pytest

from avef.protocol import EMOTIONS, binary
from avef.recognition import deciding

LIKELY = np.array([0.10, 0.25, 0.05, 0.08, 0.46, 0.06])  # sadness


def voices(**counts):
    return np.array([counts.get(emotion, 0) for emotion in EMOTIONS])


@pytest.mark.parametrize(
    ("counts", "threshold", "emotion", "sure", "said"),
    [
        ({"sadness": 3}, 0.4, "sadness", True, ""),
        ({"sadness": 3}, 0.5, "sadness", False, ""),
        ({"disgust": 2, "sadness": 1}, 0.2, "disgust", True, "disgust; the mean over time favours"),
        ({"anger": 1, "disgust": 1, "sadness": 1}, 0.0, "sadness", False, "divided: sadness, disg"),
        ({"anger": 2, "disgust": 2}, 0.0, "disgust", False, "favours sadness (46 %)"),
    ],
)
def test_the_voices_decide_and_what_differs_is_said(counts, threshold, emotion, sure, said):
    made = deciding.answer(voices(**counts), LIKELY, threshold)
    assert (made.emotion, made.sure) == (emotion, sure)
    assert said in made.note
    assert bool(made.note) == bool(said)
    assert made.confidence == LIKELY[EMOTIONS.index(emotion)]


def test_nothing_is_sure_where_no_threshold_is():
    assert not deciding.answer(voices(sadness=4), np.eye(6)[4], np.inf).sure


@pytest.mark.parametrize("dimension", ["arousal", "valence"])
def test_the_sides_are_those_of_table_2(dimension):
    for number, emotion in enumerate(EMOTIONS):
        odds = deciding.sides(np.eye(6)[number], dimension)
        assert max(odds, key=odds.get) == binary(emotion)[dimension == "valence"]
        assert sum(odds.values()) == 1
