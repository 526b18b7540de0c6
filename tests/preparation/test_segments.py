"""§2.1 and §4.3.1: which audio frames and which images make a segment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avef.core.errors import ParameterError
from avef.preparation.segments import grow, segment_clip, sixteen

FPS = st.sampled_from([12, 15, 24, 25, 29.97, 30, 50, 60])


def stamps(seconds, fps, first=0.0):
    return first + np.arange(max(1, round(seconds * fps))) / fps


@st.composite
def masks(draw):
    """Voiced masks of 1…400 frames in runs, at least one frame voiced."""
    runs = draw(st.lists(st.integers(1, 80), min_size=1, max_size=10))
    mask = np.repeat(np.arange(len(runs)) % 2 == draw(st.integers(0, 1)), runs)[:400]
    if not mask.any():
        mask[draw(st.integers(0, len(mask) - 1))] = True
    return mask


def heard_with(times, count):
    """The audio frame whose middle, 10 t + 12.5 ms, is nearest to each image."""
    middles = 0.01 * np.arange(count) + 0.0125
    return np.abs(times[:, None] - middles).argmin(axis=1)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (20, range(2, 18)),
        (19, range(1, 17)),
        (17, range(16)),
        (16, range(16)),
        (15, [*range(15), 14]),
        (12, [0, 0, 1, 1, *range(2, 10), 10, 10, 11, 11]),
        (8, np.repeat(range(8), 2)),
        (4, np.repeat(range(4), 4)),
        (1, [0] * 16),
    ],
)
def test_sixteen_drops_or_repeats_both_ends(n, expected):
    assert sixteen(n).tolist() == list(expected)


@given(st.integers(1, 500))
def test_sixteen_is_sixteen(n):
    chosen = sixteen(n)
    steps = np.diff(chosen)
    assert chosen.shape == (16,)
    assert np.issubdtype(chosen.dtype, np.integer)
    assert chosen.min() >= 0
    assert chosen.max() < n
    if n >= 16:
        assert (steps == 1).all()
        assert abs(chosen[0] - (n - 1 - chosen[-1])) <= 1  # as many lost on either side
    else:
        assert set(chosen) == set(range(n))  # none is lost
        assert (steps >= 0).all()
        assert np.ptp(np.bincount(chosen)) <= 1


def test_sixteen_needs_an_image():
    with pytest.raises(ParameterError, match="n=0"):
        sixteen(0)


def test_the_papers_example():
    """§2.1.2: of 30 images a second, [100 ms, 755 ms] has 20; the outer two go on both sides."""
    voiced = np.zeros(200, bool)
    voiced[10:74] = True
    for times in (stamps(2, 30), stamps(2, 30).round(3)):
        audio, faces = segment_clip(voiced, times, 30, case=2)
        assert audio.tolist() == [list(range(10, 74))]
        assert faces.tolist() == [list(range(5, 21))]


@given(st.integers(64, 600), FPS)
def test_case_1_windows_overlap_by_30_frames(count, fps):
    audio, faces = segment_clip(np.zeros(count, bool), stamps(count / 100, fps), fps, case=1)
    assert audio[:, 0].tolist() == list(range(0, count - 63, 34))
    assert (np.diff(audio, axis=1) == 1).all()
    assert np.isin(audio[1:, :30], audio[:-1, 34:]).all()
    assert faces.shape == (len(audio), 16)


@given(st.integers(100, 600), FPS, st.floats(-0.3, 0.3))
def test_case_1_images_lie_in_the_segments_interval(count, fps, first):
    """Also where the two streams do not start together."""
    times = stamps(count / 100 + 1, fps, first)
    audio, faces = segment_clip(np.ones(count, bool), times, fps, case=1)
    for row, images in zip(audio, faces, strict=True):
        begin = max(row[0] / 100, first)
        inside = np.flatnonzero(times >= begin - 0.0005)[: round(0.655 * fps)]
        assert images.tolist() == inside[sixteen(len(inside))].tolist()
        assert times[images[-1]] <= begin + 0.655 + 1 / fps


@given(masks(), FPS, st.floats(0, 0.05))
def test_case_2_is_case_1_without_the_discarded_frames(voiced, fps, first):
    """Frames of weight 0 are gone from both channels; speech that is too short grows."""
    times = stamps(len(voiced) / 100, fps, first)
    grown = grow(voiced, 64)
    audio, faces = segment_clip(voiced, times, fps, case=2)
    assert grown[audio].all()
    assert audio.shape == (max(1, (grown.sum() - 64) // 34 + 1), 64)
    assert (np.diff(np.flatnonzero(grown).searchsorted(audio)) <= 1).all()  # nothing is skipped
    seen = grown[heard_with(times, len(voiced))]
    assert seen[faces].all() or not seen.any()
    assert (np.diff(faces) >= 0).all()
    assert len(audio) <= len(segment_clip(voiced, times, fps, case=1).audio)
    if voiced.all():
        for one, two in zip(segment_clip(voiced, times, fps, case=1), (audio, faces), strict=True):
            np.testing.assert_array_equal(one, two)


def test_case_2_leaves_out_a_pause_in_both_channels():
    voiced = np.ones(200, bool)
    voiced[40:120] = False
    audio, faces = segment_clip(voiced, stamps(2, 25), 25, case=2)
    assert audio[0].tolist() == [*range(40), *range(120, 144)]
    assert faces[0].tolist() == [*range(11), *range(31, 36)]  # 30, at 1.2 s, is nearest to 119


def test_short_speech_grows_by_its_neighbours():
    voiced = np.zeros(300, bool)
    voiced[100:120] = True
    voiced[125:130] = True
    audio, faces = segment_clip(voiced, stamps(3, 25), 25, case=2)
    assert audio.tolist() == [list(range(audio[0, 0], audio[0, 0] + 64))]
    assert audio[0, 0] + audio[0, -1] == pytest.approx(229, abs=1)  # about the speech's middle
    assert len(set(faces[0])) == 16


@given(masks(), st.integers(1, 120))
def test_growing_adds_the_nearest_frames_and_no_more(voiced, least):
    grown = grow(voiced, least)
    assert grown.sum() == max(voiced.sum(), min(least, len(voiced)))
    assert grown[voiced].all()
    distance = np.abs(np.arange(len(voiced))[:, None] - np.flatnonzero(voiced)).min(axis=1)
    if not grown.all():
        assert distance[grown].max() <= distance[~grown].min()


def test_growing_from_nothing_starts_in_the_middle():
    assert np.flatnonzero(grow(np.zeros(101, bool), 5)).tolist() == [48, 49, 50, 51, 52]


@pytest.mark.parametrize("case", [1, 2])
@given(count=st.integers(1, 64), fps=FPS)
def test_a_clip_shorter_than_a_segment_repeats_its_ends(case, count, fps):
    audio, faces = segment_clip(np.ones(count, bool), stamps(count / 100, fps), fps, case=case)
    before = (64 - count) // 2
    expected = np.clip(np.arange(64) - before, 0, count - 1)
    assert audio.tolist() == [expected.tolist()]
    assert faces.shape == (1, 16)
    assert (np.diff(faces) >= 0).all()


def test_speech_between_two_images_takes_the_nearest():
    voiced = np.zeros(400, bool)
    voiced[100:170] = True
    assert set(segment_clip(voiced, np.array([0.0, 2.0, 3.5]), 1, case=2).faces[0]) == {1}


@pytest.mark.parametrize("case", [0, 3, "1", None])
def test_there_are_two_cases(case):
    with pytest.raises(ParameterError, match=f"1 or 2.*{case!r}"):
        segment_clip(np.ones(99, bool), stamps(1, 25), 25, case=case)


@pytest.mark.parametrize(("audio", "video"), [(0, 5), (5, 0)])
def test_an_empty_stream_is_refused(audio, video):
    with pytest.raises(ParameterError, match=f"{audio} audio and {video} video"):
        segment_clip(np.ones(audio, bool), np.arange(video) / 25, 25, case=1)
