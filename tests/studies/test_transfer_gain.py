"""Claim S4: with and without transfer."""

import pandas as pd
import pytest

from avef.studies import transfer_gain


def curve(training, *losses, unit=None):
    epochs = range(1, len(losses) + 1)
    names = {"training": training, "unit": unit or training}
    return pd.DataFrame(names | {"epoch": epochs, "loss": losses})


def both(*tables):
    return pd.concat(tables, ignore_index=True)


def test_epochs_saved_count_to_the_loss_that_training_without_transfer_ends_with():
    without = both(curve("a", 4.0, 3.0, 2.0, 1.0), curve("b", 4.0, 3.0, 2.0, 1.5))
    with_it = both(curve("a", 1.5, 1.0, 0.5, 0.4), curve("b", 1.4, 1.0, 0.5, 0.4))
    saved = transfer_gain.epochs_saved(with_it, without, seed=0)
    assert saved["difference"] == pytest.approx(100 * (2 + 3) / 8)
    assert saved["low"] <= saved["difference"] <= saved["high"]


def test_a_training_that_never_gets_there_counts_with_all_its_epochs():
    without = both(curve("a", 2.0, 1.0, 1.0), curve("b", 2.0, 1.0, 1.0))
    slow = both(curve("a", 3.0, 2.0, 2.0), curve("b", 3.0, 2.0, 2.0))
    saved = transfer_gain.epochs_saved(slow, without, seed=0)
    assert saved["difference"] == -50.0  # three epochs where two are needed


def test_folds_that_share_their_training_data_are_one_unit():
    """Six folds of one network on one corpus say nothing of another: there is no interval."""
    without = both(*(curve(f"a{n}", 4.0, 3.0, 1.0, unit="a") for n in range(6)))
    with_it = both(*(curve(f"a{n}", 1.0, 0.5, 0.4, unit="a") for n in range(6)))
    saved = transfer_gain.epochs_saved(with_it, without, seed=0)
    assert saved["difference"] == pytest.approx(100 * 2 / 3, abs=0.01)
    assert pd.isna(saved["low"]) and pd.isna(saved["high"])


def predictions(right):
    speakers = [f"s{i // 4}" for i in range(24)]
    true = ["anger", "fear", "sadness", "surprise"] * 6
    guess = [t if i % 4 < right else "disgust" for i, t in enumerate(true)]
    table = {"clip": [f"c{i}" for i in range(24)], "speaker": speakers, "fold": 0}
    return pd.DataFrame(table | {"true": true, "predicted": guess})


def test_the_gain_is_signed_and_told_by_network_and_together():
    with_it = {("rml", "audio"): predictions(4), ("rml", "visual"): predictions(2)}
    without = {("rml", "audio"): predictions(2), ("rml", "visual"): predictions(3)}
    table = transfer_gain.gain(with_it, without, seed=0).set_index("networks")
    assert table["difference"].tolist() == [50.0, -25.0, 12.5]
    assert table.loc["audio-net", "low"] > 0 > table.loc["visual-net", "high"]
