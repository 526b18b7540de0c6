"""Marks: what follows from the networks' sizes, whatever a profile is called."""

import shutil
from pathlib import Path

import pytest

from avef import figures
from avef.config import profiles
from avef.evaluation import claims, evidence, marks

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def changed(tmp_path):
    """The parameters of a profile, with some of them changed."""

    def read(profile, *overrides):
        path = tmp_path / "params.yaml"
        shutil.copy(ROOT / "params.yaml", path)
        profiles.apply(profile, path, ROOT / "profiles")
        return profiles.overridden(path, overrides)

    return read


@pytest.mark.parametrize(
    ("profile", "mark"),
    [("demo", "demo"), ("paper", "paper"), ("paper-fast", "paper"), ("paper-small", "resized")],
)
def test_every_profile_has_its_mark(changed, profile, mark):
    assert marks.of(changed(profile)) == mark


@pytest.mark.parametrize(
    ("override", "kinds"),
    [
        ("networks.audio.width=0.5", {"audio"}),
        ("networks.audio.input_size=67", {"audio"}),
        ("networks.visual.width=2.0", {"visual"}),
        ("networks.visual.input_size=48", {"visual"}),
        ("networks.dbn.hidden=[4096]", {"dbn"}),
        ("networks.audio.dropout=0.5", set()),  # a setting (Table 3), no size
        ("prepare.face_size=48", set()),
    ],
)
def test_a_users_own_change_of_a_size_is_marked_where_it_counts(changed, override, kinds):
    p = changed("paper", override)
    assert {kind for kind in marks.PUBLISHED if marks.of(p, kind) == "resized"} == kinds
    assert marks.of(p) == ("resized" if kinds else "paper")
    assert marks.of(changed("demo", "networks.audio.width=0.5")) == "demo"


@pytest.mark.parametrize("profile", ["paper", "paper-small"])
def test_the_mark_and_figure_1_speak_of_the_same_sizes(changed, profile):
    p = changed(profile)
    parts = evidence.parts(evidence.Evidence(marks.of(p), settings=p)).set_index("id")
    drawn = set(parts.loc["F1", "verdict"])
    assert (drawn == {claims.IMPLEMENTED}) == (marks.of(p) == "paper")


def test_every_mark_that_is_told_is_short_in_a_figure(tmp_path):
    for mark, said in marks.SAID.items():
        drawn, _ = figures.plt.subplots()
        figures.finish(drawn, mark, mark, folder=tmp_path)
        assert [text.get_text() for text in drawn.texts] == [marks.short(said)] * bool(said)
        assert (tmp_path / f"{mark}.png").is_file()
