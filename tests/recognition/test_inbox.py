"""What is sent is counted, kept in a folder of its own, and removed; its name is only shown."""

import pytest

from avef.core.errors import ClipError
from avef.recognition.inbox import Inbox, shown


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Inbox(most=10 / 2**30)  # ten bytes


def test_a_file_comes_in_parts_and_goes(inbox, tmp_path):
    inbox.begin("a.mp4", 5)
    inbox.add(b"abc")
    assert (inbox.taken, inbox.whole) == (3, False)
    inbox.add(b"de")
    assert inbox.whole and inbox.path.read_bytes() == b"abcde"
    assert inbox.path.is_relative_to(tmp_path)
    inbox.begin("b.mp4", 1)  # the one before is not kept
    assert not inbox.whole and not inbox.path.exists()
    inbox.clear()
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_or_empty_is_refused_before_it_comes(inbox, tmp_path):
    with pytest.raises(ClipError, match="no more than .* are taken.*prepare.max_gib"):
        inbox.begin("a.mp4", 11)
    with pytest.raises(ClipError, match="empty"):
        inbox.begin("a.mp4", 0)
    with pytest.raises(ClipError, match="no file"):
        inbox.add(b"abc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", [b"", b"abcdef"])
def test_a_size_is_not_believed(inbox, tmp_path, part):
    inbox.begin("a.mp4", 5)
    with pytest.raises(ClipError, match="announced"):
        inbox.add(part)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../x.mp4", "..\\x.mp4", "/x.mp4", "x.mp4"])
def test_no_name_leads_out_of_the_folder(inbox, tmp_path, name):
    inbox.begin(name, 1)
    inbox.add(b"a")
    assert inbox.name == "x.mp4"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["clip"]


def test_a_name_is_one_short_line():
    assert shown("a\nb\x1b.mp4") == r"a\nb\x1b.mp4"
    assert shown("") == shown("../") == shown("  ") == "clip"
    assert len(shown("x" * 300 + ".mp4")) == 60
