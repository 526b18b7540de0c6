"""Intervals and paired differences against known results and simulation."""

import numpy as np
import pandas as pd
import pytest

from avef.core.errors import ParameterError
from avef.evaluation import intervals, paired, scores
from avef.protocol import EMOTIONS


def table_of(rows, emotion_model="emotion", case=2):
    """Predictions from (speaker, true, predicted) triples."""
    table = pd.DataFrame(rows, columns=["speaker", "true", "predicted"])
    clips = [f"{speaker}-{i}" for i, speaker in enumerate(table["speaker"])]
    fold = pd.factorize(table["speaker"])[0]
    return table.assign(emotion_model=emotion_model, case=case, fold=fold, clip=clips)


def hits(right, total, **keys):
    """Two-class predictions of speakers who have ``right`` of ``total`` clips each."""
    rows = [
        (f"s{i:02}", "low", "low" if k < r else "high")
        for i, (r, n) in enumerate(zip(right, total, strict=True))
        for k in range(n)
    ]
    return table_of(rows, **keys)


def random(seed, speakers=8, clips=30, case=2):
    rng = np.random.default_rng(seed)
    true = rng.choice(EMOTIONS, (speakers, clips), p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    wrong = rng.random((speakers, clips)) < rng.beta(3, 5, (speakers, 1))
    predicted = np.where(wrong, rng.choice(EMOTIONS, true.shape), true)
    names = np.repeat([f"s{i}" for i in range(speakers)], clips)
    return table_of(zip(names, true.ravel(), predicted.ravel(), strict=True), case=case)


def one(frame):
    (row,) = frame.to_dict("records")
    return row


# --- intervals ---------------------------------------------------------------------------------


def test_interval_is_around_the_accuracies_of_the_tables():
    table = pd.concat([random(1, case=1), random(2)])
    spread = intervals.interval(table)
    known = scores.accuracies(table)
    for name in ("accuracy", "unweighted", "clips"):
        np.testing.assert_allclose(spread[name], known[name], atol=0.005)
    assert spread["accuracy"].between(spread["low"], spread["high"], inclusive="neither").all()
    assert (spread["unweighted_low"] < spread["unweighted"]).all()
    assert spread["speakers"].tolist() == [8, 8]


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """400 corpora of 8 speakers who differ: plain percentiles would cover only some 88 %."""
    rng = np.random.default_rng(5)
    skill = rng.beta(6, 4, (400, 8))
    tables = [
        hits(row, [25] * 8, emotion_model=str(i)) for i, row in enumerate(rng.binomial(25, skill))
    ]
    spread = intervals.interval(pd.concat(tables), draws=2000)
    covered = spread["low"].le(60) & spread["high"].ge(60)
    assert 0.92 <= covered.mean() <= 0.985


def test_more_clips_of_the_same_speakers_do_not_narrow_the_interval():
    table = random(3)
    tenfold = pd.concat([table.assign(clip=table["clip"] + f"-{i}") for i in range(10)])
    pd.testing.assert_frame_equal(
        intervals.interval(table).drop(columns="clips"),
        intervals.interval(tenfold).drop(columns="clips"),
    )


def test_more_speakers_narrow_the_interval():
    few, many = (one(intervals.interval(random(4, speakers=n))) for n in (5, 50))
    assert many["high"] - many["low"] < 0.5 * (few["high"] - few["low"])


def test_a_higher_level_is_wider_and_the_seed_decides():
    table = random(6)
    narrow, wide = (one(intervals.interval(table, level=level)) for level in (0.5, 0.99))
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
    same, again, other = (intervals.interval(table, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(same, again)
    assert not same.equals(other)


def test_the_unweighted_interval_is_that_of_the_mean_recall():
    """Every speaker has as many clips of each class, so both accuracies are one."""
    rng = np.random.default_rng(7)
    rows = [(f"s{i}", e, rng.choice([e, "fear"])) for i in range(6) for e in EMOTIONS * 4]
    row = one(intervals.interval(table_of(rows)))
    for bound in ("low", "high"):
        assert row[bound] == pytest.approx(row[f"unweighted_{bound}"])
    # A class of its own accuracy counts as much as one with ten times the clips.
    rows = [(f"s{i}", "fear", "fear") for i in range(5) for _ in range(10)]
    rows += [(f"s{i}", "anger", "fear") for i in range(5)]
    row = one(intervals.interval(table_of(rows)))
    assert (row["unweighted_low"], row["unweighted_high"]) == (50, 50)
    assert row["low"] == row["high"] == pytest.approx(1000 / 11)


def test_one_speaker_has_no_interval():
    row = one(intervals.interval(hits([3], [4])))
    assert row["accuracy"] == 75
    assert np.isnan([row["low"], row["high"], row["unweighted_low"]]).all()


def test_recalls_are_the_diagonal_and_only_of_speakers_who_have_the_class():
    table = random(8)
    table = table[~((table["true"] == "surprise") & (table["speaker"] != "s0"))]
    recalls = intervals.recalls(table).set_index("true")
    matrix = scores.confusion(table)
    for emotion, row in recalls.iterrows():
        assert row["recall"] == pytest.approx(matrix.loc[emotion, emotion])
    assert recalls.loc["surprise", "speakers"] == 1
    assert recalls.loc["surprise", ["low", "high"]].isna().all()
    others = recalls.drop("surprise")
    assert ((others["low"] < others["recall"]) & (others["recall"] < others["high"])).all()


def test_per_fold():
    table = pd.concat([hits([1, 4], [4, 4], case=1), hits([2, 3], [4, 6])])
    folds = intervals.per_fold(table)
    assert folds["accuracy"].tolist() == [25, 100, 50, 50]
    assert folds["case"].tolist() == [1, 1, 2, 2]
    assert folds["clips"].tolist() == [4, 4, 4, 6]
    assert folds["speakers"].tolist() == [1] * 4


@pytest.mark.parametrize("wrong", [{"level": 0}, {"level": 1}, {"draws": 0}])
def test_senseless_settings(wrong):
    with pytest.raises(ParameterError, match=f"{[*wrong][0]} .*got"):
        intervals.interval(random(0), **wrong)


def test_senseless_predictions():
    table = random(0)
    with pytest.raises(ParameterError, match="lack the column speaker, true"):
        intervals.interval(table.drop(columns=["speaker", "true"]))
    with pytest.raises(ParameterError, match="twice.*s0-0"):
        intervals.interval(pd.concat([table, table.head(1)]))
    with pytest.raises(ParameterError, match="no arousal, case 2"):
        intervals.recalls(table, "arousal")


# --- paired ------------------------------------------------------------------------------------


def test_case_comparison_by_hand():
    first, second = [2, 5, 1, 8], [4, 6, 4, 7]
    total = [10, 10, 5, 10]
    table = pd.concat([hits(first, total, case=1), hits(second, total)]).sample(frac=1)
    row = one(paired.case_comparison(table))
    assert row["speakers"] == 4 and row["clips"] == 35
    assert row["case_1"] == pytest.approx(1600 / 35)
    assert row["case_2"] == pytest.approx(2100 / 35)
    assert row["difference"] == pytest.approx(500 / 35)
    assert row["relative"] == pytest.approx(100 * 5 / 16)
    assert row["p"] == 6 / 16  # of all signs of 2, 1, 3, 1, those that sum to 5 or more either way
    assert row["low"] < 0 < row["high"]  # a draw of the last speaker alone loses


def test_the_difference_is_that_of_the_accuracies():
    table = pd.concat([random(1, case=1), random(1).assign(predicted=random(9)["predicted"])])
    row, accuracy = one(paired.case_comparison(table)), scores.accuracies(table)["accuracy"]
    assert row["difference"] == pytest.approx(accuracy[1] - accuracy[0], abs=0.011)


def test_pairing_is_sharper_than_two_intervals():
    """Speakers differ, but each gains a clip or two: the pairs see it, the intervals do not."""
    rng = np.random.default_rng(3)
    first = rng.integers(2, 15, 10)
    table = pd.concat(
        [hits(first, [20] * 10, case=1), hits(first + rng.integers(1, 3, 10), [20] * 10)]
    )
    both = intervals.interval(table)
    row = one(paired.case_comparison(table))
    assert both["high"][0] > both["low"][1]
    assert row["low"] > 0 and row["p"] < 0.01


def test_cases_must_hold_the_same_clips():
    table = pd.concat([hits([1, 1], [3, 3], case=1), hits([1, 1], [3, 2])])
    with pytest.raises(ParameterError, match="same clips"):
        paired.case_comparison(table)
    with pytest.raises(ParameterError, match="same clips"):
        paired.case_comparison(hits([1, 1], [3, 3]))


def test_easiest_by_hand():
    rows = [("a", "anger", "anger")] * 3 + [("a", "happiness", "fear")]  # 3 of 4
    rows += [("a", "fear", "fear"), ("a", "disgust", "fear")]  # 1 of 2: gains 25
    rows += [("b", "happiness", "happiness"), ("b", "sadness", "fear")]  # gains 100
    rows += [("c", "anger", "fear")]  # nothing to compare with
    lead = paired.easiest(table_of(rows))
    assert lead.difference == 62.5
    assert lead.speakers == 2
    assert lead.p == 0.5
    assert paired.easiest(table_of(rows), ["fear", "disgust", "sadness"]).difference == -62.5


def test_mutual_confusion_by_hand():
    rows = [("a", "anger", "happiness"), ("a", "happiness", "anger"), ("a", "fear", "fear")]
    rows += [("b", "disgust", "fear"), ("b", "fear", "sadness"), ("b", "surprise", "sadness")]
    excess = paired.mutual_confusion(table_of(rows))
    assert excess.difference == pytest.approx(100 * (3 / 4 - 1 / 5))
    assert excess.speakers == 2


def test_mutual_confusion_of_faultless_predictions():
    table = table_of([("a", "anger", "anger"), ("b", "fear", "fear")])
    excess = paired.mutual_confusion(table)
    assert np.isnan(excess.difference) and excess.p == 1 and excess.speakers == 0


def test_random_errors_do_not_favour_partners():
    rng = np.random.default_rng(4)
    true = rng.choice(EMOTIONS, 6000)
    predicted = [rng.choice([e for e in EMOTIONS if e != t]) for t in true]
    names = [f"s{i % 10}" for i in range(6000)]
    excess = paired.mutual_confusion(table_of(zip(names, true, predicted, strict=True)))
    assert excess.low < 0 < excess.high
    assert abs(excess.difference) < 2


def test_across_names_the_tables():
    tables = {("rml", "audio"): random(1), ("baum1s", "visual"): random(2)}
    joined = intervals.across(tables, intervals.interval)
    assert joined[["dataset", "modality"]].to_numpy().tolist() == [list(key) for key in tables]
    assert joined["accuracy"][1] == intervals.interval(random(2))["accuracy"][0]
    assert intervals.across({}, intervals.interval).empty
