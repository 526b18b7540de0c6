"""The sentences that notebooks end with; their examples are in the docstrings."""

import numpy as np
import pandas as pd
import pytest

from avef.evaluation import insights

CURVES = pd.DataFrame(columns=["emotion_model", "network", "epoch", "accuracy"])
SCORES = ["emotion_model", "case", "accuracy", "deviation", "seeds"]
PREDICTED = pd.DataFrame(columns=["emotion_model", "case", "true", "predicted"])


@pytest.mark.parametrize(
    "sentence",
    [
        insights.transferred(CURVES),
        insights.cases(pd.DataFrame(columns=SCORES)),
        insights.cases(pd.DataFrame([("emotion", 1, 50.0, 1.0, 2)], columns=SCORES)),
        insights.pretrained(pd.DataFrame(columns=["layer", "epoch", "error", "gap"])),
        insights.confused(PREDICTED),
    ],
)
def test_of_nothing_nothing_is_said(sentence):
    assert sentence.startswith("There is nothing to say")


def test_sound_alone_has_no_faces_and_the_paper_no_figure_of_others():
    counts = {"clips": 3, "quarantined": 0, "minutes": 1.0, "voiced_percent": 50.0}
    said = insights.prepared(counts | {"segments_percent": 40.0}, "mine")
    assert "3 of 3 clips" in said and "face" not in said and "paper" not in said


def test_one_training_has_no_spread():
    rows = [("emotion", 1, 60.0, np.nan, 1), ("emotion", 2, 50.0, np.nan, 1)]
    said = insights.cases(pd.DataFrame(rows, columns=SCORES))
    assert "−10.0 points (one training of each, so there is no deviation). Guessing" in said
    assert "differs" not in said


def test_every_network_is_told_at_its_last_epoch_of_six_emotions():
    rows = [
        ("emotion", "audio-net", 2, 0.5),
        ("emotion", "audio-net", 1, 0.1),
        ("emotion", "visual-net", 3, 0.7),
        ("arousal", "audio-net", 9, 0.99),
    ]
    said = insights.transferred(pd.DataFrame(rows, columns=CURVES.columns))
    assert "audio-net recognises the right one in 50 % of its own training segments after 2" in said
    assert "epochs, the visual-net in 70 % after 3 epochs; guessing" in said and "99" not in said


def test_only_a_gap_that_grows_widens():
    errors = pd.DataFrame(
        {"layer": [1, 1, 2], "epoch": [1, 2, 2], "error": [2.0, 1.0, 9.0], "gap": [0.2, -0.1, 9.0]}
    )
    said = insights.pretrained(errors)
    assert "from 2.00 to 1.00 in 2 epochs" in said
    assert said.endswith("from 0.200 to −0.100: it does not widen.")


def test_where_all_emotions_are_alike_none_is_the_worst():
    predictions = pd.DataFrame(
        {"emotion_model": "emotion", "case": 2, "true": ["anger", "fear"]}
    ).assign(predicted=["anger", "fear"])
    said = insights.confused(predictions)
    assert said == "Each emotion is recognised in 100 % of its clips."


def test_a_face_in_every_frame_is_told_without_decimals():
    counts = {"clips": 3, "quarantined": 0, "minutes": 1.0, "voiced_percent": 50.0}
    counts |= {"segments_percent": 40.0, "frames_with_face_percent": 100.0}
    assert insights.prepared(counts, "mine").endswith("A face is found in 100 % of the frames.")
