"""What comparisons are said to show: no more than their intervals do."""

import numpy as np
import pandas as pd
import pytest

from avef.evaluation import differences

AGAINST = ["model", "baseline", "difference", "low", "high"]
GAIN = ["networks", "difference", "low", "high"]
EFFECTS = ["ablation", "state", "modality", "difference", "p"]
STARTS = pd.DataFrame(columns=["start", "kept"])
SAVED = {"difference": 36.0, "low": 25.0, "high": 46.0}


def gains(*values, paper=3.0):
    rows = [("rml", "audio", "emotion", seed, value) for seed, value in enumerate(values)]
    columns = ["dataset", "modality", "emotion_model", "seed", "gain"]
    return pd.DataFrame(rows, columns=columns).assign(paper=paper)


@pytest.mark.parametrize(
    "sentence",
    [
        differences.against(pd.DataFrame(columns=AGAINST)),
        differences.transferred(pd.DataFrame(), SAVED, STARTS),
        differences.transferred(
            pd.DataFrame([("audio-net", 1.0, 0.0, 2.0)], columns=GAIN), SAVED, STARTS
        ),
        differences.repeated(pd.DataFrame({"deviation": []}), gains()),
    ],
)
def test_of_nothing_nothing_is_said(sentence):
    assert sentence.startswith("There is nothing to say")


def test_a_model_may_lose_and_chance_is_said_to_be_possible():
    rows = [("net", "a", -8.2, -17.3, 2.4), ("net", "b", -12.6, -22.2, -2.3)]
    said = differences.against(pd.DataFrame(rows, columns=AGAINST))
    assert "better in none and worse in 1 (net against b: −12.6 points, −22.2 … −2.3)" in said
    assert said.endswith("the other 1 may be chance.")


def test_without_an_interval_nothing_is_beyond_chance():
    rows = [("net", "a", 30.0, np.nan, np.nan)]
    said = differences.against(pd.DataFrame(rows, columns=AGAINST))
    assert "better in none and worse in none; each may be chance" in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((2.0, 0.5, 3.5), "gain 2.0 points by transfer (0.5 … 3.5)"),
        ((2.0, -1.0, 5.0), "gain 2.0 points by transfer (−1.0 … 5.0; that may be chance)"),
        ((-2.0, -4.0, -1.0), "lose 2.0 points by transfer (1.0 … 4.0)"),
        ((-2.0, -4.0, 1.0), "lose 2.0 points by transfer (−1.0 … 4.0; that may be chance)"),
        ((2.0, np.nan, np.nan), "gain 2.0 points by transfer, without an interval"),
    ],
)
def test_transfer_gains_loses_or_may_do_either(row, said):
    gain = pd.DataFrame([("both", *row)], columns=GAIN)
    assert said in differences.transferred(gain, SAVED, STARTS)


def test_epochs_may_be_lost_and_the_dbn_may_not_be_there():
    gain = pd.DataFrame([("both", 2.0, 1.0, 3.0)], columns=GAIN)
    lost = {"difference": -10.0, "low": np.nan, "high": np.nan}
    assert differences.transferred(gain, lost, STARTS).endswith("need 10 % more epochs.")
    lost |= {"low": -15.0, "high": -5.0}
    assert differences.transferred(gain, lost, STARTS).endswith("10 % more epochs (5 … 15).")
    none = {"difference": np.nan, "low": np.nan, "high": np.nan}
    assert "epochs" not in differences.transferred(gain, none, STARTS)


def test_a_gain_within_the_spread_of_training_is_not_shown_by_one():
    many = pd.DataFrame({"deviation": [3.0, 4.0]})
    assert differences.repeated(many, gains(1.0, 2.0)).endswith(
        "cannot show a difference like this."
    )
    assert differences.repeated(many, gains(8.0)).endswith("by 3.5 points (median).")
    assert "loses 8.0 points in the mean of 1 pair (the paper gains 3.0)" in (
        differences.repeated(many, gains(-8.0))
    )
    assert "(the paper: 3.0)" in differences.repeated(many, gains(-8.0, paper=-3.0))
    alone = pd.DataFrame({"deviation": [np.nan]})
    assert "how much of it is luck" in differences.repeated(alone, gains(8.0))
    assert "the paper" not in differences.repeated(many, gains(1.0, paper=np.nan))


def test_ablations_are_judged_together():
    rows = [(f"a{n}", "current", "audio", 3.0, 0.03) for n in range(3)]
    said = differences.changed(pd.DataFrame(rows, columns=EFFECTS), 3)
    assert "of 3 differences 0 are beyond chance" in said and "stale" not in said
    alone = differences.changed(pd.DataFrame(rows[:1], columns=EFFECTS), 3)
    assert alone.startswith("1 of 3 ablations has been run; of 1 difference 1 is beyond chance")


def test_ablations_that_were_not_run_or_moved_nothing():
    assert differences.changed(pd.DataFrame(columns=EFFECTS), 16).startswith("None of the 16")
    still = pd.DataFrame([("a", "stale: x", "audio", 0.0, np.nan)], columns=EFFECTS)
    said = differences.changed(still, 2)
    assert "(1 is stale)" in said and said.endswith("no difference has an interval yet.")
