"""dvc.yaml: a stage runs again when code, parameters or files that decide its results change."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import closures
import pytest
from ruamel.yaml import YAML

from avef.core import paths
from avef.preparation import child

ROOT = Path(__file__).resolve().parents[1]
STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
BODIES = {name: stage.get("do", stage) for name, stage in STAGES.items()}
NOTEBOOK = {
    name: re.match(r"avef run (\w+)", body["cmd"]).group(1)
    for name, body in BODIES.items()
    if body["cmd"].startswith("avef run")
}
#: About a clip of the user's: no stage.
OF_THE_USERS = "10_try_a_clip"
#: Stages that always run, and need no code to know when.
ALWAYS = {name for name, body in BODIES.items() if body.get("always_changed")}
#: What the other stages that are no notebooks run.
OTHERS = {
    "demo": "import avef.demo",
    "clips": "from avef.corpora import listing",
    "report": "import avef.report",
}
#: Parameters that change no result: where the work is done, how often it is noted down.
ASIDE = ("jobs", "compute.cache_gib", "compute.checkpoint_seconds")
#: What stages take of a whole ``p`` or of ``p.of(dataset)``, beside what their notebook names.
MARK = {"profile", "networks"}  # of which it follows
LEARN = {
    "profile",
    "seed",
    "networks",
    "keep",
    "stop",
    "compute.precision",
    "compute.xla",
    "compute.deterministic",
}
NET = {"profile", "protocol", "svm", "networks.initial", "networks.weight_decay", "keep.tune"}
TAKEN = {
    "transfer": {
        "profile",
        "seed",
        "transfer",
        "networks",
        "rbm",
        "stop",
        "compute.precision",
        "compute.xla",
        "compute.deterministic",
    },
    "audio_net": NET | {"audio_net", "networks.audio", "keep.audio"},
    "visual_net": NET | {"visual_net", "networks.visual", "keep.visual"},
    "dbn_fusion": LEARN | {"dbn_fusion", "protocol", "rbm"},
    "svm": MARK | {"protocol", "seed", "svm"},
    "baselines": MARK,
    "transfer_gain": LEARN | {"audio_net", "visual_net", "protocol", "rbm", "svm"},
    "speed": {
        "profile",
        "protocol",
        "networks",
        "keep",
        "rbm",
        "audio_net",
        "visual_net",
        "dbn_fusion",
        "compute",
    },
    "tables": {"profile", "networks", "audio_net", "visual_net", "dbn_fusion"},
    "claims": MARK,
    "power": {"power", "seed"},
    "ablations": MARK | {"transfer", "vad", "demo", "prepare", "compute", "rbm", "protocol", "svm"},
}


def dependencies(name):
    """What a stage lists, the parameters of its instances left open."""
    return set(BODIES[name].get("deps", []))


def source(name):
    """The Python text that a stage runs."""
    if name in OTHERS:
        return OTHERS[name]
    runner = "from avef import notebook\n"
    return runner + closures.code(ROOT / "notebooks" / f"{NOTEBOOK[name]}.ipynb")


def covered(path, listed):
    return any(path == one or path.startswith(f"{one}/") for one in listed)


@pytest.mark.parametrize("name", sorted(set(STAGES) - ALWAYS))
def test_a_stage_depends_on_all_code_that_it_runs(name):
    needed = closures.files(source(name))
    assert len(needed) > 3
    assert [path for path in sorted(needed) if not covered(path, dependencies(name))] == []


@pytest.mark.parametrize("name", sorted(set(STAGES) - ALWAYS))
def test_a_stage_depends_on_no_code_that_it_does_not_run(name):
    needed = closures.files(source(name))
    listed = {path for path in dependencies(name) if path.startswith("avef/")}
    assert [one for one in listed if not any(covered(path, [one]) for path in needed)] == []


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("avef/paper.py", set(STAGES) - ALWAYS - {"demo"}),  # Table 2 among it
        ("avef/preparation/silero.py", {"preprocessing", "vad", "claims", "audio_net"}),
        ("avef/preparation/container.py", {"clips", "preprocessing", "claims"}),
        ("avef/preparation/vad.py", {"vad", "preprocessing", "claims"}),
        ("avef/studies/vad_training.py", {"vad"}),
        ("avef/learning/grid.py", {"transfer", "audio_net", "visual_net", "dbn_fusion", "svm"}),
        ("avef/learning/clip_svm.py", {"audio_net", "visual_net", "svm", "claims"}),
        ("avef/models/inputs.py", {"transfer", "audio_net", "dbn_fusion", "claims"}),
        ("avef/evaluation/bootstrap.py", {"tables", "transfer_gain", "ablations", "claims"}),
    ],
)
def test_a_change_of_a_file_reruns_the_stages_that_it_decides(file, stages):
    assert (ROOT / file).is_file()
    assert {name for name in stages if not covered(file, dependencies(name))} == set()


def keys(name):
    """The parameters that a stage lists, an instance's own taken for all of them."""
    return {key.removesuffix(".${key}") for key in BODIES[name].get("params", [])}


