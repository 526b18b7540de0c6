"""The page to try clips on: what is made of one is shown, and so is whatever is wrong."""

import ipywidgets
import numpy as np
import pytest

from avef.core.errors import ClipError, ParameterError
from avef.preparation import media
from avef.recognition import recogniser
from avef.recognition.desk import Desk
from avef.recognition.widgets import Player

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own


@pytest.fixture
def desk(model, make_clip, write_media, tmp_path, monkeypatch):
    """A desk at which a clip is listed that nothing is wrong with."""
    monkeypatch.setattr(recogniser, "prepare_clip", lambda *_, **__: make_clip())
    frames, sound = np.zeros((20, 48, 64, 3), np.uint8), np.zeros((12_800, 1), np.float32)
    clip = write_media(tmp_path / "in.mkv", frames=frames, samples=sound)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Desk(model, {"a clip": clip})
    made.clip = clip
    return made


def shown(desk):
    """The status line, and the result's parts."""
    _, status, result = desk.view.children
    return status.value, list(result.children)


def fails(monkeypatch, error):
    def prepare(*_, **__):
        raise error

    monkeypatch.setattr(recogniser, "prepare_clip", prepare)


def pressed(desk, word):
    """Press the button beside the field that holds it."""
    tabs = desk.view.children[0].children
    rows = [w for tab in tabs for w in (tab, *getattr(tab, "children", ()))]
    (row,) = (r for r in rows if isinstance(r, ipywidgets.HBox) and r.children[0].value == word)
    row.children[1].click()


def test_a_clip_has_its_answer_its_film_and_its_timeline(desk, tmp_path):
    desk.look(desk.clip, "mine.mkv")
    status, (summary, player) = shown(desk)
    assert status == "" and "mine.mkv" in summary.value and str(tmp_path) not in summary.value
    assert isinstance(player, Player)
    film = tmp_path / "film.webm"
    film.write_bytes(player.film)
    assert len(media.read_video(film).frames) == 20
    film.unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


def test_a_bad_clip_has_its_reason_in_place_of_the_last_result(desk, monkeypatch):
    desk.look(desk.clip)
    _, (_, player) = shown(desk)
    fails(monkeypatch, ClipError(f"{desk.clip} holds no speech"))
    desk.look(desk.clip, "mine.mkv")
    status, (summary,) = shown(desk)
    assert player.comm is None  # the browser holds its film no more
    assert status == "" and "mine.mkv holds no speech" in summary.value


@pytest.mark.parametrize("error", [ParameterError("x.npz is damaged"), ZeroDivisionError("zero")])
def test_what_is_no_fault_of_the_clip_is_said_too(desk, monkeypatch, error):
    fails(monkeypatch, error)
    if isinstance(error, ParameterError):
        desk.look(desk.clip)
    else:
        with pytest.raises(ZeroDivisionError):
            desk.look(desk.clip)
    assert str(error) in shown(desk)[0]
    assert not any(button.disabled for button in desk._buttons)


def test_one_clip_at_a_time(desk, monkeypatch):
    seen = []

    def prepare(*_, **__):
        seen.extend([b.disabled for b in desk._buttons] + [s.busy for s in desk._senders])
        raise ClipError("bad")

    monkeypatch.setattr(recogniser, "prepare_clip", prepare)
    desk.look(desk.clip)
    assert seen == [True] * 4
    assert not any(sender.busy for sender in desk._senders)


def test_a_listed_clip_and_a_path_are_tried_at_a_press(desk):
    pressed(desk, "a clip")
    assert len(shown(desk)[1]) == 2
    pressed(desk, "")  # no path: nothing happens
    assert len(shown(desk)[1]) == 2
    field = desk.view.children[0].children[0].children[1].children[0]
    field.value = " absent.mp4 "
    pressed(desk, " absent.mp4 ")


def test_without_listed_clips_there_are_two_ways(model):
    assert len(Desk(model, {}).view.children[0].children) == 2
