"""Figures of results: titles that say no more than is there, names that people read."""

import numpy as np
import pandas as pd
import pytest

from avef import figures
from avef.figures import learning, results

PAIR = {"dataset": "enterface05", "modality": "visual", "emotion_model": "emotion", "paper": 2.93}


@pytest.fixture(autouse=True)
def closed():
    yield
    figures.plt.close("all")


def labels(axis):
    return [text.get_text() for text in axis.get_yticklabels()]


def test_one_training_alone_agrees_with_nobody():
    once = pd.DataFrame([PAIR | {"seed": 1, "gain": 2.0}])
    other = pd.DataFrame([PAIR | {"seed": 2, "gain": -1.0}])
    alone = results.seed_gains(once)
    assert alone.get_suptitle() == "Case 2 gains in 1 of 1 pairs, with one training of each"
    assert labels(alone.axes[0]) == ["eNTERFACE'05 visual, six emotions"]
    lost = results.seed_gains(other)
    assert lost.get_suptitle().startswith("Case 2 gains in 0 of 1 pairs")
    both = results.seed_gains(pd.concat([once, other], ignore_index=True))
    assert both.get_suptitle() == "Case 2: all trainings agree on the sign in 0 of 1 pairs"


@pytest.mark.parametrize(
    ("ours", "said"),
    [(51.0, "1 point above the paper's"), (48.0, "2 points below"), (50.2, "as the paper's")],
)
def test_a_table_is_told_by_its_median_distance(ours, said):
    entry = pd.DataFrame([PAIR | {"case": 1, "paper": 50.0, "ours": ours}])
    figure = results.comparison(entry, "Six emotions")
    assert figure.get_suptitle().startswith(f"Six emotions: ours are {said}")
    assert labels(figure.axes[0]) == ["eNTERFACE'05 visual, six emotions, case 1"]


def test_cases_have_the_colours_of_ours():
    models = ("emotion", "arousal", "valence")
    rows = [(m, case, 50.0 + case, np.nan) for m in models for case in (1, 2)]
    columns = ["emotion_model", "case", "accuracy", "deviation"]
    figure = results.accuracy_bars(pd.DataFrame(rows, columns=columns), "x")
    (axis,) = figure.axes
    named = [text.get_text() for text in axis.get_legend().get_texts()]
    assert named == ["chance", "case 1: all frames", "case 2: speech alone"]
    assert "C1" not in {fill for *_, fill, _ in results.CASES}  # the paper's
    assert [text.get_text() for text in axis.get_xticklabels()][0] == "six emotions"


def test_learning_curves_are_in_percent_like_all_accuracies():
    curves = pd.DataFrame({"emotion_model": "emotion", "case": 1, "epoch": [1, 2]})
    figure = learning.learning_curves(curves.assign(loss=[2.0, 1.0], accuracy=[0.25, 0.5]))
    loss, accuracy = figure.axes
    assert list(accuracy.lines[0].get_ydata()) == [25.0, 50.0]
    assert list(loss.lines[0].get_ydata()) == [2.0, 1.0]
    assert accuracy.get_ylabel() == "accuracy (%)"
