"""``avef predict``: arguments are checked first, bad clips are rows, and nothing stops a folder."""

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from disturbed import full_disk

from avef.cli import main
from avef.cli.predict import FIGURES, RESULTS, outputs
from avef.core.errors import ClipError, ParameterError
from avef.evaluation.marks import DEMO
from avef.recognition import batch, drawing, recogniser
from avef.recognition.result import Failure

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("a.mp4", "bad.mp4", "ccc.mp4")


def test_the_suffixes_are_those_that_can_be_written():
    assert drawing.FORMATS == FIGURES
    assert tuple(batch.FORMS) == RESULTS


@pytest.mark.parametrize(
    ("pattern", "clips", "said"),
    [
        ("x.gif", ["a.mp4"], "must end in .png, .svg"),
        ("x", ["a.mp4"], "must end in"),
        ("x.png", ["a.mp4", "b.mp4"], "of 2 clips its name must contain {clip}"),
        ("{clip}.png", ["a/c.mp4", "b/c.mp4"], "several clips would be written to"),
        ("absent/{clip}.png", ["a.mp4"], "there is no folder absent"),
        ("folder.png", ["a.mp4"], "folder.png is a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_at_once(
    tmp_path, monkeypatch, pattern, clips, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ParameterError, match=said):
        outputs(pattern, clips, FIGURES, option="--figure")


def test_a_folder_that_may_not_be_written_into_is_told_before_anything_is_done(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode == os.W_OK and path == tmp_path))
    with pytest.raises(ParameterError, match="nothing may be written into"):
        outputs(f"{tmp_path}/x.png", ["a.mp4"], FIGURES, option="--figure")


def test_a_clip_is_never_written_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for pattern in ("a.mp4", "./{clip}.mp4"):
        with pytest.raises(ParameterError, match="is a clip itself"):
            outputs(pattern, [str(tmp_path / "a.mp4")], (".mp4",), option="--video")


@pytest.mark.parametrize(
    "options", [["--out", "x.txt"], ["--corpus", "nope"], ["--out", "x.csv", "--json"]]
)
def test_mistaken_options_end_before_anything_is_loaded(options, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    from avef.learning import saved_model

    def load(*_):
        raise AssertionError("loaded")

    monkeypatch.setattr(saved_model, "load", load)
    assert main(["predict", "x.mp4", *options]) == 1
    assert options[0] in capsys.readouterr().err


def test_elsewhere_it_says_that_a_model_may_be_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", "x.mp4"]) == 1
    assert "--model FOLDER" in capsys.readouterr().err


def test_asking_for_a_form_loads_no_tensorflow():
    code = "import sys; from avef.cli import main; main(['predict', 'x', '--figure', 'x.gif']); "
    code += "print('tensorflow' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False False", done.stderr


@pytest.fixture
def folder(tmp_path, model, make_clip, monkeypatch):
    """A folder of films, of which one is bad; ``folder.shown`` counts looks at each."""
    shown = Counter()

    def prepare(path, **_):
        shown[Path(path).name] += 1
        if "bad" in Path(path).name or not Path(path).is_file():
            raise ClipError("no speech was found")
        return make_clip(seed=len(Path(path).name))

    monkeypatch.setattr(recogniser, "prepare_clip", prepare)
    monkeypatch.setattr(recogniser, "load", lambda *_, **__: model)
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    for name in ("a.mp4", "bad.mp4", "ccc.mp4"):
        (tmp_path / name).write_bytes(b"film")
    return SimpleNamespace(path=tmp_path, shown=shown)


def test_a_bad_clip_is_a_row_and_the_rest_is_done(folder, capsys):
    assert main(["predict", str(folder.path), "--json"]) == 1
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["clip"] for row in rows] == [str(folder.path / n) for n in NAMES]
    assert [row.get("error") for row in rows] == [None, "no speech was found", None]
    assert said.err.splitlines()[-1] == "avef: 1 of 3 clips cannot be used"


def test_text_and_csv_carry_the_demo_mark(folder, capsys):
    clip = str(folder.path / "a.mp4")
    assert main(["predict", clip]) == 0
    assert capsys.readouterr().out.startswith(f"{DEMO}\n{clip}: ")
    assert main(["predict", clip, "--csv"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert dict(zip(head.split(","), next(csv.reader([row])), strict=True))["data"] == DEMO


@pytest.mark.parametrize("suffix", RESULTS)
def test_a_folder_goes_on_where_it_stopped(folder, suffix, capsys, monkeypatch):
    out = folder.path / f"out{suffix}"
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{folder.path / 'a.mp4'}\n"))
    assert main(["predict", "-", "--out", str(out)]) == 0
    assert main(["predict", str(folder.path), "--out", str(out)]) == 1
    assert folder.shown == dict.fromkeys(NAMES, 1)
    assert "3 clips, of which 1 were there" in capsys.readouterr().out
    before = out.read_bytes()
    assert main(["predict", str(folder.path), "--out", str(out)]) == 1  # one is still bad
    assert folder.shown == dict.fromkeys(NAMES, 1)
    os.utime(folder.path / "a.mp4", (1, 1))
    main(["predict", str(folder.path), "--out", str(out)])
    assert folder.shown == {"a.mp4": 2, "bad.mp4": 1, "ccc.mp4": 1}
    assert len(out.read_bytes().splitlines()) == len(before.splitlines())


def test_a_figure_a_clip(folder, capsys):
    pattern = folder.path / "{clip}.svg"
    assert main(["predict", str(folder.path), "--figure", str(pattern)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[:-1] == [str(folder.path / n) for n in ("a.svg", "ccc.svg")]
    assert all("demo data" in Path(line).read_text("utf-8") for line in said[:-1])


@pytest.mark.parametrize("suffix", RESULTS)
def test_a_full_disk_costs_no_line_of_results_and_no_picture(folder, suffix, capsys):
    """What a row stands for is there: a rerun draws what the disk had no room for."""
    out, pattern = folder.path / f"out{suffix}", folder.path / "{clip}.svg"
    words = ["predict", str(folder.path), "--out", str(out), "--figure", str(pattern)]
    made = [folder.path / name for name in ("a.svg", "ccc.svg")]
    assert main(words) == 1
    whole = out.read_text()
    for size in (len(whole) - 1, len(whole) // 2, 700, 100, 20_000):
        for file in (out, *made):
            file.unlink()
        with full_disk(size):
            assert main(words) == 1
        said = capsys.readouterr().err
        assert "avef: [Errno 27] File too large" in said and "Traceback" not in said
        main(words)
        assert out.read_text() == whole, size
        assert all(file.read_bytes().endswith(b"</svg>\n") for file in made)


def test_the_card_is_written(folder, capsys):
    assert main(["card", str(folder.path / "card")]) == 0
    assert capsys.readouterr().out.strip() == str(folder.path / "card" / "README.md")


def test_threads_are_this_commands_alone(monkeypatch, model, tmp_path, capsys):
    monkeypatch.setattr(recogniser, "load", lambda *_, **__: model)
    before, seen = os.environ["TF_NUM_INTRAOP_THREADS"], []

    def looked(path, model):
        seen.append(os.environ["TF_NUM_INTRAOP_THREADS"])
        return Failure(path, "bad")

    monkeypatch.setattr("avef.recognition.batch.result", looked)
    assert main(["predict", "x.mp4", "--threads", "7"]) == 1
    assert seen == ["7"] and os.environ["TF_NUM_INTRAOP_THREADS"] == before
