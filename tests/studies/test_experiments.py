"""Experiments: which are due, and which of DVC's are gathered."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ablation_sample import replace, write_base, write_predictions

from avef.config import params
from avef.core import files, paths
from avef.core.errors import ParameterError
from avef.studies import ablations, experiments

DVC = experiments._dvc
REFS = f"refs/exps/ab/{'c' * 38}"


def git(*arguments):
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(message):
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", message)


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A repository of Git with a base run and no experiment; what DVC is told, besides `status`."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.org")
    write_base()
    git("init", "-q")
    commit("base")
    told = []

    def dvc(*words):
        if words[0] != "status":
            told.append(words)
        return "{}"

    monkeypatch.setattr(experiments, "_dvc", dvc)
    return told


def finish(name, right, unique=None):
    """What DVC leaves of a finished experiment: a commit under refs/exps."""
    unique = unique or experiments._names(ablations.origins())[name]
    commit("work")
    write_predictions(right)
    commit(name)
    git("update-ref", f"{REFS}/{unique}", "HEAD")
    git("reset", "-q", "--hard", "HEAD~1")


def right(name, column):
    """How many of six clips an ablation's table has right."""
    table = ablations.read()[name].table
    return 6 * (table[column] == table["true"]).mean()


def test_finished_experiments_are_gathered_beside_the_base_run(asked):
    finish("kept_less", 5)
    finish("kept_less", 1, unique="kept-less-of-something-else")
    finish("by_softmax", 1, unique="by-softmax")  # somebody's own, perhaps of a single stage
    assert experiments.gather() == {"by_softmax": "not run"}
    assert right("kept_less", "predicted") == 5
    assert right("kept_less", "base") == 3
    assert set(ablations.read()["kept_less"].table["case"]) == {2}


def test_only_what_is_missing_or_stale_is_due(asked):
    finish("kept_less", 5)
    ((name, words),) = experiments.due().items()
    assert (name, words[words.index("-S") + 1]) == ("by_softmax", "unimodal_decision=softmax")
    assert tuple(words[-len(experiments.TARGETS) :]) == experiments.TARGETS
    experiments.gather()
    git("update-ref", "-d", git("for-each-ref", "--format=%(refname)", REFS))
    assert [*experiments.due()] == ["by_softmax"]  # gathered once, the other need not be run again
    replace("degree: 3", "degree: 2")
    assert [*experiments.due()] == ["kept_less", "by_softmax"]


CHANGES = {
    "parameters": lambda: replace("degree: 3", "degree: 2"),
    "data": lambda: replace("0123", "4567", paths.prepared("rml") / "clips.csv"),
    "base run": lambda: write_predictions(4, stages=["svm"]),
    "code": None,
}


@pytest.mark.parametrize("part", CHANGES)
def test_a_stale_one_is_run_again_and_takes_no_older_experiment(asked, part, monkeypatch):
    finish("kept_less", 5)
    experiments.gather()
    if part == "code":
        monkeypatch.setattr(ablations, "MAKERS", ablations.MAKERS[:-1])
    else:
        CHANGES[part]()
    stale = f"stale: other {part}"
    assert experiments.gather() == {"kept_less": stale, "by_softmax": "not run"}
    assert right("kept_less", "predicted") == 5
    assert right("kept_less", "base") == 3  # as it was made, not with what is at hand
    assert [*experiments.due(["kept_less"])] == ["kept_less"]
    finish("kept_less", 2)
    assert [*experiments.due(["kept_less"])] == []
    assert experiments.gather() == {"by_softmax": "not run"}
    assert right("kept_less", "predicted") == 2


def test_what_is_current_is_not_gathered_again(asked):
    finish("kept_less", 5)
    experiments.gather()
    file = ablations.FOLDER / "kept_less.csv"
    before = file.stat().st_mtime_ns
    experiments.gather()
    assert file.stat().st_mtime_ns == before


def test_seeds_are_no_experiments(asked):
    assert params.read().seeds
    assert [*experiments.due()] == ["kept_less", "by_softmax"]


def test_some_can_be_chosen_by_name(asked):
    assert [*experiments.due(["kept_less"])] == ["kept_less"]
    with pytest.raises(ParameterError, match="kept_more: no such ablation; there are kept_less"):
        experiments.due(["kept_more"])


def test_two_ablations_of_one_name_are_refused(asked):
    replace("\nablations:", "\nablations:\n  kept-less: [keep.dbn=0]")
    with pytest.raises(ParameterError, match="kept-less and kept_less are one name for DVC"):
        experiments.due()


def test_an_ablation_that_does_not_fit_is_named(asked):
    replace("keep.audio=", "keep.adio=")
    with pytest.raises(ParameterError, match=r"keep.adio: not a parameter"):
        experiments.due()


