"""`avef doctor` finds what is amiss, and says what to do."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from avef import cli, doctor
from avef.config import params
from avef.core import installed, paths

ROOT = Path(__file__).resolve().parents[1]


def only(findings):
    (finding,) = findings
    return finding


@pytest.fixture
def p():
    return params.read(ROOT / "params.yaml")


def test_this_python_is_one_that_avef_is_for(monkeypatch):
    assert only(doctor.python()).state != doctor.STOP
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.2")
    old = only(doctor.python())
    assert old.state == doctor.STOP and "make repro PYTHON=" in old.remedy


def test_packages_are_compared_with_the_lock(tmp_path):
    (tmp_path / "requirements").mkdir()
    build = "cpu" if installed.version("tensorflow-cpu") else "gpu"
    lock = tmp_path / "requirements" / f"{build}.lock"
    lock.write_text(f"numpy=={installed.version('numpy')} \\\n    --hash=sha256:00\n")
    assert only(doctor.packages(tmp_path)) == (doctor.OK, f"1 packages as in {lock}", "")
    lock.write_text("numpy==0.1 \\\n    --hash=sha256:00\n")
    other = only(doctor.packages(tmp_path))
    assert other.state == doctor.LOOK and installed.version("numpy") in other.text
    lock.write_text("no-such-package==1\nalien==2 ; sys_platform == 'mars'\n")
    missing = only(doctor.packages(tmp_path))
    assert missing.state == doctor.STOP and "no-such-package (missing)" in missing.text
    assert "alien" not in missing.text


def test_a_folder_without_git_is_told(tmp_path):
    assert only(doctor.repository(ROOT)).state == doctor.OK
    shutil.copytree(ROOT / ".dvc", tmp_path / ".dvc", ignore=shutil.ignore_patterns("*cache*"))
    told = only(doctor.repository(tmp_path))
    assert told.state == doctor.STOP and "no .git" in told.text
    (tmp_path / ".dvc" / "config.local").write_text("[core]\n    no_scm = True\n")
    assert only(doctor.repository(tmp_path)).state == doctor.LOOK


@pytest.mark.parametrize("share", [0, 0.3, 0.7])
def test_what_a_kill_has_cut_short_of_dvcs_own_files_is_told(tmp_path, share):
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    whole = {"dvc.lock": (ROOT / "dvc.lock").read_text(), ".dvc/tmp/rwlock": '{"a": {}}'}
    for name, text in whole.items():
        (tmp_path / name).write_text(text)
    assert only(doctor.repository(tmp_path)).state == doctor.OK
    for name, text in whole.items():
        (tmp_path / name).write_text(text[: int(share * len(text))])
        _, told = doctor.repository(tmp_path)
        assert told.state == doctor.STOP and f"{name} is cut short" in told.text
        (tmp_path / name).write_text(text)


@pytest.mark.parametrize(
    ("environment", "states"),
    [
        ({}, ["ok"]),
        ({"KERAS_BACKEND": "tensorflow", "TF_NUM_INTRAOP_THREADS": "1"}, ["ok"]),
        ({"KERAS_BACKEND": "jax", "ONEDNN_MAX_CPU_ISA": "AVX2"}, ["look", "look"]),
    ],
)
def test_settings_of_ones_own_are_told(environment, states):
    findings = list(doctor.settings(environment))
    assert [finding.state for finding in findings] == states
    assert all(finding.remedy for finding in findings if finding.state != "ok")


def test_the_first_clip_is_decoded(p, tmp_path, write_media):
    import numpy as np

    root = tmp_path / "voices"
    root.mkdir()
    write_media(root / "a.wav", samples=np.zeros((16_000, 1)))
    (root / "clips.csv").write_text("path,speaker,emotion\na.wav,s1,anger\n", encoding="utf-8")
    corpus = replace(p.corpora["rml"], root=str(root), reader="table")
    mine = replace(p, corpora={"mine": corpus})
    assert only(doctor.first_clips(mine)).text.endswith("1.0 s of sound at 16000 Hz")
    small = replace(mine, prepare=replace(p.prepare, max_file_gib=1e-6))
    assert "prepare.max_file_gib = 1e-06" in only(doctor.first_clips(small)).text
    (root / "a.wav").write_bytes(b"RIFF")
    broken = only(doctor.first_clips(mine))
    assert broken.state == doctor.LOOK and "quarantine" in broken.remedy


def test_a_gpu_that_tensorflow_does_not_see_is_told(p, monkeypatch):
    monkeypatch.setattr(doctor.devices, "there", lambda: [])
    assert only(doctor.backend(p)).state == doctor.OK
    monkeypatch.setattr(doctor.devices, "there", lambda: ["0"])
    assert "BUILD=gpu" in only(doctor.backend(p)).remedy


def test_what_does_not_fit_is_told(p, monkeypatch):
    monkeypatch.setattr(paths, "DATA", Path("nowhere"))
    assert only(doctor.space(p)).state == doctor.OK
    from avef.studies import plan

    monkeypatch.setattr(plan, "room", lambda: (1000.0, 0.001))
    assert "the results do not fit" in only(doctor.space(p)).text


def test_wrong_parameters_end_the_examination(monkeypatch, tmp_path):
    for name in ("python", "packages", "repository", "settings"):
        monkeypatch.setattr(doctor, name, lambda: iter(()))
    monkeypatch.chdir(tmp_path)
    assert "params.yaml" in only(doctor.examine()).text


def test_the_command_fails_where_a_run_would_stop(monkeypatch, capsys):
    told = [doctor.Finding("look", "odd"), doctor.Finding("stop", "no disk", "buy one")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(told))
    assert cli.main(["doctor"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "look  odd\nstop  no disk\n      → buy one\n"
    assert "1 of these would stop a run" in printed.err
    monkeypatch.setattr(doctor, "examine", lambda: iter(told[:1]))
    assert cli.main(["doctor"]) == 0


def test_a_part_that_fails_hides_no_other(monkeypatch, p):
    def fails(_):
        raise OSError("no disk")
        yield

    for name in ("python", "packages", "repository", "settings", "raw", "backend", "space"):
        monkeypatch.setattr(doctor, name, lambda *_: iter([doctor.Finding("ok", "")]))
    monkeypatch.setattr(doctor, "first_clips", fails)
    monkeypatch.setattr(doctor.params, "read", lambda: p)
    findings = list(doctor.examine())
    assert [finding.state for finding in findings] == ["ok"] * 6 + ["stop"] + ["ok"] * 2
    assert "OSError: no disk" in findings[6].text
