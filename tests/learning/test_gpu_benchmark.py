"""The GPU benchmark, small and on the CPU: every part, as a machine with JAX alone runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # as when one of them is started as a program
import gpu  # noqa: E402
import gpu_pack  # noqa: E402

from avef.studies import costs, plan  # noqa: E402

#: All that such a machine has beside Python: JAX, and what JAX brings.
BARE = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

THERE = {"numpy", "scipy", "jax", "jaxlib", "ml_dtypes", "opt_einsum"}

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        known = path is not None or name in THERE or name in sys.stdlib_module_names
        rest = [folder for folder in sys.path if "site-packages" not in folder]
        return super().find_spec(name, path if known else rest)

sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Bare]
"""
PARTS = {"audio", "visual", "whole", "rbm", "top"} | {
    f"{kind}_{half}" for kind in ("audio", "visual") for half in ("shallow", "deep")
}


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu") / "pack"
    subprocess.run([BENCHMARKS / "gpu.sh", "--pack", folder], check=True, env=environment())
    return folder


def environment(*paths):
    """This one, without a GPU, and with this Python."""
    told = {"PYTHON": sys.executable, "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    root = str(BENCHMARKS.parent)
    return os.environ | told | {"PYTHONPATH": os.pathsep.join(map(str, paths)) or root}


@pytest.fixture(scope="module")
def results(pack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    (folder / "sitecustomize.py").write_text(BARE, encoding="utf-8")
    out = folder / "gpu.json"
    command = [pack / "gpu.sh", "--small", "--json", out, "--seconds", "1000"]
    done = subprocess.run(
        command, env=environment(folder), cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text(encoding="utf-8")) | {"said": done.stdout}


def test_a_pack_is_small_and_holds_no_library_of_the_machine(pack):
    size = sum(file.stat().st_size for file in pack.rglob("*") if file.is_file())
    assert size < 60 * 2**20
    carried = {path.name for path in (pack / "packages").iterdir()}
    assert {"keras", "optree", "namex"} <= carried
    assert not carried & {"numpy", "pandas", "sklearn", "tensorflow", "jax", "pydantic"}


def test_a_pack_overwrites_nothing(pack):
    done = subprocess.run(
        [BENCHMARKS / "gpu.sh", "--pack", pack], env=environment(), capture_output=True, text=True
    )
    assert done.returncode != 0 and "is not empty" in done.stderr


def test_only_what_is_not_there_is_left_out(results):
    assert results["left_out"] == {"PyTorch": "the package torch is not installed"}
    assert results["torch"] is None and results["goals"]["times PyTorch, at least 1"] is None
    assert "the package torch is not installed" in results["said"]


def test_every_figure_is_there(results):
    assert set(results["training"]) == set(results["plain fit"]) == {"bfloat16", "tf32"}
    for arithmetic, parts in results["training"].items():
        assert set(parts) == PARTS
        for one in parts.values():
            peak = results["peak"][arithmetic]
            assert one["samples_a_second"] > 0 and one["first_s"] > 0
            share = one["flop"] * one["samples_a_second"] / peak
            assert one["share_of_peak"] == pytest.approx(share)
        plain = results["plain fit"][arithmetic]
        ratio = parts["visual"]["samples_a_second"] / plain["samples_a_second"]
        assert plain["ratio"] == pytest.approx(ratio)
        assert set(results["hours"][arithmetic]) >= {"paper", "paper-fast"}
        assert all(np.isfinite(hours) for hours in results["hours"][arithmetic].values())
    assert None not in [v for k, v in results["goals"].items() if "PyTorch" not in k]
    assert {"cpu", "instructions", "cores", "card_driver_memory"} <= set(results["machine"])
    assert results["machine"]["versions"]["jax"] and results["machine"]["versions"]["keras"]
    assert results["device"]["platform"] == "cpu"


def test_operations_are_those_that_the_plan_counts(results):
    parts = costs.parts(named(results["settings"]))
    units = results["training"]["tf32"]["rbm"]["units"]
    for part, one in results["training"]["tf32"].items():
        counted = parts[part].forward if part.endswith("_shallow") else parts[part].train
        if part == "rbm":  # of several, the lowest
            counted = costs.rbm_multiply_adds(*units)
        assert one["flop"] == 2 * counted, part
    assert results["training"]["tf32"]["visual"]["weights"] == parts["visual"].weights


def named(values):
    return json.loads(json.dumps(values), object_hook=lambda one: SimpleNamespace(**one))


def test_forward_passes_agree(results):
    assert set(results["parity"]) == set(gpu.LIMITS)
    for outputs in results["parity"].values():
        assert len(outputs) == 3 and all(one["within"] for one in outputs.values())
    lower = results["parity"]["bfloat16"]["C3D, fc7"]["error"]
    assert 1e-4 < lower > results["parity"]["float32"]["C3D, fc7"]["error"]


def test_a_wrong_forward_pass_is_told(tmp_path):
    right = np.float32([1, 2, 2])
    np.savez(tmp_path / "cpu.npz", **{"float32|x": right})
    for wrong in (right * 1.01, right * np.nan):
        np.savez(tmp_path / "device.npz", **{"float32|x": wrong, "tf32|x": right})
        got = gpu.parity(tmp_path / "device.npz", tmp_path / "cpu.npz")
        assert not got["float32"]["x"]["within"] and got["tf32"]["x"]["within"]
    assert gpu.parity(tmp_path / "none.npz", tmp_path / "cpu.npz") == {}


def test_hours_are_those_of_the_plan():
    chosen = gpu_pack.settings("paper")
    counts = costs.parts(chosen)
    rng = np.random.default_rng(0)
    rates = {part: float(10 ** rng.uniform(11, 14)) for part in counts}
    size_of = {corpus: plan.published(corpus) for corpus in chosen.corpora}
    table = plan.plan(chosen, size_of, costs=counts, rates=rates)
    bill = gpu_pack.bill(chosen, lambda table: table["hours"].sum())
    parts = {part: {"samples_a_second": rate, "flop": 2} for part, rate in rates.items()}
    assert gpu.cost(bill, parts) == pytest.approx(table["hours"].sum(), rel=1e-9)
    del parts["whole"]
    assert gpu.cost(bill, parts) is None


def test_a_grid_is_billed_for_one_worker(monkeypatch):
    monkeypatch.setattr(gpu_pack.profiles, "apply", lambda *_: None)
    assert gpu_pack.settings("demo").jobs.train == 1  # which has two


def test_a_section_that_fails_costs_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "HERE", tmp_path)
    (tmp_path / "fails.py").write_text("raise ValueError('so it is')", encoding="utf-8")
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(60)", encoding="utf-8")
    assert gpu.ended("numpy", ["fails.py"], {}, 60) == "ValueError: so it is"
    assert gpu.ended("numpy", ["sleeps.py"], {}, 0.5) == "the time ran out"
    assert gpu.ended("numpy", ["sleeps.py"], {}, 0) == "no time was left"
    assert gpu.ended("no_such_package", [], {}, 60).endswith("no_such_package is not installed")


def test_time_is_that_of_further_epochs(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr(gpu.time, "perf_counter", lambda: now[0])

    def run(n):
        calls.append(n)
        now[0] += 10 if len(calls) == 1 else 0.25 * n

    told = gpu.timed(run, 30, 1.0)
    assert calls == [1, 1, 4, 4, 4]
    assert told == {"samples_a_second": 120, "first_s": 10}


def test_what_is_measured_is_what_the_profile_says():
    full = gpu_pack.sizes()["full"]
    assert full["networks"]["visual"]["input_size"] == 112 and full["batch"]["whole"] == 10
    assert full["networks"]["audio"]["width"] == 1 and full["keep"]["visual"] == "conv3b"


def test_torch_builds_the_same_c3d():
    pytest.importorskip("torch", reason="NOT TESTED: PyTorch is not installed")
    import gpu_torch

    job = named(gpu_pack.sizes()["small"])
    net = gpu_torch.torch_c3d(job.networks.visual)
    weights = costs.parts(job)["visual"].weights
    assert sum(p.numel() for p in net.parameters()) == weights