def test_a_folder_that_dvc_cannot_write_down_is_named_at_once(asked, tmp_path, monkeypatch):
    folder = tmp_path / "M\u00fcller"
    folder.mkdir()
    (folder / "params.yaml").write_bytes(Path("params.yaml").read_bytes())
    monkeypatch.chdir(folder)
    with pytest.raises(ParameterError, match="M\u00fcller: move the repository"):
        experiments.due()
    assert asked == []


def test_outside_a_repository_git_says_so(asked):
    shutil.rmtree(".git")
    with pytest.raises(RuntimeError, match="git"):
        experiments.gather()


def test_raw_corpora_are_given_by_their_whole_paths(asked):
    replace("profile: demo", "profile: paper")
    told = experiments.due(["kept_less"])["kept_less"]
    assert f"corpora.rml.root={Path('data/demo/rml').resolve()}" in told


STAGES = f"""
stages:
  trees:
    cmd: {sys.executable} -m avef tree rml
    outs: [data/trees/rml.csv: {{cache: false}}]
    always_changed: true
  svm:
    foreach: [a, b]
    do: {{cmd: "cp visual/${{item}} ${{item}}", deps: ["visual/${{item}}"], outs: ["${{item}}"]}}
  audio_net:
    cmd: cp params.yaml audio
    deps: [params.yaml, data/trees/rml.csv]
    outs: [audio]
  visual_net:
    cmd: mkdir -p visual && cp audio visual/a && cp audio visual/b
    deps: [audio]
    outs: [visual/a, visual/b]
"""


def test_a_base_run_that_is_not_up_to_date_is_refused(asked, monkeypatch):
    """With DVC itself: else experiments would stand beside predictions of something older."""
    monkeypatch.setattr(experiments, "_dvc", DVC)
    Path("dvc.yaml").write_text(STAGES, encoding="utf-8")
    experiments._dvc("init", "-q")
    for refused in (experiments.due, experiments.gather):
        with pytest.raises(RuntimeError, match="not up to date.*`dvc repro audio_net"):
            refused()
    experiments._dvc("repro", "-q")
    assert experiments.gather() == {"kept_less": "not run", "by_softmax": "not run"}
    clip = Path(params.read().corpora["rml"].root) / "s1/an1.avi"
    clip.parent.mkdir(parents=True)
    clip.touch()
    with pytest.raises(RuntimeError, match=r"not up to date \(audio_net"):
        experiments.gather()  # though no stage has looked there yet
    clip.unlink()
    assert [*experiments.due()] == ["kept_less", "by_softmax"]
    replace("degree: 3", "degree: 2")
    with pytest.raises(RuntimeError, match="not up to date"):
        experiments.due()


def alive(number):
    try:
        return "Z" not in Path(f"/proc/{number}/stat").read_text().split(")")[1].split()[0]
    except FileNotFoundError:
        return False


def processes(folder):
    """Names of what works in a folder, but for this process."""
    there = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").readlink().is_relative_to(folder)
            if inside and entry.name != str(os.getpid()) and alive(entry.name):
                there.add((entry / "comm").read_text().strip())
        except OSError:
            continue
    return there


def until(done, seconds=60):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_command_leaves_no_dvc_behind_and_the_next_one_sweeps_and_finishes(asked, number):
    """With DVC itself; `kill -9` leaves nobody who could clean up."""
    pid = Path("pid").resolve()
    stage = f"cmd: 'echo $PPID > {pid}; sleep ${{t}}; cp params.yaml out'"
    text = f"stages:\n  s:\n    {stage}\n    params: [t]\n    outs: [out: {{cache: false}}]\n"
    Path("dvc.yaml").write_text(text, encoding="utf-8")
    Path("params.yaml").write_text("t: 60\n", encoding="utf-8")
    DVC("init", "-q")
    commit("stages")
    words = ["exp", "run", "--temp", "--name", "one", "s"]
    code = "import sys; from avef.cli.stopping import stoppable; from avef.studies import "
    code += "experiments\nwith stoppable(): experiments.run([sys.argv[1:]])"
    killed = subprocess.Popen([sys.executable, "-c", code, *words])
    until(lambda: pid.exists() and pid.read_text().strip())
    killed.send_signal(number)
    killed.wait(10)
    until(lambda: not alive(pid.read_text().strip()), 5)
    running = processes(Path.cwd())  # no worker of DVC's queue; what a stage runs ends by itself
    assert not [name for name in running if "python" in name or "dvc" in name], running
    (left,) = [path for path in experiments._FOLDERS.iterdir() if (path / "dvc.yaml").exists()]
    others = [files.draft(left.with_name("of-a-living-one")), left.with_name("tmp0123")]
    for other in others:
        other.mkdir()
    experiments.run([[*words[:-1], "-S", "t=0", "s"]])
    assert "one" in experiments._finished()
    assert not left.exists() and all(other.is_dir() for other in others)
