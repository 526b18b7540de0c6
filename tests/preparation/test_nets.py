"""The detector's networks: the same outputs whatever the order of float32's sums."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avef.preparation import nets

SIDES = nets.SIDES


@pytest.fixture(scope="module", params=SIDES)
def network(request):
    return nets.Network(request.param), SIDES[request.param]


@pytest.fixture(scope="module")
def pnet():
    return nets.Network("pnet")


def pictures(count, *size):
    """Noise, from coarse to fine."""
    rng = np.random.default_rng(0)
    grains = [max(2, size[0] // 2 ** (k % 4)) for k in range(count)]
    coarse = [rng.integers(0, 256, (grain, grain, 3), dtype=np.uint8) for grain in grains]
    return np.stack([cv2.resize(c, size[::-1], interpolation=cv2.INTER_CUBIC) for c in coarse])


def test_float32_is_less_far_from_float64_than_is_allowed_for(network):
    network, side = network
    images = pictures(100, side, side)
    apart = nets._run(network._fast, images) - nets._run(network._exact, images)
    assert 0 < np.abs(apart).max() < nets.DOUBT / 2


def test_outputs_are_what_float64_would_round_to(network):
    network, side = network
    images = pictures(100, side, side)
    exact = nets._run(network._exact, images).reshape(100, -1)
    np.testing.assert_array_equal(network(images), np.rint(exact / nets.STEP) * nets.STEP)


@given(
    arrays(np.float64, (20, 3), elements=st.floats(-2, 2)),
    arrays(np.float64, (20, 3), elements=st.floats(-0.99, 0.99)),
    st.booleans(),
)
def test_errors_below_the_doubt_change_nothing(values, errors, near):
    exact = (np.floor(values) + 0.5) * nets.STEP + values * nets.DOUBT if near else values
    outputs = exact + errors * nets.DOUBT
    rounded = nets.settled(outputs, exact=lambda rows: exact[rows])
    np.testing.assert_array_equal(rounded, np.rint(exact / nets.STEP) * nets.STEP)


@pytest.mark.parametrize("size", [(12, 12), (40, 26)])
def test_pnet_sees_in_a_picture_what_it_sees_in_its_windows(pnet, size):
    images = pictures(8, *size)
    windows, outputs = pnet.everywhere(images, threshold=0.2)
    assert len(windows) and (outputs[:, -1] > 0.2).all()
    cut = np.stack([images[i, y : y + 12, x : x + 12] for i, y, x in windows])
    np.testing.assert_array_equal(outputs, pnet(cut))
    every = [
        (i, y, x)
        for i in range(len(images))
        for y in range(0, size[0] - 11, 2)
        for x in range(0, size[1] - 11, 2)
    ]
    scores = pnet(np.stack([images[i, y : y + 12, x : x + 12] for i, y, x in every]))[:, -1]
    assert [tuple(w) for w in windows.tolist()] == [
        at for at, score in zip(every, scores, strict=True) if score > 0.2
    ]
