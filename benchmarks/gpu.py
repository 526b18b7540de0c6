"""How fast avef trains on a GPU, beside the card's peak, plain Keras and PyTorch.

    benchmarks/gpu.sh [--small] [--seconds 450] [--json FILE]

Sections run one after the other, each in a process of its own, so that one which fails, or for
which there is no time left, costs no figure of another: every part's training in bfloat16; the
same C3D in PyTorch; forward passes on the device beside those on the CPU; the training in TF32.
What a program spends before the first batch, compiling above all, is apart, under `first_s`.
Needs JAX or PyTorch, NumPy, and what `gpu_pack.py` collects.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
TITLES = {
    "visual": "C3D, every layer",
    "visual_deep": "C3D kept to conv3b, cached",
    "visual_shallow": "C3D to conv3b, forward",
    "audio": "AlexNet, every layer",
    "audio_deep": "AlexNet kept to conv2, cached",
    "audio_shallow": "AlexNet to conv2, forward",
    "whole": "whole model, cached",
    "rbm": "RBM, CD-1",
    "top": "DBN with labels",
}
#: ‖device − CPU‖ / ‖CPU‖ that rounding explains, of as many layers.
LIMITS = {"float32": 1e-3, "tf32": 1e-2, "bfloat16": 5e-2}
BASIS = (
    "published sizes of the three corpora; multiply-adds counted, at the speed measured here, one "
    "training at a time; shallow layers' output cached; of the RBMs the lowest one's speed"
)


class Notes:
    """What a section knows, written line by line, so that what was measured survives its end."""

    def __init__(self, file):
        self.file = Path(file)

    def add(self, path, value):
        """Note a value under a path of names."""
        with self.file.open("a", encoding="utf-8") as file:
            print(json.dumps([path, value]), file=file)

    def read(self, into):
        """Enter all notes into a nested dictionary."""
        text = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        for (*path, last), value in map(json.loads, text.splitlines()):
            place = into
            for name in path:
                place = place.setdefault(name, {})
            place[last] = value


def sized(job, size):
    """A job's settings at a size, by attributes."""
    text = json.dumps(json.loads(Path(job).read_text(encoding="utf-8"))["sizes"][size])
    return json.loads(text, object_hook=lambda values: SimpleNamespace(**values))


def timed(run, samples, seconds):
    """Samples a second of `run(n)`, which does n epochs of `samples` and waits for the device.

    The first epoch compiles, and is apart. The best of three further runs counts, each of as
    many epochs as take `seconds`, and of one at least.
    """

    def took(n):
        start = time.perf_counter()
        run(n)
        return time.perf_counter() - start

    first = took(1)
    n = min(max(1, round(seconds / took(1))), 100)
    return {"samples_a_second": samples * n / min(took(n) for _ in range(3)), "first_s": first}


def sections(job, size, folder):
    """What runs, in this order: what the goals ask for comes first.

    Name → package that it needs, words of its command, variables of its environment, and the
    share of all time after which it is stopped.
    """
    arrays = [str(folder / f"{name}.npz") for name in ("device", "cpu")]

    # What matters at a small size is that all runs, and nearly all of the time is compiling.
    compiling = {"XLA_FLAGS": "--xla_backend_optimization_level=0"} if size == "small" else {}

    def keras(*words, share, last=(), **variables):
        command = ["gpu_keras.py", *words, str(job), size, str(folder / "notes"), *last]
        return "jax", command, {"KERAS_BACKEND": "jax"} | compiling | variables, share

    every, torch = ",".join(LIMITS), ["gpu_torch.py", str(job), size, str(folder / "notes")]
    return {
        "training, bfloat16": keras("training", "bfloat16", share=0.5),
        "PyTorch": ("torch", torch, {}, 0.15),
        "forward, device": keras("forward", every, last=arrays[:1], share=0.2),
        "forward, CPU": keras(
            "forward", "float32", last=arrays[1:], share=0.2, JAX_PLATFORMS="cpu"
        ),
        "training, tf32": keras("training", "tf32", share=1),
    }


def ended(package, command, variables, seconds):
    """Run a section; why it did not end as it should, or None."""
    if not find_spec(package):
        return f"the package {package} is not installed"
    if seconds <= 0:
        return "no time was left"
    words = [sys.executable, str(HERE / command[0]), *command[1:]]
    try:
        done = subprocess.run(
            words, env=os.environ | variables, stderr=subprocess.PIPE, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return "the time ran out"
    if done.returncode == 0:
        return None
    print(done.stderr[-3000:], file=sys.stderr)
    return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]


def measure(job, size, limit):
    """All sections' notes, what was left out and why, and the seconds that each took."""
    results, left_out, taken, start = {}, {}, {}, time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, (*section, share) in sections(job, size, folder).items():
            before = time.perf_counter()
            why = ended(*section, min(share * limit, limit - (before - start)))
            taken[title] = time.perf_counter() - before
            if why:
                left_out[title] = why
            print(f"{title}: {why or 'done'}, {taken[title]:.0f} s", flush=True)
        Notes(folder / "notes").read(results)
        results["parity"] = parity(folder / "device.npz", folder / "cpu.npz")
    return results | {"left_out": left_out, "seconds": taken}


