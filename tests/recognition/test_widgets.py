"""What the browser sends arrives whole or is refused with a reason; what it shows is plain."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from avef.recognition import widgets
from avef.recognition.timeline import at


@pytest.fixture
def sender(tmp_path, monkeypatch):
    """A sender in a folder of its own: ``sent`` to it, ``said`` by it, ``taken`` from it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    taken, said = [], []

    def then(inbox):
        taken.append((inbox.name, inbox.path.read_bytes()))

    made = widgets.Sender(then, most=10 / 2**30, seconds=9)
    monkeypatch.setattr(made, "send", said.append)
    sent = made._handle_custom_msg
    return SimpleNamespace(widget=made, sent=sent, said=said, taken=taken, folder=tmp_path)


def test_a_file_is_asked_for_part_by_part_and_removed(sender):
    sender.sent({"name": "../a.mp4", "size": 5}, [])
    sender.sent({"part": 0}, [memoryview(b"abc")])
    assert (sender.said, sender.taken) == ([{"next": 0}, {"next": 3}], [])
    sender.sent({"part": 3}, [memoryview(b"de")])
    assert sender.said[2:] == [{"done": True}]
    assert sender.taken == [("a.mp4", b"abcde")]
    assert list(sender.folder.iterdir()) == []


def test_a_file_is_removed_even_if_its_clip_fails(sender):
    def fail(_):
        raise ZeroDivisionError

    sender.widget._then = fail
    sender.sent({"name": "a.mp4", "size": 1}, [])
    with pytest.raises(ZeroDivisionError):
        sender.widget._heard(sender.widget, {"part": 0}, [b"a"])
    assert list(sender.folder.iterdir()) == []


@pytest.mark.parametrize("size", [0, 11])
def test_a_refusal_has_its_reason(sender, size):
    sender.sent({"name": "a.mp4", "size": size}, [])
    ((word, why),) = sender.said[0].items()
    assert word == "refused" and ("GiB" in why or "empty" in why)
    assert sender.taken == [] and list(sender.folder.iterdir()) == []


def test_a_full_disk_is_said(sender, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    sender.sent({"name": "a.mp4", "size": 5}, [])
    assert sender.said == [{"refused": "the file cannot be kept: No space left on device"}]


def test_the_player_gets_plain_values_on_the_films_clock(prediction):
    facts = json.loads(json.dumps(widgets.facts(prediction, delay=0.2)))
    assert facts["delay"] == 0.2 and facts["answer"] == prediction.emotion
    np.testing.assert_allclose(facts["rows"], prediction.timeline, atol=1e-4)
    for number, (begin, end) in enumerate(facts["spans"]):
        assert at(prediction.times, (begin + end) / 2) == number
    player = widgets.Player(prediction, b"film", 0.2)
    assert player.film == b"film" and "currentColor" in player.facts["picture"]["svg"]
