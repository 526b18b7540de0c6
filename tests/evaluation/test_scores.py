"""Accuracies and confusion matrices, checked by hand."""

import numpy as np
import pandas as pd
import pytest

from avef.evaluation import scores
from avef.protocol import EMOTIONS


def frame(pairs, emotion_model="emotion", case=2):
    table = pd.DataFrame(pairs, columns=["true", "predicted"])
    table.insert(0, "case", case)
    table.insert(0, "emotion_model", emotion_model)
    return table


# 4 of 7 clips right; recall: anger 2/3, fear 2/2, sadness 0/2; the mean of these is 5/9.
SIX = [
    ("anger", "anger"),
    ("anger", "anger"),
    ("anger", "happiness"),
    ("fear", "fear"),
    ("fear", "fear"),
    ("sadness", "fear"),
    ("sadness", "anger"),
]
TWO = [("low", "low"), ("high", "low"), ("high", "low"), ("high", "high")]


@pytest.fixture
def predictions():
    return pd.concat([frame(SIX), frame(TWO, "arousal", 1)], ignore_index=True)


def test_accuracies(predictions):
    table = scores.accuracies(predictions)
    assert table["deviation"].isna().all()  # a single training has none
    assert table.drop(columns="deviation").to_dict("records") == [
        {"emotion_model": "emotion", "case": 2, "accuracy": 57.14, "unweighted": 55.56}
        | {"seeds": 1, "clips": 7},
        {"emotion_model": "arousal", "case": 1, "accuracy": 50, "unweighted": 66.67}
        | {"seeds": 1, "clips": 4},
    ]


def test_accuracies_are_means_over_seeds_with_their_deviation(predictions):
    perfect = predictions.assign(predicted=predictions["true"], seed=2)
    both = pd.concat([predictions.assign(seed=1), perfect], ignore_index=True)
    six, two = scores.accuracies(both).to_dict("records")
    assert six == {
        "emotion_model": "emotion",
        "case": 2,
        "accuracy": pytest.approx((400 / 7 + 100) / 2, abs=0.01),
        "unweighted": pytest.approx((500 / 9 + 100) / 2, abs=0.01),
        "deviation": pytest.approx(300 / 7 / np.sqrt(2), abs=0.01),
        "seeds": 2,
        "clips": 7,
    }
    assert (two["accuracy"], two["seeds"], two["clips"]) == (75, 2, 4)
    assert scores.metrics(both)["arousal"]["case1"]["deviation"] == two["deviation"]
    matrix = scores.confusion(both)
    assert matrix.loc["sadness"].to_dict() == dict.fromkeys(EMOTIONS, 0) | {
        "sadness": 50,
        "anger": 25,
        "fear": 25,
    }


def test_accuracies_do_not_depend_on_the_order_of_clips(predictions):
    shuffled = predictions.sample(frac=1, random_state=0)
    a, b = (
        scores.accuracies(p).sort_values("emotion_model", ignore_index=True)
        for p in (predictions, shuffled)
    )
    pd.testing.assert_frame_equal(a, b)


def test_confusion_rows_are_true_and_in_percent(predictions):
    matrix = scores.confusion(predictions)
    assert list(matrix.index) == list(matrix.columns) == list(EMOTIONS)
    assert matrix.loc["anger", "happiness"] == pytest.approx(100 / 3)
    assert matrix.loc["happiness"].isna().all()  # nobody was happy, though one was taken to be
    assert matrix.loc["sadness"].to_dict() == dict.fromkeys(EMOTIONS, 0) | {"anger": 50, "fear": 50}
    np.testing.assert_allclose(matrix.loc[["anger", "fear", "sadness"]].sum(axis=1), 100)


def test_confusion_of_another_emotion_model_and_case(predictions):
    matrix = scores.confusion(predictions, "arousal", 1)
    assert matrix.loc["high", "low"] == pytest.approx(200 / 3)
    assert scores.confusion(predictions, "emotion", 1).isna().all(axis=None)


def test_balanced_diagonal_is_the_accuracy():
    rng = np.random.default_rng(0)
    table = frame({"true": list(EMOTIONS) * 20, "predicted": rng.choice(EMOTIONS, 120)})
    (row,) = scores.accuracies(table).to_dict("records")
    assert row["accuracy"] == row["unweighted"]
    assert np.diag(scores.confusion(table)).mean() == pytest.approx(row["accuracy"], abs=0.01)


def test_metrics_nest_model_then_case(predictions):
    assert scores.metrics(predictions) == {
        "emotion": {"case2": {"accuracy": 57.14, "unweighted": 55.56}},
        "arousal": {"case1": {"accuracy": 50.0, "unweighted": 66.67}},
    }
