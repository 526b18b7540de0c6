"""Ablations: two runs that belong together, whether they still hold, and what they say."""

import json
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from ablation_sample import predictions, replace, write_base, write_predictions

from avef import figures
from avef.config import params
from avef.core import closure, paths, store
from avef.core.errors import ParameterError
from avef.evaluation import tables
from avef.studies import ablations


def run(stages, right=5):
    """What an experiment gives that moves some stages' predictions, beside those at hand."""
    plain = ablations.base(params.read())
    moved = {
        (dataset, modality): predictions(dataset, right if stage in stages else 3)
        for dataset in params.read().corpora
        for modality, stage in tables.STAGES.items()
    }
    return ablations.paired(ablations.joined(moved), plain)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Both ablations as they were gathered: one moves all three stages, the other two."""
    monkeypatch.chdir(tmp_path)
    write_base()
    stages = {"kept_less": ("audio_net", "visual_net", "svm"), "by_softmax": ("audio_net",)}
    for name, origin in ablations.origins().items():
        ablations.save(name, run(stages[name]), origin, mark="demo")
    return stages


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Another text in one of avef's files."""

    def forget():
        for cached in (closure._imports, closure._code, closure._version, store._made_by):
            cached.cache_clear()

    def change(file, old, new):
        shutil.copytree(closure.PACKAGE, tmp_path / "avef")
        replace(old, new, tmp_path / "avef" / file)
        monkeypatch.setattr(closure, "PACKAGE", tmp_path / "avef")
        forget()

    yield change
    forget()


def states():
    return {name: one.state for name, one in ablations.read().items()}


def both(state):
    return dict.fromkeys(("kept_less", "by_softmax"), state)


def test_what_was_just_made_is_current(saved):
    assert states() == both("current")
    table = ablations.read()["kept_less"].table
    assert set(table["dataset"]) == set(params.read().corpora)
    assert set(table["case"]) == {2}
    assert set(table["data"]) == {"demo"}
    assert list(ablations.states(params.read(), ablations.read())["changes"]) == [
        "keep.audio=conv1",
        "unimodal_decision=softmax",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [("degree: 3", "degree: 2"), ("seeds: [20", "seeds: [30"), ("face_size: 48", "face_size: 64")],
)
def test_other_parameters_make_it_stale(saved, old, new):
    replace(old, new)
    assert states() == both("stale: other parameters")


def test_a_parameter_that_one_ablation_sets_itself_concerns_only_the_others(saved):
    replace("unimodal_decision: svm", "unimodal_decision: softmax")
    assert states() == {"kept_less": "stale: other parameters", "by_softmax": "current"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data/demo/rml", "/elsewhere/rml"),
        ("train: 2", "train: 1"),
        ("checkpoint_seconds: 120", "checkpoint_seconds: 60"),
        ("ablations:", "ablations:\n  more: [keep.dbn=0]"),
    ],
)
def test_where_corpora_lie_and_how_many_jobs_work_changes_nothing(saved, old, new):
    replace(old, new)
    assert {name: states()[name] for name in saved} == both("current")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("preparation/segments.py", "HOP = 34", "HOP = 32"),
        ("preparation/faces.py", "import numpy as np", "import numpy as np\nNEW = 1"),
        ("models/rbm.py", "import numpy as np", "import numpy as np\nNEW = 1"),
        ("learning/transfer.py", "seed=chosen.seed", "seed=chosen.seed + 1"),
        ("learning/whole_model.py", "seed=seed", "seed=seed + 1"),
        ("learning/clip_svm.py", 'kernel="poly"', 'kernel="rbf"'),
    ],
)
def test_other_code_makes_it_stale(saved, code, file, old, new):
    code(file, old, new)
    assert states() == both("stale: other code")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("evaluation/tables.py", "import numpy", "NEW = 1\nimport numpy"),
        ("learning/clip_svm.py", '"""', '"""Another word. '),
    ],
)
def test_code_that_decides_no_prediction_does_not(saved, code, file, old, new):
    code(file, old, new)
    assert states() == both("current")


def test_other_libraries_make_it_stale(saved, monkeypatch):
    real = closure._version
    monkeypatch.setattr(closure, "_version", lambda n: "0.1" if n == "sklearn" else real(n))
    store._made_by.cache_clear()
    assert states() == both("stale: other code")
    store._made_by.cache_clear()


