"""dvc.yaml: a stage runs again when code that decides its results changes."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from avef.learning import fusion, transfer, unimodal

ROOT = Path(__file__).resolve().parents[1]
STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def dependencies(*names):
    """What some stages list, the parameters of their instances left open."""
    return {path for name in names for path in STAGES[name].get("do", STAGES[name])["deps"]}


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        (["transfer"], transfer.CODE),
        (["transfer", "audio_net"], unimodal.CODE),
        (["transfer", "visual_net"], unimodal.CODE),
        (["transfer", "audio_net", "visual_net", "dbn_fusion"], fusion.CODE),
    ],
)
def test_a_training_stage_depends_on_the_code_that_decides_its_cells(stages, code):
    assert {f"avef/{name}.py" for name in code} <= dependencies(*stages)


def test_every_notebook_and_module_that_a_stage_names_is_there():
    named = {path for name in STAGES for path in dependencies(name) if "$" not in path}
    ours = {path for path in named if path.startswith(("avef/", "notebooks/", "profiles/"))}
    assert len(ours) > 50
    assert not [path for path in ours if not (ROOT / path).exists()]


def test_every_notebook_belongs_to_a_stage():
    sources = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert sources <= {path for name in STAGES for path in dependencies(name)}