def read_by(source):
    """Full keys of the parameters that a notebook names itself, such as ``prepare.vad``."""
    named = set()
    for node in ast.walk(ast.parse(source)):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id == "p" and parts:
            named.add(".".join(parts))
    longest = {k for k in named if not any(other.startswith(f"{k}.") for other in named)}
    return {k for k in longest if k.split(".")[0] not in ("of", "sources")}


@pytest.mark.parametrize("name", NOTEBOOK)
def test_a_stage_depends_on_the_parameters_that_it_reads(name):
    read = read_by(source(name)) | TAKEN.get(name, set())
    listed = keys(name)
    missing = {
        key
        for key in read
        if not covered(key.replace(".", "/"), {one.replace(".", "/") for one in listed})
        and not covered(key.replace(".", "/"), {one.replace(".", "/") for one in ASIDE})
    }
    # The corpora's folders are dependencies of their own, their sources' prepared clips, too.
    assert {key for key in missing if not key.startswith("corpora")} == set()


@pytest.mark.parametrize("name", NOTEBOOK)
def test_a_stage_runs_again_when_the_libraries_change(name):
    """The keys of stored results hold their versions; this makes DVC look at the keys."""
    assert "requirements" in dependencies(name)


def test_a_stage_looks_at_a_raw_folder_through_its_tree():
    """DVC itself stops there at dead links and at names that are not UTF-8."""
    listed = {"trees": paths.tree("${key}").as_posix(), "emodb_tree": paths.EMODB_TREE.as_posix()}
    assert set(listed) == ALWAYS
    for stage, file in listed.items():
        assert BODIES[stage]["outs"] == [{file: {"cache": False}}]
    readers = {stage: {n for n in STAGES if listed[stage] in dependencies(n)} for stage in listed}
    others = {"vad", "claims", "demo"}
    assert readers == {"trees": {"clips", "preprocessing"}, "emodb_tree": others}
    assert not [path for name in STAGES for path in dependencies(name) if ".root}" in path]


def test_what_reads_headers_depends_on_the_limits_of_reading():
    assert keys("clips") == {"corpora", *(f"prepare.{name}" for name in child.Limits._fields)}


def test_trees_wait_for_the_demo_which_need_not_be_there():
    (made,) = BODIES["demo"]["outs"]
    assert dependencies("trees") == {Path(made).parent.as_posix()}
    assert (ROOT / Path(made).parent / "README.md").is_file()


def test_every_notebook_and_module_that_a_stage_names_is_there():
    named = {path for name in STAGES for path in dependencies(name) if "$" not in path}
    ours = {path for path in named if path.startswith(("avef/", "notebooks/", "profiles/"))}
    assert len(ours) > 25
    assert not [path for path in ours if not (ROOT / path).exists()]


@pytest.mark.parametrize(
    "notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_what_a_notebook_imports_is_there(notebook):
    for node in ast.walk(ast.parse(closures.code(notebook))):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "avef":
            module = importlib.import_module(node.module)
            for name in (alias.name for alias in node.names):
                full = f"{node.module}.{name}"
                assert hasattr(module, name) or importlib.util.find_spec(full), full


def test_plots_are_pictures_which_need_no_library_from_the_network():
    made = [plot for body in BODIES.values() for plot in body.get("plots", [])]
    assert len(made) == 5
    for plot in made:
        ((path, options),) = plot.items()
        assert path.endswith(".png") and options == {"cache": False}


def test_no_name_out_of_the_parameters_becomes_a_word_of_a_shell():
    assert [name for name, body in BODIES.items() if "$" in body["cmd"]] == []
    assert sum("@" in body["cmd"] for body in BODIES.values()) > 5


@pytest.mark.parametrize(
    ("name", "wrong", "why"),
    [
        ("[rml, enterface05, baum1s]", "[rml, ../raw]", "failed to reproduce 'emodb_tree'"),
        ("  rml: {root", "  ../../notes/mine: {root", "output 'notes/mine' is specified in"),
        ("  rml: {root", "  ../raw/rml: {root", "output 'data/raw/rml' is specified in"),
    ],
)
def test_dvc_clears_no_folder_that_a_name_leads_to(tmp_path, name, wrong, why):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8").replace(name, wrong)
    assert wrong in text
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "dvc.yaml", tmp_path)
    own = [tmp_path / "data/raw/rml/an1.avi", tmp_path / "notes/mine.csv"]
    for file in own:
        file.parent.mkdir(parents=True)
        file.touch()
    for part in ("avef", "data/demo"):
        (tmp_path / part).mkdir()
    tell = {"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(ROOT)}, "text": True}
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "-q", "--no-scm"], check=True, **tell)
    said = subprocess.run([*dvc, "repro", "-k", "demo", "trees"], capture_output=True, **tell)
    assert why in said.stderr
    assert all(file.is_file() for file in own)


def test_nothing_in_the_stages_names_a_corpus():
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert not re.findall("rml|enterface05|baum1s", text)


def test_every_notebook_belongs_to_a_stage():
    sources = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sources == {OF_THE_USERS, *NOTEBOOK.values()}
    assert OF_THE_USERS not in NOTEBOOK.values()
