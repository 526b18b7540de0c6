"""Bootstrap, sign flips and Holm's correction against brute force, scipy and statsmodels."""

import gc
from itertools import product
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from avef.core.errors import ParameterError
from avef.evaluation import bootstrap

P = st.floats(0, 1)


# --- sign flips --------------------------------------------------------------------------------


def brute_force(gains):
    signs = np.array(list(product([1, -1], repeat=len(gains))))
    sums = np.abs(signs @ np.asarray(gains, float))
    return np.mean(sums >= abs(np.sum(gains)) - 1e-9)


@pytest.mark.parametrize(
    "gains", [[3, 1, 4, 1, -5], [1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 2], [1, -1], [2.5, 0.5, -1]]
)
def test_sign_flips_are_exact_for_few_speakers(gains):
    assert bootstrap.sign_flip(gains) == pytest.approx(brute_force(gains))


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=8))
def test_sign_flips_try_every_pattern(gains):
    assert bootstrap.sign_flip(gains) == pytest.approx(brute_force(gains))


def test_eight_speakers_who_all_gain():
    assert bootstrap.sign_flip([1] * 8) == 2 / 2**8


def test_sign_flips_are_drawn_for_many_speakers():
    gains = np.random.default_rng(1).normal(0.5, 1, 16)
    p = bootstrap.sign_flip(gains)
    assert p != brute_force(gains)
    assert p == pytest.approx(brute_force(gains), abs=0.01)
    assert p == bootstrap.sign_flip(gains)


def test_sign_flips_that_prove_nothing():
    assert bootstrap.sign_flip([7]) == bootstrap.sign_flip([]) == 1
    assert bootstrap.sign_flip([0, 0, 0]) == 1


def test_sign_flips_find_what_is_not_there_as_often_as_they_say():
    rng = np.random.default_rng(2)
    p = np.array([bootstrap.sign_flip(gains) for gains in rng.normal(0, 1, (300, 6))])
    assert 0.02 <= (p < 0.1).mean() <= 0.15


# --- ratios ------------------------------------------------------------------------------------


def scipys(part, whole, share, draws):
    """scipy's plain percentile interval of 100 · Σ part / Σ whole that holds ``share`` of draws."""
    return stats.bootstrap(
        (part, whole),
        lambda part, whole, axis: 100 * part.sum(axis=axis) / whole.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=draws,
        confidence_level=share,
        method="percentile",
        rng=0,
    ).confidence_interval


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("speakers", [6, 8, 31, 43])
def test_the_bootstrap_is_scipys_at_the_widened_level(speakers, level):
    rng = np.random.default_rng(speakers)
    whole = rng.integers(15, 31, speakers)
    part = rng.binomial(whole, rng.beta(6, 4, speakers))
    value, low, high = bootstrap.ratio(part, whole, level=level, draws=40_000)
    assert value == pytest.approx(100 * part.sum() / whole.sum())
    half = stats.t.ppf((1 + level) / 2, speakers - 1) * np.sqrt(speakers / (speakers - 1))
    known = scipys(part, whole, 2 * stats.norm.cdf(half) - 1, draws=40_000)
    # Two samples of draws differ by chance, the more the farther out their percentiles lie.
    assert low == pytest.approx(known.low, abs=0.03 * (known.high - known.low))
    assert high == pytest.approx(known.high, abs=0.03 * (known.high - known.low))


def test_the_widening_goes_as_speakers_come():
    tails = [bootstrap.expanded_tail(speakers, 0.9) for speakers in (2, 3, 8, 50, 100_000)]
    assert tails == sorted(tails)
    assert tails[-1] == pytest.approx(0.05, abs=1e-5)


def test_a_mean_of_ratios_leaves_out_classes_that_nobody_has():
    value, low, high = bootstrap.ratio([[1, 0], [3, 0]], [[4, 0], [4, 0]])
    assert (value, low, high) == (50, 25, 75)
    nothing = bootstrap.ratio([0, 0], [0, 0])
    assert np.isnan(nothing).all()


# --- Holm --------------------------------------------------------------------------------------


def test_holm_worked_example():
    """Sorted .005 .01 .03 .04 times 4 3 2 1: .02 .03 .06 and, never falling, .06."""
    np.testing.assert_allclose(bootstrap.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_counts_what_it_is_given():
    assert bootstrap.holm([0.01]) == [0.01]
    assert bootstrap.holm([0.01] * 27)[0] == pytest.approx(0.27)
    assert bootstrap.holm([0.9, 0.8]).tolist() == [1, 1]
    assert bootstrap.holm([]).tolist() == []


@given(st.lists(P, min_size=1, max_size=40))
def test_holm_is_that_of_statsmodels(p):
    with patch.object(gc, "collect"):  # at every call: seconds, if networks lie in memory
        expected = multipletests(p, method="holm")[1]
    np.testing.assert_allclose(bootstrap.holm(p), expected, rtol=1e-12)


@given(st.lists(P, min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_its_steps_reject(p, alpha):
    rejected = set()
    for step, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] * (len(p) - step) > alpha:
            break
        rejected.add(int(i))
    assert {i for i, value in enumerate(bootstrap.holm(p)) if value <= alpha} == rejected


@pytest.mark.parametrize("p", [[0.1, np.nan], [-0.1], [1.1]])
def test_holm_refuses_what_is_no_p(p):
    with pytest.raises(ParameterError, match="between 0 and 1"):
        bootstrap.holm(p)
