"""Which segment counts when."""

import numpy as np
import pytest

from avef.recognition import timeline


def begun(count, gap=0.0):
    begins = np.arange(count) * 0.34 + (np.arange(count) >= count // 2) * gap
    return np.stack([begins, begins + 0.655], axis=1)


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_every_moment_of_speech_has_one_segment(count):
    spans = timeline.shown(begun(count))
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    assert spans[-1, 1] == begun(count)[-1, 1]
    for moment in (0.0, spans[-1].mean()):
        assert timeline.at(begun(count), moment) == (0 if moment == 0 or count == 1 else count - 1)


def test_silence_is_nobodys():
    times = begun(4, gap=5.0)
    assert timeline.at(times, 3.0) is None
    assert timeline.at(times, -1.0) is None
    assert timeline.at(times, 99.0) is None


def test_a_long_clip_is_a_few_stretches_and_none_is_lost():
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.ones(6), 1000)
    pieces = timeline.stretches(begun(1000), rows)
    assert len(pieces) == timeline.MOST
    assert (pieces[0][0], pieces[-1][1]) == (0.0, begun(1000)[-1, 1])
    np.testing.assert_allclose(np.mean([mean for *_, mean in pieces], axis=0), rows.mean(axis=0))


def test_a_short_one_is_parted_where_the_likeliest_changes():
    rows = np.repeat(np.eye(6)[[0, 3, 0]], [2, 1, 4], axis=0)
    pieces = timeline.stretches(begun(7), rows)
    assert [int(mean.argmax()) for *_, mean in pieces] == [0, 3, 0]
    assert [round(begin, 2) for begin, *_ in pieces] == [0.0, 0.68, 1.02]
