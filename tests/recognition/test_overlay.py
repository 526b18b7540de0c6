"""What is drawn into a frame, and where."""

from dataclasses import replace

import numpy as np
import pytest

from avef.evaluation.marks import DEMO, RESIZED, SAID
from avef.recognition import overlay

NOWHERE = {"box": np.full(4, np.nan), "points": np.full((5, 2), np.nan)}


@pytest.mark.parametrize("size", [(320, 240), (720, 576), (101, 77), (1024, 576), (2, 900)])
def test_a_frame_is_even_and_a_small_picture_is_enlarged(prediction, size):
    drawn = overlay.Overlay(prediction, *size)
    frame = drawn.frame(np.zeros((*size[::-1], 3), np.uint8), 0.5, **NOWHERE)
    width, height = drawn.layout.size
    assert frame.shape == (height, width, 3)
    assert width % 2 == height % 2 == 0
    assert drawn.layout.height >= 360
    assert not frame[: drawn.layout.height, : drawn.layout.width].any()


def test_face_and_points_are_drawn_where_they_are(prediction):
    drawn, picture = overlay.Overlay(prediction, 640, 480), np.zeros((480, 640, 3), np.uint8)
    points = np.array([[250, 150], [300, 150], [275, 180], [255, 210], [295, 210]], float)
    box = np.array([200, 100, 350, 250])
    frame = drawn.frame(picture, 0.5, box=box, points=points)
    marked = frame[:480, :640].any(axis=2)
    assert marked[100, 200:350].all()
    assert marked[100:250, 200].all()
    for x, y in points.astype(int):
        assert marked[y, x]
    assert not marked[105:145, 205:345].any()
    assert not drawn.frame(picture, 0.5, **NOWHERE)[:480, :640].any()


def test_bars_are_those_of_the_moment_and_empty_in_silence(prediction):
    made = replace(
        prediction,
        times=np.array([[0, 0.6], [2, 2.6]]),
        timeline=np.eye(6)[[0, 5]],
        duration=4.0,
    )
    drawn, picture = overlay.Overlay(made, 640, 480), np.zeros((480, 640, 3), np.uint8)

    def filled(moment):
        panel = drawn.frame(picture, moment, **NOWHERE)[:480, 640:]
        blue = (panel == (0, 114, 178)).all(axis=2)
        return [int(blue[280 + 32 * number : 312 + 32 * number].sum()) for number in range(6)]

    assert [n > 1000 for n in filled(0.3)] == [True] + [False] * 5
    assert [n > 1000 for n in filled(2.3)] == [False] * 5 + [True]
    assert max(filled(1.3)) < 1000


def test_the_strip_shows_speech_and_the_moment(prediction):
    made = replace(prediction, speech=np.array([[1.0, 2.0]]), duration=4.0)
    drawn = overlay.Overlay(made, 640, 480)
    strip = drawn.frame(np.zeros((480, 640, 3), np.uint8), 3.0, **NOWHERE)[480 + 18]
    width = drawn.layout.size[0]
    blue = np.flatnonzero((strip == (0, 114, 178)).all(axis=1)) / width * 4
    mark = np.flatnonzero((strip == (213, 94, 0)).all(axis=1)) / width * 4
    assert (blue.min(), blue.max()) == pytest.approx((1, 2), abs=0.02)
    assert mark.mean() == pytest.approx(3, abs=0.02)


def test_the_mark_is_on_every_frame(prediction):
    def panel(data):
        return overlay.Overlay(replace(prediction, data=data), 640, 480)._still[:, 640:]

    for said in filter(None, SAID.values()):
        assert (panel(said) == (213, 94, 0)).all(axis=2).any()
    assert (panel(DEMO) != panel(RESIZED)).any()
    assert not (panel("") == (213, 94, 0)).all(axis=2).any()
