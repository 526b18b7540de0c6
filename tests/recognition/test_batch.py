"""Folders, lists, and going on where a run stopped."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from avef.core.errors import ClipError, ParameterError
from avef.recognition import batch, forms
from avef.recognition.result import Failure


def planted(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"film")
    return folder


def test_a_folder_means_its_films_in_order(tmp_path):
    planted(tmp_path, "b.mp4", "a.AVI", ".c.mp4", ".d/e.mp4", "f/g.mkv", "h.wav", "notes.txt")
    named = batch.clips([str(tmp_path), str(tmp_path / "b.mp4"), "x.mp4"])
    assert named == [*(str(tmp_path / n) for n in ("a.AVI", "b.mp4", "f/g.mkv")), "x.mp4"]


def test_a_list_has_a_path_a_line():
    assert batch.clips(["-"], ["a b.mp4\n", "\n", "c.mp4\r\n", "a b.mp4"]) == ["a b.mp4", "c.mp4"]
    ended = ["new\n", "line.mp4\0c.mp4", "\0"]  # as find -print0 has them
    assert batch.clips(["-"], ended) == ["new\nline.mp4", "c.mp4"]


@pytest.mark.parametrize(("named", "said"), [(["-"], "no clip is named"), (["."], "no film lies")])
def test_nothing_to_do_is_a_mistake(tmp_path, monkeypatch, named, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=said):
        batch.clips(named)


def test_a_key_is_of_the_clip_as_it_is_and_of_the_model(tmp_path):
    clip = str(planted(tmp_path, "a.mp4") / "a.mp4")
    before = batch.key(clip, "model")
    assert batch.key(clip, "model") == before != batch.key(clip, "another")
    os.utime(clip, (1, 1))
    touched = batch.key(clip, "model")
    planted(tmp_path, "b.mp4")
    os.utime(tmp_path / "b.mp4", (1, 1))
    assert len({before, touched, batch.key(str(tmp_path / "b.mp4"), "model")}) == 3
    assert batch.key("absent.mp4", "model") is batch.key("\0", "model") is None


class Stub:
    """A recogniser that raises or gives what it was given."""

    def __init__(self, outcome):
        self.outcome = outcome

    def predict(self, path):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_only_what_a_clip_causes_is_its_failure(prediction):
    assert batch.result("x", Stub(prediction)) is prediction
    assert batch.result("x", Stub(ClipError("no face"))) == Failure("x", "no face")
    denied = PermissionError(13, "Permission denied")
    assert batch.result("x", Stub(denied)).reason == "the file cannot be read: Permission denied"
    for error in (OSError(28, "No space left on device"), ParameterError("weights are damaged")):
        with pytest.raises(type(error)):
            batch.result("x", Stub(error))


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_what_is_done_is_not_done_again(tmp_path, prediction, suffix):
    file, wanted = tmp_path / f"out{suffix}", {"=a\n.mp4": "1", "b.mp4": "2", "gone.mp4": None}
    sheet = batch.Sheet(file, wanted)
    assert sheet.done == {}
    sheet.add(replace(prediction, clip="=a\n.mp4"), "1")
    sheet.add(Failure("b.mp4", "no face"), "2")
    sheet.add(Failure("gone.mp4", "the file is missing"), None)
    whole = file.read_bytes()
    with file.open("a") as half:  # a run is killed
        half.write(batch.line(prediction, sheet.form, "3").rstrip("\n")[:-9])
    again = batch.Sheet(file, wanted)
    assert again.done == {"=a\n.mp4": False, "b.mp4": True}
    assert file.read_bytes() == b"".join(whole.splitlines(keepends=True)[:-1])
    again.add(Failure("gone.mp4", "the file is missing"), None)
    assert file.read_bytes() == whole


def test_no_line_of_another_process_is_lost(tmp_path):
    """One adds lines while another begins again and again, each time with a clip that changed."""
    code = """if True:
        import sys
        from avef.recognition import batch
        from avef.recognition.result import Failure
        name, begins = sys.argv[1], int(sys.argv[2])
        for i in range(150):
            clip = name if begins else f"{name}{i}"
            if begins or not i:
                sheet = batch.Sheet("out.csv", {clip: str(i)})
            sheet.add(Failure(clip, "no face"), str(i))
    """
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    both = [
        subprocess.Popen([sys.executable, "-c", code, *words], cwd=tmp_path, env=environment)
        for words in (("adds", "0"), ("begins", "1"))
    ]
    assert [one.wait() for one in both] == [0, 0]
    lines = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert sorted(line.split(",")[0] for line in lines) == sorted(
        ["begins", *(f"adds{i}" for i in range(150))]
    )


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_changed_clip_has_one_line_and_others_keep_theirs(tmp_path, prediction, suffix):
    file = tmp_path / f"out{suffix}"
    sheet = batch.Sheet(file, {"a.mp4": "1", "other.mp4": "2"})
    for clip, key in (("a.mp4", "1"), ("other.mp4", "2")):
        sheet.add(replace(prediction, clip=clip), key)
    sheet = batch.Sheet(file, {"a.mp4": "changed"})
    assert sheet.done == {}
    sheet.add(replace(prediction, clip="a.mp4"), "changed")
    lines = file.read_text().splitlines()[suffix == ".csv" :]
    assert [("a.mp4" in line, "other.mp4" in line) for line in lines] == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("suffix", "text"),
    [(".csv", "a,b\n1,2\n"), (".json", '{"some": 1}\n'), (".json", "[1]\n"), (".jsonl", "text\n")],
)
def test_a_file_of_something_else_is_left_alone(tmp_path, suffix, text):
    file = tmp_path / f"out{suffix}"
    file.write_text(text)
    with pytest.raises(ParameterError, match="did not write"):
        batch.Sheet(file, {})
    assert file.read_text() == text


def test_a_line_of_json_is_one_object(prediction):
    made = json.loads(batch.line(prediction, "json", "k"))
    assert made == json.loads(json.dumps(prediction.to_dict())) | {"key": "k"}
    assert batch.head("csv") == ",".join(forms.COLUMNS) + "\n"
    assert batch.head("json") == ""
