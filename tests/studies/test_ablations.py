"""Ablations: which experiments are wanted, found and gathered, and what they say."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from avef.config import params
from avef.core import paths
from avef.core.errors import ParameterError
from avef.evaluation import tables
from avef.protocol import EMOTIONS
from avef.studies import ablations

ROOT = Path(__file__).resolve().parents[2]
REFS = f"refs/exps/ab/{'c' * 38}"
WANTED = """
seeds: [7]
ablations:
  kept_less: [keep.audio=conv1]
"""


def git(*arguments):
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def predictions(dataset, right):
    """Four speakers with six clips each, of which ``right`` are recognised."""
    rows = []
    for speaker in "abcd":
        for n, emotion in enumerate(EMOTIONS):
            guess = emotion if n < right else EMOTIONS[(n + 1) % 6]
            clip = f"{dataset} {speaker}{n}"
            rows += [("emotion", case, 0, clip, speaker, emotion, guess) for case in (1, 2)]
    names = ["emotion_model", "case", "fold", "clip", "speaker", "true", "predicted"]
    return pd.DataFrame(rows, columns=names).assign(data="demo")


def write_predictions(right):
    for dataset in params.read().corpora:
        for stage in tables.STAGES.values():
            path = paths.predictions(stage, dataset)
            path.parent.mkdir(parents=True, exist_ok=True)
            predictions(dataset, right).to_csv(path, index=False)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of Git with parameters and predictions, and no experiment yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "someone")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "someone@example.org")
    head, _, _ = (ROOT / "params.yaml").read_text(encoding="utf-8").partition("\nseeds:")
    Path("params.yaml").write_text(head.rsplit("\n#", 1)[0] + WANTED, encoding="utf-8")
    git("init", "-q")
    write_predictions(3)
    git("add", "-A")
    git("commit", "-qm", "base")
    return tmp_path


def experiment(name, *overrides, right, queued=True):
    """What DVC leaves of a finished experiment: a commit under refs/exps."""
    before = Path("params.yaml").read_text(encoding="utf-8")
    new = before
    for text in overrides:
        key, _, value = text.rpartition("=")
        old = {"keep.audio": "audio: conv2", "seed": "seed: 2020"}[key]
        new = new.replace(old, f"{old.split(':')[0]}: {value}", 1)
    Path("params.yaml").write_text(new, encoding="utf-8")
    write_predictions(right)
    git("add", "-A")
    git("commit", "-qm", name)
    key = ablations.fingerprint(params.read())[:6]
    git("update-ref", f"{REFS}/{name}-{key if queued else 'mine'}", "HEAD")
    git("reset", "-q", "--hard", "HEAD~1")
    assert Path("params.yaml").read_text(encoding="utf-8") == before


def test_experiments_are_the_ablations_and_the_seeds(repository):
    experiments = ablations.experiments(params.read())
    assert experiments == {"kept_less": ["keep.audio=conv1"], "seed_7": ["seed=7"]}


def test_gathered_are_the_experiments_of_just_these_parameters(repository):
    experiment("kept-less", "keep.audio=conv1", right=5)
    experiment("another", "keep.audio=conv3", right=1)
    assert ablations.gather() == ["seed_7"]
    gathered = ablations.read()
    assert list(gathered) == ["kept_less"]
    assert set(gathered["kept_less"]["dataset"]) == set(params.read().corpora)
    assert set(gathered["kept_less"]["case"]) == {2}
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("degree: 3", "degree: 2"), encoding="utf-8")
    assert ablations.read() == {}  # what was gathered belongs to other parameters now


def test_an_experiment_that_somebody_else_ran_may_lack_stages_and_is_not_gathered(repository):
    experiment("kept-less", "keep.audio=conv1", right=5, queued=False)
    assert ablations.gather() == ["kept_less", "seed_7"]


def test_where_corpora_lie_and_how_many_jobs_work_changes_nothing(repository):
    experiment("kept-less", "keep.audio=conv1", right=5)
    text = Path("params.yaml").read_text(encoding="utf-8")
    moved = text.replace("data/demo/rml", "/elsewhere/rml").replace("train: 2", "train: 1")
    moved = moved.replace("checkpoint_seconds: 120", "checkpoint_seconds: 60")
    assert moved != text
    Path("params.yaml").write_text(moved, encoding="utf-8")
    assert ablations.gather() == ["seed_7"]


def test_only_what_is_missing_is_queued(repository, monkeypatch):
    experiment("kept-less", "keep.audio=conv1", right=5)
    asked = []
    monkeypatch.setattr(ablations, "_dvc", lambda *words: asked.append(words))
    assert ablations.queue() == ["seed_7"]
    assert [words[words.index("-S") + 1] for words in asked] == ["seed=7"]
    assert asked[0][-len(ablations.TARGETS) :] == ablations.TARGETS
    ablations.gather()
    git("update-ref", "-d", git("for-each-ref", "--format=%(refname)", REFS))
    assert ablations.queue() == ["seed_7"]  # gathered once, it need not be run again


def test_some_can_be_chosen_by_name(repository, monkeypatch):
    monkeypatch.setattr(ablations, "_dvc", lambda *words: None)
    assert ablations.queue(["kept_less"]) == ["kept_less"]
    with pytest.raises(ParameterError, match="kept_more: no such experiment; there are kept_less"):
        ablations.queue(["kept_more"])


@pytest.mark.parametrize("name", ["kept-less", "seed_7", "seed-7"])
def test_two_experiments_of_one_name_are_refused(repository, name):
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(f"{text}  {name}: [keep.dbn=0]\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=f"{name}.* one name for DVC"):
        ablations.queue()


def test_an_ablation_that_does_not_fit_is_named(repository):
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("keep.audio=", "keep.adio="), encoding="utf-8")
    with pytest.raises(ParameterError, match="keep.adio: not a parameter"):
        ablations.queue()


def test_outside_a_repository_git_says_so(repository):
    shutil.rmtree(".git")
    with pytest.raises(RuntimeError, match="git"):
        ablations.gather()


def test_effects_are_differences_paired_by_speaker(repository):
    experiment("kept-less", "keep.audio=conv1", right=5)
    ablations.gather()
    table = ablations.effects(ablations.read(), ablations.base(params.read()), seed=0)
    assert list(table["modality"]) == list(tables.STAGES)
    np.testing.assert_allclose(table["difference"], 200 / 6, atol=0.01)
    np.testing.assert_allclose(table["plain"], 50, atol=0.01)
    assert (table["clips"] == 72).all()


def test_a_clip_that_only_one_of_the_two_could_use_counts_in_neither(repository):
    experiment("kept-less", "keep.audio=conv1", right=5)
    ablations.gather()
    gathered, plain = ablations.read(), ablations.base(params.read())
    fewer = plain[~plain["clip"].str.endswith("0")]  # one that both recognise
    table = ablations.effects(gathered, fewer, seed=0)
    assert (table["clips"] == 60).all()
    np.testing.assert_allclose(table["plain"], 40, atol=0.01)


def test_spread_is_over_all_seeds(repository):
    experiment("seed-7", "seed=7", right=5)
    ablations.gather()
    plain = ablations.base(params.read())
    table = ablations.spread({"seed_7": ablations.read()["seed_7"]}, plain)
    assert len(table) == 9
    assert (table["seeds"] == 2).all()
    np.testing.assert_allclose(table["mean"], 400 / 6, atol=0.01)
    np.testing.assert_allclose(table["least"], 50, atol=0.01)
    alone = ablations.spread({}, plain)
    assert (alone["seeds"] == 1).all()
    assert alone["deviation"].isna().all()
    assert list(ablations.effects({}, plain, seed=0)) == [
        *("ablation", "modality", "clips", "changed", "plain"),
        *("difference", "low", "high", "p"),
    ]
