"""Intervals, paired tests and corrections against known results, brute force and simulation."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from avef.core.errors import ParameterError
from avef.evaluation import intervals, scores
from avef.protocol import EMOTIONS

P = st.floats(0, 1)


def cell(rows, emotion_model="emotion", case=2):
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
    return cell(rows, **keys)


def random(seed, speakers=8, clips=30, case=2):
    rng = np.random.default_rng(seed)
    true = rng.choice(EMOTIONS, (speakers, clips), p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
    wrong = rng.random((speakers, clips)) < rng.beta(3, 5, (speakers, 1))
    predicted = np.where(wrong, rng.choice(EMOTIONS, true.shape), true)
    names = np.repeat([f"s{i}" for i in range(speakers)], clips)
    return cell(zip(names, true.ravel(), predicted.ravel(), strict=True), case=case)


def one(frame):
    (row,) = frame.to_dict("records")
    return row


# --- intervals ---------------------------------------------------------------------------------


def test_interval_is_around_the_accuracies_of_the_tables():
    table = pd.concat([random(1, case=1), random(2)])
    found, known = intervals.interval(table), scores.accuracies(table)
    for name in ("accuracy", "unweighted", "clips"):
        np.testing.assert_allclose(found[name], known[name], atol=0.005)
    assert (found["low"] < found["accuracy"]).all() and (found["accuracy"] < found["high"]).all()
    assert (found["unweighted_low"] < found["unweighted"]).all()
    assert found["speakers"].tolist() == [8, 8]


def test_interval_agrees_with_scipys_bootstrap_at_the_widened_level():
    right, total = np.array([9, 14, 20, 11, 7, 16]), np.array([20, 20, 30, 20, 20, 20])
    found = one(intervals.interval(hits(right, total), draws=40_000))
    tail = stats.norm.cdf(-np.sqrt(6 / 5) * stats.t.ppf(0.975, 5))
    known = stats.bootstrap(
        (right, total),
        lambda r, n, axis: 100 * r.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=40_000,
        confidence_level=1 - 2 * tail,
        method="percentile",
        rng=0,
    ).confidence_interval
    assert found["low"] == pytest.approx(known.low, abs=1)
    assert found["high"] == pytest.approx(known.high, abs=1)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """400 corpora of 8 speakers who differ: plain percentiles would cover only some 88 %."""
    rng = np.random.default_rng(5)
    skill = rng.beta(6, 4, (400, 8))
    tables = [
        hits(row, [25] * 8, emotion_model=str(i)) for i, row in enumerate(rng.binomial(25, skill))
    ]
    found = intervals.interval(pd.concat(tables), draws=2000)
    covered = found["low"].le(60) & found["high"].ge(60)
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
    narrow, wide = (one(intervals.interval(table, level)) for level in (0.5, 0.99))
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]
    same, again, other = (intervals.interval(table, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(same, again)
    assert not same.equals(other)


def test_the_unweighted_interval_is_that_of_the_mean_recall():
    """Every speaker has as many clips of each class, so both accuracies are one."""
    rng = np.random.default_rng(7)
    rows = [(f"s{i}", e, rng.choice([e, "fear"])) for i in range(6) for e in EMOTIONS * 4]
    row = one(intervals.interval(cell(rows)))
    for bound in ("low", "high"):
        assert row[bound] == pytest.approx(row[f"unweighted_{bound}"])
    # A class of its own accuracy counts as much as one with ten times the clips.
    rows = [(f"s{i}", "fear", "fear") for i in range(5) for _ in range(10)]
    rows += [(f"s{i}", "anger", "fear") for i in range(5)]
    row = one(intervals.interval(cell(rows)))
    assert (row["unweighted_low"], row["unweighted_high"]) == (50, 50)
    assert row["low"] == row["high"] == pytest.approx(1000 / 11)


def test_one_speaker_has_no_interval():
    row = one(intervals.interval(hits([3], [4])))
    assert row["accuracy"] == 75
    assert np.isnan([row["low"], row["high"], row["unweighted_low"]]).all()


def test_recalls_are_the_diagonal_and_only_of_speakers_who_have_the_class():
    table = random(8)
    table = table[~((table["true"] == "surprise") & (table["speaker"] != "s0"))]
    found = intervals.recalls(table).set_index("true")
    matrix = scores.confusion(table)
    for emotion, row in found.iterrows():
        assert row["recall"] == pytest.approx(matrix.loc[emotion, emotion])
    assert found.loc["surprise", "speakers"] == 1
    assert found.loc["surprise", ["low", "high"]].isna().all()
    others = found.drop("surprise")
    assert ((others["low"] < others["recall"]) & (others["recall"] < others["high"])).all()


def test_per_fold():
    table = pd.concat([hits([1, 4], [4, 4], case=1), hits([2, 3], [4, 6])])
    found = intervals.per_fold(table)
    assert found["accuracy"].tolist() == [25, 100, 50, 50]
    assert found["case"].tolist() == [1, 1, 2, 2]
    assert found["clips"].tolist() == [4, 4, 4, 6]
    assert found["speakers"].tolist() == [1] * 4


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


def brute_force(gains):
    signs = np.array(list(product([1, -1], repeat=len(gains))))
    sums = np.abs(signs @ np.asarray(gains, float))
    return np.mean(sums >= abs(np.sum(gains)) - 1e-9)


@pytest.mark.parametrize(
    "gains", [[3, 1, 4, 1, -5], [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 2], [1, -1], [2.5, 0.5, -1]]
)
def test_sign_flips_are_exact_for_few_speakers(gains):
    assert intervals.sign_flip(gains) == pytest.approx(brute_force(gains))


def test_eight_speakers_who_all_gain():
    assert intervals.sign_flip([1] * 8) == 2 / 2**8


def test_sign_flips_are_drawn_for_many_speakers():
    gains = np.random.default_rng(1).normal(0.5, 1, 16)
    found = intervals.sign_flip(gains)
    assert found != brute_force(gains)
    assert found == pytest.approx(brute_force(gains), abs=0.01)
    assert found == intervals.sign_flip(gains)


def test_sign_flips_that_prove_nothing():
    assert intervals.sign_flip([7]) == intervals.sign_flip([]) == 1
    assert intervals.sign_flip([0, 0, 0]) == 1


def test_sign_flips_find_what_is_not_there_as_often_as_they_say():
    rng = np.random.default_rng(2)
    p = np.array([intervals.sign_flip(gains) for gains in rng.normal(0, 1, (300, 6))])
    assert 0.02 <= (p < 0.1).mean() <= 0.15


def test_case_comparison_by_hand():
    first, second = [2, 5, 1, 8], [4, 6, 4, 7]
    total = [10, 10, 5, 10]
    table = pd.concat([hits(first, total, case=1), hits(second, total)]).sample(frac=1)
    row = one(intervals.case_comparison(table))
    assert row["speakers"] == 4 and row["clips"] == 35
    assert row["case_1"] == pytest.approx(1600 / 35)
    assert row["case_2"] == pytest.approx(2100 / 35)
    assert row["difference"] == pytest.approx(500 / 35)
    assert row["relative"] == pytest.approx(100 * 5 / 16)
    assert row["p"] == brute_force([2, 1, 3, -1])
    assert row["low"] < 0 < row["high"]  # a draw of the last speaker alone loses


def test_the_difference_is_that_of_the_accuracies():
    table = pd.concat([random(1, case=1), random(1).assign(predicted=random(9)["predicted"])])
    row, accuracy = one(intervals.case_comparison(table)), scores.accuracies(table)["accuracy"]
    assert row["difference"] == pytest.approx(accuracy[1] - accuracy[0], abs=0.011)


def test_pairing_is_sharper_than_two_intervals():
    """Speakers differ, but each gains a clip or two: the pairs see it, the intervals do not."""
    rng = np.random.default_rng(3)
    first = rng.integers(2, 15, 10)
    table = pd.concat(
        [hits(first, [20] * 10, case=1), hits(first + rng.integers(1, 3, 10), [20] * 10)]
    )
    both = intervals.interval(table)
    row = one(intervals.case_comparison(table))
    assert both["high"][0] > both["low"][1]
    assert row["low"] > 0 and row["p"] < 0.01


def test_cases_must_hold_the_same_clips():
    table = pd.concat([hits([1, 1], [3, 3], case=1), hits([1, 1], [3, 2])])
    with pytest.raises(ParameterError, match="same clips"):
        intervals.case_comparison(table)
    with pytest.raises(ParameterError, match="same clips"):
        intervals.case_comparison(hits([1, 1], [3, 3]))


def test_easiest_by_hand():
    rows = [("a", "anger", "anger")] * 3 + [("a", "happiness", "fear")]  # 3 of 4
    rows += [("a", "fear", "fear"), ("a", "disgust", "fear")]  # 1 of 2: gains 25
    rows += [("b", "happiness", "happiness"), ("b", "sadness", "fear")]  # gains 100
    rows += [("c", "anger", "fear")]  # nothing to compare with
    found = intervals.easiest(cell(rows))
    assert found.difference == 62.5
    assert found.speakers == 2
    assert found.p == 0.5
    assert intervals.easiest(cell(rows), ["fear", "disgust", "sadness"]).difference == -62.5


def test_mutual_confusion_by_hand():
    rows = [("a", "anger", "happiness"), ("a", "happiness", "anger"), ("a", "fear", "fear")]
    rows += [("b", "disgust", "fear"), ("b", "fear", "sadness"), ("b", "surprise", "sadness")]
    found = intervals.mutual_confusion(cell(rows))
    assert found.difference == pytest.approx(100 * (3 / 4 - 1 / 5))
    assert found.speakers == 2


def test_mutual_confusion_of_faultless_predictions():
    table = cell([("a", "anger", "anger"), ("b", "fear", "fear")])
    found = intervals.mutual_confusion(table)
    assert np.isnan(found.difference) and found.p == 1 and found.speakers == 0


def test_random_errors_do_not_favour_partners():
    rng = np.random.default_rng(4)
    true = rng.choice(EMOTIONS, 6000)
    predicted = [rng.choice([e for e in EMOTIONS if e != t]) for t in true]
    names = [f"s{i % 10}" for i in range(6000)]
    found = intervals.mutual_confusion(cell(zip(names, true, predicted, strict=True)))
    assert found.low < 0 < found.high
    assert abs(found.difference) < 2


def test_across_names_the_tables():
    tables = {("rml", "audio"): random(1), ("baum1s", "visual"): random(2)}
    found = intervals.across(tables, intervals.interval)
    assert found[["dataset", "modality"]].to_numpy().tolist() == [list(key) for key in tables]
    assert found["accuracy"][1] == intervals.interval(random(2))["accuracy"][0]
    assert intervals.across({}, intervals.interval).empty


# --- corrections -------------------------------------------------------------------------------


def test_holm_worked_example():
    """Sorted .005 .01 .03 .04 times 4 3 2 1: .02 .03 .06 and, never falling, .06."""
    np.testing.assert_allclose(intervals.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_counts_what_it_is_given():
    assert intervals.holm([0.01]) == [0.01]
    assert intervals.holm([0.01] * 27)[0] == pytest.approx(0.27)
    assert intervals.holm([0.9, 0.8]).tolist() == [1, 1]
    assert intervals.holm([]).tolist() == []


@given(st.lists(P, min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_its_steps_reject(p, alpha):
    rejected = set()
    for step, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] * (len(p) - step) > alpha:
            break
        rejected.add(int(i))
    assert {i for i, value in enumerate(intervals.holm(p)) if value <= alpha} == rejected


@pytest.mark.parametrize("p", [[0.1, np.nan], [-0.1], [1.1]])
def test_holm_refuses_what_is_no_p(p):
    with pytest.raises(ParameterError, match="between 0 and 1"):
        intervals.holm(p)