def test_other_prepared_data_make_it_stale(saved):
    replace("0123", "4567", paths.prepared("baum1s") / "clips.csv")
    assert states() == both("stale: other data")


def test_another_base_run_makes_it_stale(saved):
    write_predictions(4, stages=["visual_net"])
    assert states() == both("stale: other base run")


def test_all_that_has_changed_is_named(saved, code):
    replace("degree: 3", "degree: 2")
    code("models/rbm.py", "import numpy as np", "import numpy as np\nNEW = 1")
    write_predictions(4)
    assert states() == both("stale: other parameters, code, base run")


def test_a_stale_one_is_compared_with_the_base_run_that_it_was_made_beside(saved):
    """The whole model, which the other decision cannot touch, once read −2.36."""
    before = ablations.effects(ablations.read(), seed=0)
    write_predictions(1)
    after = ablations.effects(ablations.read(), seed=0)
    assert set(after["state"]) == {"stale: other base run"}
    pd.testing.assert_frame_equal(after.drop(columns="state"), before.drop(columns="state"))
    untouched = after.set_index(["ablation", "modality"]).loc["by_softmax", "multimodal"]
    assert untouched["difference"] == untouched["moved"] == 0


def test_what_is_not_there_or_not_whole_was_not_run(saved):
    (ablations.FOLDER / "kept_less.json").unlink()
    replace("anger", "fear", ablations.FOLDER / "by_softmax.csv")
    assert states() == both("not run")
    assert ablations.effects(ablations.read(), seed=0).empty
    (ablations.FOLDER / "by_softmax.json").write_text("{", encoding="utf-8")
    assert states() == both("not run")


