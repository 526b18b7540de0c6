"""Text, JSON and CSV: whole, on one line each, and harmless."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from avef.protocol import EMOTIONS
from avef.recognition import forms
from avef.recognition.result import Failure

NAMES = ["plain.mp4", "=1+1.mp4", "+x.mp4", "-x.mp4", "@x.mp4", 'a,"b".mp4', "a\nb\r.mp4"]
NAMES += ["\x1b[31mred.mp4", "bytes\udcff.mp4", "ü ☺.mp4", "\t=x.mp4"]


def row_of(made, key="k"):
    return dict(zip(forms.COLUMNS, *csv.reader([forms.csv_line(made, key)]), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_stays_on_its_line(prediction, name):
    for made in (replace(prediction, clip=name), Failure(name, f"about {name}")):
        for line in (forms.csv_line(made), forms.json_line(made), *forms.text(made).split("\n")):
            assert line.isprintable(), line
            line.encode()
        cells = next(csv.reader([forms.csv_line(made)]))
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
        assert json.loads(forms.json_line(made))["clip"] == name


def test_a_row_has_what_the_prediction_has(prediction):
    made = replace(prediction, warnings=("one", "two"), sure=True)
    row = row_of(made)
    assert [float(row[e]) for e in EMOTIONS] == prediction.probabilities.round(4).tolist()
    assert row["arousal"] == max(made.arousal, key=made.arousal.get)
    assert float(row["valence_probability"]) == round(max(made.valence.values()), 4)
    assert (row["segments"], row["warnings"], row["sure"]) == (
        str(len(made.times)),
        "one; two",
        "True",
    )
    assert (row["key"], row["error"]) == ("k", "")
    assert row["data"].startswith("Demo data")


def test_a_failure_is_a_row_with_its_reason():
    row = row_of(Failure("x.mp4", "no speech was found"))
    assert (row["clip"], row["error"]) == ("x.mp4", "no speech was found")
    assert set(row.values()) == {"x.mp4", "no speech was found", "k", ""}
    assert forms.text(Failure("x.mp4", "why")) == "x.mp4: cannot be used: why"


def test_the_text_of_a_long_clip_is_no_longer_than_that_of_a_short_one(prediction):
    count = 1000
    begins = np.arange(count) * 0.34
    rng = np.random.default_rng(0)
    long = replace(
        prediction,
        times=np.stack([begins, begins + 0.655], axis=1),
        timeline=rng.dirichlet(np.ones(6), count),
    )
    assert len(forms.text(long).split("\n")) < 20
    assert "1000 segments" in forms.text(long)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sure": False, "threshold": 0.6, "share": 0.8}, "from 60 % on 80 % of the answers"),
        ({"sure": False, "threshold": np.inf, "share": 0.9}, "from none on 90 % of the answers"),
        ({"note": "The folds differ."}, "The folds differ."),
        ({"learnt": 1}, "1 of the 2 folds learnt from this very clip"),
        ({"warnings": ("bad\nsound",)}, r"warning: bad\nsound"),
    ],
)
def test_what_needs_to_be_known_is_said(prediction, changed, said):
    plain = replace(prediction, sure=True, equals=(prediction.emotion,), note="")
    assert said in forms.text(replace(plain, **changed))
    assert said not in forms.text(plain)