def parity(device, cpu):
    """‖device − CPU‖ / ‖CPU‖ by arithmetic and output; none if one of them is missing."""
    if not (device.is_file() and cpu.is_file()):
        return {}
    import numpy as np

    told = {}
    with np.load(device) as ours, np.load(cpu) as reference:
        for name in ours.files:
            arithmetic, what = name.split("|")
            right = reference[f"float32|{what}"]
            error = float(np.linalg.norm(ours[name] - right) / np.linalg.norm(right))
            within = bool(error <= LIMITS[arithmetic])  # False for no number, too
            told.setdefault(arithmetic, {})[what] = {"error": error, "within": within}
    return told


def derived(results, grids):
    """Shares of the peak, ratios to the others, hours of the grids: from what was measured."""
    rates, plain = results.get("training", {}), results.get("plain fit", {})
    for arithmetic, parts in rates.items():
        peak = results["peak"][arithmetic]
        for told in parts.values():
            told["share_of_peak"] = told["flop"] * told["samples_a_second"] / peak
    speed = {name: parts.get("visual", {}).get("samples_a_second") for name, parts in rates.items()}
    for name, told in plain.items():
        told["ratio"] = speed[name] / told["samples_a_second"]
    beside = results.setdefault("torch", None)
    if beside:
        mine = speed.get("bfloat16")
        beside["ratio"] = mine and mine / beside["samples_a_second"]
    hours = {
        name: {grid: cost(bill, parts) for grid, bill in grids.items()}
        for name, parts in rates.items()
    }
    return results | {"hours": hours, "basis": BASIS}


def cost(bill, parts):
    """Hours of a grid at the measured speeds; None where one of them is missing."""
    if not set(bill["parts"]) <= set(parts):
        return None
    speed = {name: told["samples_a_second"] * told["flop"] / 2 for name, told in parts.items()}
    return bill["start"] + sum(hours / speed[name] for name, hours in bill["parts"].items())


def goals(results):
    """What was asked for beside what was measured; None where it was not."""

    def at(*path):
        value = results
        for name in path:
            value = (value or {}).get(name)
        return value

    low, quick = at("hours", "bfloat16") or {}, "paper-fast"
    fast = [hours for grid, hours in low.items() if grid.startswith(quick)]
    return {
        "share of the peak, C3D in bfloat16, at least 0.4": at(
            "training", "bfloat16", "visual", "share_of_peak"
        ),
        "times plain fit, at least 2": at("plain fit", "bfloat16", "ratio"),
        "times PyTorch, at least 1": at("torch", "ratio"),
        "hours of the paper grid, at most 48": low.get("paper"),
        "hours of the paper-fast grid, at most 12": fast[-1] if fast else None,
    }


def version(name):
    """A package's version; None if it is not there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def machine():
    """The computer, its card as the driver names it, and versions."""
    from avef.core.machine import described

    card = None
    if shutil.which("nvidia-smi"):
        query = [
            "nvidia-smi",
            "--query-gpu=name,driver_version,memory.total",
            "--format=csv,noheader",
        ]
        card = subprocess.run(query, capture_output=True, text=True).stdout.strip() or None
    names = ("keras", "jax", "jaxlib", "torch", "numpy")
    versions = {"python": platform.python_version()} | {name: version(name) for name in names}
    return described() | {"card_driver_memory": card, "versions": versions}


def told(results):
    """The figures as lines of text."""
    for arithmetic, parts in results.get("training", {}).items():
        peak = results["peak"][arithmetic]
        yield f"{arithmetic}: matrix products {peak / 1e12:.3g} TFLOP/s; samples/s, of the peak"
        for name, one in parts.items():
            rate, share = one["samples_a_second"], one["share_of_peak"]
            yield f"  {TITLES[name]:32} {rate:12.1f} {share:8.1%}"
    others = {
        f"Keras' fit on host arrays, {name}": one
        for name, one in results.get("plain fit", {}).items()
    }
    others |= {"PyTorch, bfloat16": results["torch"]} if results["torch"] else {}
    for name, one in others.items():
        yield f"C3D, every layer, by {name}: {one['samples_a_second']:.1f} samples/s"
    for arithmetic, outputs in results["parity"].items():
        errors = ", ".join(f"{what} {one['error']:.1e}" for what, one in outputs.items())
        yield f"device − CPU, {arithmetic} (at most {LIMITS[arithmetic]:g}): {errors}"
    for arithmetic, hours in results["hours"].items():
        for grid, value in hours.items():
            yield f"{grid}, {arithmetic}: {'unknown' if value is None else f'{value:.3g} h'}"
    for goal, value in results["goals"].items():
        yield f"{goal}: {'not measured' if value is None else f'{value:.3g}'}"


def main():
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--small", action="store_true", help="sizes at which a CPU takes a minute")
    parser.add_argument("--seconds", type=float, default=450, help="after which all stops")
    parser.add_argument("--json", type=Path, default=Path("gpu.json"))
    options = parser.parse_args()
    size, job = ("small" if options.small else "full"), HERE / "job.json"
    carried = json.loads(job.read_text(encoding="utf-8"))
    results = {"machine": machine(), "size": size, "settings": carried["sizes"][size]}
    results |= derived(measure(job, size, options.seconds), carried["grids"])
    results["goals"] = goals(results)
    options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print("\n".join(told(results)))
    # Without a single speed there is nothing to report.
    return 0 if results.get("training") or results["torch"] else 1


if __name__ == "__main__":
    sys.exit(main())
