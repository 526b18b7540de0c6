"""Temperature, threshold and reliability on made-up answers."""

import numpy as np
import pytest

from avef.core.errors import ParameterError
from avef.recognition import calibration
from avef.recognition.calibration import Unheard


def drawn(temperature, n=4000, seed=0):
    """Classes that are drawn from known probabilities, and a softmax that is sharper."""
    rng = np.random.default_rng(seed)
    real = rng.dirichlet(np.ones(6), n)
    truth = (rng.random((n, 1)) > real.cumsum(axis=1)).sum(axis=1)
    softmax = calibration.tempered(real, 1 / temperature)
    return Unheard(softmax, softmax.argmax(axis=1), truth, np.arange(n) % 4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_comes_out(temperature):
    said = drawn(temperature)
    assert calibration.temperature(said.softmax, said.truth) == pytest.approx(temperature, rel=0.05)
    right = said.decided == said.truth
    after = calibration.reliability(calibration.left_out(said), right)
    assert calibration.expected_error(after) < 0.03
    before = calibration.reliability(calibration.confidence(said, 1.0), right)
    if temperature != 1:
        assert calibration.expected_error(before) > 0.08


def test_tempering_keeps_the_order_and_bears_zeros():
    rows = np.array([[0.0, 0.2, 0.8], [1.0, 0.0, 0.0]])
    made = calibration.tempered(rows, 3.0)
    np.testing.assert_allclose(made.sum(axis=1), 1)
    np.testing.assert_array_equal(made.argsort(axis=1)[:, -1], [2, 0])
    assert (made > 0).all()


def test_no_clip_is_judged_by_its_own_fold():
    said = drawn(2.0, n=400)
    spoilt = said.truth.copy()
    spoilt[said.fold == 1] = (spoilt[said.fold == 1] + 1) % 6
    before, after = (
        calibration.left_out(said._replace(truth=truth)) for truth in (said.truth, spoilt)
    )
    np.testing.assert_array_equal(before[said.fold == 1], after[said.fold == 1])
    assert (before[said.fold == 0] != after[said.fold == 0]).any()
    alone = said._replace(fold=0 * said.fold)
    assert np.isnan(calibration.left_out(alone)).all()


def test_above_the_threshold_the_share_is_right_and_below_it_is_not():
    said = drawn(1.0)
    made = calibration.fitted(said, share=0.8)
    sure, right = calibration.confidence(said, made.temperature), said.decided == said.truth
    assert right[sure >= made.threshold].mean() >= 0.8
    lower = np.unique(sure[sure < made.threshold])
    assert all(right[sure >= level].mean() < 0.8 for level in lower[:: len(lower) // 50])
    assert right[sure < made.threshold].mean() < 0.8


def test_a_few_lucky_answers_make_no_threshold():
    sure = np.linspace(0.4, 1, 40)
    right = sure > 0.9
    assert right[sure > 0.9].sum() < calibration.LEAST
    assert calibration.threshold(sure, right, 0.9) == np.inf
    assert calibration.threshold(sure, sure > 0.75, 0.9) < 0.75


def test_answers_of_one_confidence_stand_or_fall_together():
    sure, right = np.full(20, 0.7), np.arange(20) < 12  # the first twelve, as it happens
    assert calibration.threshold(sure, right, 0.9) == np.inf
    assert calibration.threshold(sure, right, 0.6) == 0.7


@pytest.mark.parametrize(("count", "share"), [(0, 0.5), (3, 1.2)])
def test_what_cannot_be_fitted_is_refused(count, share):
    none = Unheard(np.full((count, 6), 1 / 6), *(np.zeros((3, count), int)))
    with pytest.raises(ParameterError, match="share|no clip"):
        calibration.fitted(none, share)
