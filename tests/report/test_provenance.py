"""Where a page comes from: nothing is known that was not noted down, nothing by the clock."""

import json
import subprocess

import numpy as np
import pytest

from avef.report import provenance
from avef.report.provenance import Made, Run

LOG = """\
2026-11-26 18:31:49,004 13186 INFO avef.notebook: notebooks/03_x.ipynb {}, Python 3.11.7
2026-11-26 18:31:50,391 13186 INFO papermill: what took 99.0 s
2026-11-26 18:32:39,637 13186 INFO avef.notebook: notebooks/03_x.ipynb took 50.6 s
"""


@pytest.fixture
def git(tmp_path):
    """Run git in ``tmp_path``, and give what it prints."""

    def run(*arguments):
        given = ("-c", "user.name=n", "-c", "user.email=e")
        done = subprocess.run(["git", "-C", tmp_path, *given, *arguments], check=True,
                              capture_output=True, text=True)  # fmt: skip
        return done.stdout.strip()

    return run


def test_the_commit_is_that_checked_out_with_a_word_on_changes(git, tmp_path):
    assert provenance.commit(tmp_path) is None
    (tmp_path / "reports").mkdir()
    for name in ("code.py", "reports/page.md"):
        (tmp_path / name).write_text("1")
    git("init", "-q")
    assert provenance.commit(tmp_path) is None
    git("add", ".")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    assert provenance.commit(tmp_path / "reports") is None  # a folder within is no repository
    (tmp_path / "reports/page.md").write_text("2")
    assert provenance.commit(tmp_path) == f"{head}, clean"
    (tmp_path / "code.py").write_text("2")
    assert provenance.commit(tmp_path) == f"{head}, with changes that are not committed"


def test_results_keep_the_commit_that_recorded_them(git, tmp_path):
    assert provenance.results(tmp_path) is None
    git("init", "-q")
    (tmp_path / "dvc.lock").write_text("1")
    git("add", ".")
    git("commit", "-qm", "results")
    recorded = f"{git('rev-parse', 'HEAD')}, {git('log', '-1', '--format=%cs')}"
    (tmp_path / "code.py").write_text("1")
    git("add", ".")
    git("commit", "-qm", "code")
    assert provenance.results(tmp_path) == recorded
    (tmp_path / "dvc.lock").write_text("2")
    assert provenance.results(tmp_path) is None


def test_only_runs_that_ended_count(tmp_path):
    (tmp_path / "03_x.log").write_text(LOG)
    (tmp_path / "04_x.log").write_text(LOG.rpartition("2026")[0])
    (tmp_path / "05_x.log").write_bytes(b"\xff no log of ours\n")
    assert provenance.runs(tmp_path) == {"03_x": Run("2026-11-26 18:31", 50.6)}
    assert provenance.runs(tmp_path / "nowhere") == {}


def test_machines_are_those_of_a_corpus_metrics(tmp_path):
    told = {"svm-rml": {"trained_on": ["B, AVX2", "A, AVX-512"]}, "vad": {"trained_on": ["C"]},
            "audio_net-rml": {"trained_on": ["A, AVX-512"]}, "svm-new": {"data": "demo"},
            "list-rml": [1]}  # fmt: skip
    for name, metrics in told.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(metrics))
    assert provenance.machines(tmp_path) == {"rml": ("A, AVX-512", "B, AVX2")}


def test_a_page_says_what_is_known_of_its_own_runs():
    runs = {"a": Run("2026-01-02 10:00", 60), "b": Run("2026-01-01 09:00", 240)}
    made = Made("c", "d, 2026-01-03", runs, {"rml": ("A",), "new": ("B",)})
    words = dict(made.lines(["a", "b", "c"]))
    assert words["Run"] == "began 2026-01-01 09:00 to 2026-01-02 10:00, took 5 min"
    assert words["Networks trained on"] == "A; B"
    assert words["Results recorded in commit"] == "d, 2026-01-03"
    own = dict(made.lines(["a"], "rml"))
    assert (own["Run"], own["Networks trained on"]) == ("began 2026-01-02 10:00, took 60 s", "A")
    nothing = dict(Made().lines(["a"], "other"))
    assert nothing["Networks trained on"] == "not recorded"
    assert nothing["Run"].startswith("not recorded")
    assert nothing["Page made at commit"] == nothing["Results recorded in commit"]


def test_versions_are_those_installed():
    versions = dict(provenance.versions())
    assert list(versions) == ["python", *provenance.PACKAGES]
    assert versions["numpy"] == np.__version__
