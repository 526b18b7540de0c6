"""A result as plain values and as a table."""

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from avef.protocol import EMOTIONS
from avef.recognition.result import Failure


def test_a_result_is_plain_values_whatever_it_holds(prediction):
    for made in (prediction, replace(prediction, threshold=np.inf)):
        values = json.loads(json.dumps(made.to_dict(), allow_nan=False))
        assert list(values["probabilities"]) == list(EMOTIONS)
        assert len(values["timeline"]) == len(prediction.times)
        assert values["data"].startswith("Demo data")
    assert values["threshold"] is None
    assert json.loads(json.dumps(Failure("x", "why").to_dict())) == {"clip": "x", "error": "why"}


def test_the_timeline_is_a_table(prediction):
    table = prediction.to_frame()
    assert list(table) == ["clip", "begin", "end", *EMOTIONS]
    np.testing.assert_array_equal(table[list(EMOTIONS)], prediction.timeline)
    np.testing.assert_array_equal(table[["begin", "end"]], prediction.times)


def test_a_result_cannot_be_changed(prediction):
    with pytest.raises(FrozenInstanceError):
        prediction.emotion = "anger"


@pytest.mark.parametrize(
    ("changed", "headline"),
    [
        ({"sure": True}, "fear"),
        ({"sure": False}, "not sure: fear?"),
        ({"sure": False, "equals": ("fear", "anger")}, "not sure: fear or anger"),
    ],
)
def test_the_headline_says_what_is_not_sure(prediction, changed, headline):
    made = replace(prediction, **({"emotion": "fear", "equals": ("fear",)} | changed))
    assert made.headline == headline