def test_a_table_never_stands_beside_the_note_of_another(saved, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    replace("degree: 3", "degree: 2")
    monkeypatch.setattr(ablations, "write_json", killed)
    with pytest.raises(KeyboardInterrupt):
        ablations.save("kept_less", run(["svm"]), ablations.origins()["kept_less"], mark="demo")
    assert states()["kept_less"] == "not run"


def test_without_a_base_run_there_is_nothing_to_compare_with(saved):
    (paths.prepared("rml") / "clips.csv").unlink()
    with pytest.raises(ParameterError, match=r"rml/clips.csv is missing; `dvc repro`"):
        ablations.read()


def test_effects_are_differences_paired_by_speaker(saved):
    table = ablations.effects(ablations.read(), seed=0)
    whole = table[table["ablation"] == "kept_less"]
    assert list(whole["modality"]) == list(tables.STAGES)
    np.testing.assert_allclose(whole["difference"], 200 / 6, atol=0.01)
    np.testing.assert_allclose(whole["moved"], 200 / 6, atol=0.01)
    np.testing.assert_allclose(whole["plain"], 50, atol=0.01)
    assert (whole["clips"] == 72).all()
    assert whole[["low", "high", "p"]].notna().all(axis=None)


def test_two_ablations_are_set_beside_each_other_where_they_differ(saved):
    """Five of six clips in all modalities, and in audio-net alone; one corpus is as the other's."""
    known = ablations.read()
    other = known["by_softmax"].table.copy()
    rml = other["dataset"] == "rml"
    other.loc[rml, "predicted"] = known["kept_less"].table.loc[rml, "predicted"]
    known["by_softmax"] = ablations.Ablation(other, ["code"])
    rows = ablations.between(known, "kept_less", "by_softmax", seed=0).set_index("modality")
    assert set(rows["ablation"]) == {"kept_less against by_softmax"}
    assert set(rows["state"]) == {"current; stale: other code"}
    assert rows["difference"].to_dict() == pytest.approx(
        {"audio": 0, "visual": 200 / 6, "multimodal": 200 / 6}, abs=0.01
    )
    assert (rows["clips"] == 48).all()  # of the other two corpora
    assert ablations.between(known, "kept_less", "kept_less", seed=0).empty
    assert ablations.between(known, "kept_less", "absent", seed=0).empty


def test_where_no_prediction_moves_there_is_no_interval(saved):
    table = ablations.effects(ablations.read(), seed=0).set_index(["ablation", "modality"])
    for modality in ("visual", "multimodal"):
        row = table.loc["by_softmax", modality]
        assert row["difference"] == row["moved"] == 0
        assert row[["low", "high", "p"]].isna().all()
        assert row["changed"] == row["plain"] == 50
    audio = table.loc["by_softmax", "audio"]
    assert audio.drop("deviation").notna().all() and audio["seeds"] == 1


def test_predictions_that_move_without_a_gain_have_an_interval(saved):
    table = run([])
    wrong = table["predicted"] != table["true"]
    table.loc[wrong, "predicted"] = table["true"].map({"fear": "anger"}).fillna("fear")[wrong]
    rows = ablations.effects({"other_errors": ablations.Ablation(table, [])}, seed=0)
    assert (rows["difference"] == 0).all()
    assert (rows["moved"] > 0).all()
    assert rows[["low", "high", "p"]].notna().all(axis=None)


def test_a_clip_that_only_one_of_the_two_could_use_counts_in_neither(saved):
    plain = ablations.base(params.read())
    full = run(["svm"]).drop(columns="base")
    for ours, theirs in ((full, plain), (plain, full)):
        fewer = theirs[~theirs["clip"].str.endswith("0")]
        for pair in (ablations.paired(ours, fewer), ablations.paired(fewer, ours)):
            rows = ablations.effects({"fewer": ablations.Ablation(pair, [])}, seed=0)
            assert (rows["clips"] == 60).all()


def test_runs_are_paired_seed_by_seed(saved):
    plain = ablations.base(params.read())
    seeds = pd.concat([plain.assign(seed=1, predicted="one"), plain.assign(seed=2)])
    both = ablations.paired(seeds.sample(frac=1, random_state=0), seeds)
    assert len(both) == 2 * len(plain)
    assert (both["base"] == both["predicted"]).all()
    single = ablations.paired(seeds[seeds["seed"] == 2], seeds)  # fewer seeds, to save time
    assert len(single) == len(plain)
    with pytest.raises(ParameterError, match="no clip and seed in common"):
        ablations.paired(single.assign(seed=3).drop(columns="base"), seeds)


def test_the_figure_parts_current_from_stale_and_touched_from_not(saved):
    replace("unimodal_decision: svm", "unimodal_decision: softmax")  # kept_less is stale
    table = ablations.effects(ablations.read(), seed=0)
    drawn = figures.ablations(table)
    assert drawn.get_suptitle() == "1 of 1 intervals leave zero out; 1 of 2 ablations are stale"
    assert [t.get_text() for t in drawn.axes[0].get_yticklabels()] == [
        "kept less (stale)",
        "by softmax",
    ]
    rings = {
        axis.get_title(loc="left"): [
            x for line in axis.lines if line.get_mfc() == "none" for x in line.get_xdata()
        ]
        for axis in drawn.axes
    }
    assert rings == {"audio": [], "visual": [0], "multimodal": [0]}
    colors = {line.get_color() for line in drawn.axes[2].lines if len(line.get_xdata()) == 1}
    assert {"0.7", "C0"} <= colors
    none = figures.ablations(ablations.effects({}, seed=0))
    assert none.get_suptitle() == "No ablation has been run"
    plt.close("all")


def test_the_note_can_be_read(saved):
    note = json.loads(Path(ablations.FOLDER / "kept_less.json").read_text(encoding="utf-8"))
    assert note["data"] == "demo"
    assert note["made_from"] == ablations.origins()["kept_less"]
    assert list(note["made_from"]) == ["parameters", "code", "data", "base run"]


def test_effects_are_means_over_seeds_and_people_stay_people(saved):
    table = run(["svm"])
    once = ablations.effects({"one": ablations.Ablation(table, [])}, seed=0)
    worse = table.assign(predicted=table["base"])  # another training that gains nothing
    seeds = pd.concat([table.assign(seed=1), worse.assign(seed=2)], ignore_index=True)
    twice = ablations.effects({"one": ablations.Ablation(seeds, [])}, seed=0)
    np.testing.assert_allclose(twice["difference"], once["difference"] / 2, atol=0.01)
    assert (twice["clips"] == once["clips"]).all()
