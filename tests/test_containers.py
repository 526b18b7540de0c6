"""Containers, which no test can build: what their recipes name is in the repository."""

import json
import os
import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def instructions(text):
    """(instruction, the rest) of every line of a Dockerfile."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def given(name):
    return [rest for instruction, rest in instructions(RECIPE) if instruction == name]


def targets():
    return set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def test_the_image_runs_the_commands_of_the_readme():
    (block,) = re.findall(r"## Two commands.*?```sh\n(.*?)```", README, re.DOTALL)
    asked = {line.split("#")[0].strip() for line in block.splitlines()}
    assert asked == {"make repro", "make test"}
    said = set(re.findall(r"docker run --rm avef (.+)", RECIPE))
    assert said == asked
    (command,) = given("CMD")
    assert " ".join(json.loads(command)) in asked
    for run in given("RUN"):
        assert "make" not in run or set(run.split()[1:]) <= targets()


def test_the_build_is_chosen_as_with_make():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "BUILD ?= cpu" in makefile and given("ARG") == ["BUILD=cpu"]
    assert given("ENV") == ["BUILD=$BUILD"]
    for build in ("cpu", "gpu"):
        assert (ROOT / f"requirements/{build}.lock").is_file()


def test_the_image_is_of_a_python_that_avef_takes_and_adds_no_system_package():
    base, final = given("FROM")
    version = re.match(r"python:(\d\.\d+)-", base)[1]
    assert f">={version}" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert final == "base"
    assert not re.search(r"\b(apt|apt-get|curl|wget|sudo)\b", RECIPE)


def test_the_image_is_built_and_run_by_a_user_without_rights():
    names = [instruction for instruction, _ in instructions(RECIPE)]
    assert given("USER") == ["avef"]
    assert names.index("USER") < names.index("COPY")
    assert all(rest.startswith("--chown=avef:avef ") for rest in given("COPY"))


def test_the_image_takes_no_data_and_leaves_out_nothing_that_is_tracked():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    kept = [line[1:] for line in lines if line.startswith("!")]
    ignored = [line for line in lines if not line.startswith("!")]
    assert "data/*" in ignored and ".git" not in ignored  # without history DVC does not run
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    for path in map(PurePosixPath, listed.stdout.split()):
        out = any(one.match(pattern) for one in (path, *path.parents) for pattern in ignored)
        assert not out or any(path.match(pattern) for pattern in kept), path


def test_the_dev_container_is_the_same_image_before_the_set_up():
    told = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    recipe = ROOT / ".devcontainer" / told["build"]["dockerfile"]
    assert recipe.resolve() == ROOT / "Dockerfile"
    assert (ROOT / ".devcontainer" / told["build"]["context"]).resolve() == ROOT
    assert f"AS {told['build']['target']}" in RECIPE
    assert told["remoteUser"] in given("USER")
    program, *names = told["postCreateCommand"].split()
    assert program == "make" and set(names) <= targets()


@pytest.mark.parametrize("name", ["runtime.txt", "requirements.txt", "postBuild"])
def test_binder_has_the_lock_and_its_python(name):
    path = ROOT / ".binder" / name
    text = path.read_text(encoding="utf-8")
    if name == "runtime.txt":
        assert text == "python-3.11\n"
    if name == "requirements.txt":
        (lock,) = re.findall(r"^--requirement (\S+)$", text, re.M)
        assert (path.parent / lock).resolve() == ROOT / "requirements/cpu.lock"
        assert re.search(r"^jupyterlab==", (path.parent / lock).read_text(), re.M)
    if name == "postBuild":
        assert os.access(path, os.X_OK) and text.startswith("#!")
        assert "--editable ." in text
