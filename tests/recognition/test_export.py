"""A model that travels: the same answers elsewhere, and nothing that was tampered with."""

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from disturbed import full_disk

from avef.cli import main
from avef.core import store, sums
from avef.core.errors import ParameterError
from avef.preparation import vad_net
from avef.recognition import export, recogniser, source

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(exported, tmp_path):
    return Path(shutil.copytree(exported, tmp_path / "copy"))


def test_the_answers_are_the_same_where_nothing_else_is(
    exported, model, make_clip, tmp_path, monkeypatch
):
    here = model.recognise(make_clip(), path="a.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(recogniser.saved_model, "load", None)
    elsewhere = recogniser.load(exported, share=model.share)
    there = elsewhere.recognise(make_clip(), path="a.mp4")
    for name, value in here.to_dict().items():
        assert there.to_dict()[name] == value, name
    np.testing.assert_array_equal(there.timeline, here.timeline)
    assert there.data == here.data != ""  # a model of the demo says so


def test_every_file_is_known_by_its_sum(exported):
    sums = dict(reversed(line.split("  ")) for line in (exported / "SHA256SUMS").open())
    named = {name.strip() for name in sums}
    assert named == {file.name for file in exported.iterdir()} - {"SHA256SUMS"}
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=exported, capture_output=True)
    assert done.returncode == 0
    assert "Demo data" in (exported / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert json.loads((exported / "model.json").read_text())["params"]["root"] == ""


@pytest.mark.parametrize(
    "name",
    ["audio.weights.h5", "scaling.json", "fold1.npz", "unheard.npz", "vad.npz", "MODEL_CARD.md"],
)
def test_what_was_tampered_with_or_is_missing_is_refused(copy, name):
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(ParameterError, match=f"{name} is missing, or not what SHA256SUMS lists"):
        source.Exported(copy)
    (copy / name).unlink()
    with pytest.raises(ParameterError, match=f"{name} is missing"):
        source.Exported(copy)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("audio.weights.h5", "no weights of this network"),
        ("scaling.json", "holds no JSON of the kind dict"),
        ("fold1.npz", "no networks of these parameters"),
        ("unheard.npz", "holds no softmax"),
        ("vad.npz", "no weights of the VAD"),
    ],
)
def test_what_is_exported_as_something_else_is_named(copy, name, said):
    """The sums are right, and the file is none that avef writes."""
    if name.endswith(".npz"):
        store.save(copy / name, "", other=np.zeros(3))
    else:
        (copy / name).write_bytes(b"[1, 2]")
    lines = [line.split("  ") for line in (copy / "SHA256SUMS").read_text().splitlines()]
    listed = [f"{sums.of(copy / file)}  {file}\n" for _, file in lines]
    (copy / "SHA256SUMS").write_text("".join(listed))
    with pytest.raises(ParameterError, match=f"{name}.*{said}"):
        changed = recogniser.load(copy)
        vad_net.load(changed.source.vad)
        assert len(changed.ensemble.folds) and len(changed.unheard.truth)


def test_a_file_that_the_sums_leave_out_is_refused(copy):
    lines = (copy / "SHA256SUMS").read_text().splitlines(keepends=True)
    (copy / "SHA256SUMS").write_text("".join(line for line in lines if "fold0" not in line))
    with pytest.raises(ParameterError, match="fold0.npz is missing, or not"):
        source.Exported(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 99}, "is of format 99; this version of avef reads 1"),
        ({"folds": "many"}, "holds no model of avef"),
        ({"format": None}, "is of format None"),
    ],
)
def test_another_format_is_refused(copy, change, said):
    facts = json.loads((copy / "model.json").read_text())
    (copy / "model.json").write_text(json.dumps(facts | change))
    with pytest.raises(ParameterError, match=said) as error:
        source.Exported(copy)
    assert len(str(error.value).splitlines()) == 1


def test_no_folder_at_all_is_refused_in_a_line(tmp_path, capsys):
    assert main(["predict", "a.mp4", "--model", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"avef: {tmp_path} holds no model of avef: ")


def test_a_folder_that_is_there_is_left_alone(model, copy):
    before = sorted(copy.iterdir())
    with pytest.raises(ParameterError, match="is there already"):
        export.write(model, copy)
    assert main(["export", "rml", str(copy)]) == 1
    assert sorted(copy.iterdir()) == before


def test_an_export_that_fails_leaves_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr(export.card, "write", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export.write(model, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_an_export_to_a_full_disk_leaves_nothing(model, tmp_path):
    def sizes(folder):
        return {file.name: file.stat().st_size for file in folder.iterdir()}

    whole = sizes(export.write(model, tmp_path / "whole"))
    for size in (0, *(size - 1 for size in whole.values())):
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            export.write(model, tmp_path / "new")
        assert [*tmp_path.iterdir()] == [tmp_path / "whole"]
    sums = [(folder / "SHA256SUMS").read_bytes() for folder in tmp_path.iterdir()]
    assert (export.write(model, tmp_path / "new") / "SHA256SUMS").read_bytes() == sums[0]


def test_settings_of_the_svm_can_be_others(exported):
    chosen = recogniser.load(exported).params.svm
    other = replace(chosen, c=7.0)
    assert recogniser.load(exported, other).params.svm == other


def test_only_the_wheel_is_needed(exported, tmp_path, shared_data):
    """As installed elsewhere: what the wheel holds, in a folder with nothing else."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    tree = shutil.copytree(
        ROOT, tmp_path / "tree", ignore=shutil.ignore_patterns(".*", "data", "reports", "tests")
    )
    subprocess.run([*build, "--wheel-dir", tmp_path, tree], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("avef-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    empty = tmp_path / "empty"
    empty.mkdir()
    clip = next(path for path in sorted(shared_data.rglob("*.flv")))
    words = [sys.executable, "-m", "avef", "predict", clip, "--model", exported, "--json"]
    done = subprocess.run(
        words,
        cwd=empty,
        env={"PATH": "/usr/bin", "PYTHONPATH": str(tmp_path / "site"), "HOME": str(empty)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made = json.loads(done.stdout)
    assert made["clip"] == str(clip) and "demo" in made["data"].lower()
    assert not [path for path in empty.iterdir() if not path.name.startswith(".")]
