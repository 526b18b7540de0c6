"""Collect what `gpu.sh` needs on a machine that has JAX or PyTorch, and no network.

    benchmarks/gpu.sh --pack FOLDER [--python 3.12]

From this environment, in which all of avef works: the benchmark, avef's modules, Keras and what
it needs beside NumPy, the sizes to measure at, and what the grids cost at a given speed. All
but optree is plain Python; `--python` fetches its build for another one, as the lock pins it.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import distribution
from math import inf
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from avef.config import params, profiles
from avef.studies import costs, early, plan

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LOCK = ROOT / "requirements" / "cpu.lock"
#: JAX brings the first two; h5py is for weights in files, of which none are read or written.
THERE = {"numpy", "ml-dtypes", "h5py"}
PLATFORMS = ["manylinux2014_x86_64", *(f"manylinux_2_{n}_x86_64" for n in range(17, 29))]
GRIDS = ("paper", "paper-fast")
#: What differs where only the code is tried. `batches` are of an epoch; a figure takes about
#: three times `seconds` of further ones. `side` is that of the matrices that tell the peak.
FULL = {"batches": 10, "side": 8192, "seconds": 0.7}
SMALL = {"batches": 2, "side": 256, "seconds": 0.02}


def needed(*names):
    """These distributions and all that they need, beside what is there."""
    known, open_ = set(), list(names)
    while open_:
        name = canonicalize_name(open_.pop())
        if name in known | THERE:
            continue
        known.add(name)
        wants = map(Requirement, distribution(name).requires or ())
        open_ += [one.name for one in wants if not one.marker or one.marker.evaluate({"extra": ""})]
    return sorted(known)


def copy(name, packages):
    """The files of an installed distribution, without its tests and programs."""
    for file in distribution(name).files:
        aside = file.suffix == ".pyc" or file.stem.endswith("_test") or ".." in file.parts
        if not aside:
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), packages / file)


def fetch(names, python, packages):
    """Of these distributions, the files that the lock pins for another Python."""
    pins = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text("\n".join(p for p in pins if p.partition("==")[0] in names), "utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--python-version", python]
        command += [word for name in PLATFORMS for word in ("--platform", name)]
        subprocess.run([*command, "--dest", folder, "--requirement", str(wanted)], check=True)
        for wheel in Path(folder).glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(packages)


def settings(profile):
    """The parameters with a profile's values, and one worker: one GPU."""
    with tempfile.TemporaryDirectory() as folder:
        file = shutil.copy(ROOT / "params.yaml", folder)
        profiles.apply(profile, file, ROOT / "profiles")
        chosen = params.read(file)
    return replace(chosen, jobs=replace(chosen.jobs, train=1))


def bill(chosen, hours_of):
    """Hours of a grid that no speed changes, and of each part at one multiply-add a second.

    A plan's hours are a sum of counts over rates, so one part is told by rates of which all
    others are infinite.
    """
    size_of = {corpus: plan.published(corpus) for corpus in chosen.corpora}
    parts = costs.parts(chosen)

    def hours(**rates):
        rates = dict.fromkeys(parts, inf) | rates
        return float(hours_of(plan.plan(chosen, size_of, costs=parts, rates=rates)))

    start = hours()
    each = {part: hours(**{part: 1.0}) - start for part in parts}
    return {"start": start, "parts": {part: value for part, value in each.items() if value > 0}}


def grids():
    """The bills: of all epochs, and where a profile ends trainings early, of as many as it did."""
    bills = {}
    for name in GRIDS:
        chosen = settings(name)
        bills[name] = bill(chosen, lambda table: table["hours"].sum())
        if chosen.stop.early:
            epochs = early.mean_epochs(ROOT / early.MEASURED)
            about = f"{name}, if trainings end after {epochs:.0f} epochs"
            bills[about] = bill(chosen, partial(early.expected, chosen, epochs=epochs))
    return bills


def sizes():
    """What is measured: the paper's sizes, and small ones that show that the code works."""
    chosen = settings("paper")
    corpus = next(iter(chosen.corpora))
    stages = {"audio": "audio_net", "visual": "visual_net", "whole": "dbn_fusion"}
    full = FULL | {
        "networks": asdict(chosen.networks),
        "keep": asdict(chosen.keep),
        "rbm": asdict(chosen.rbm) | {"visible": chosen.networks.dbn.visible},
        "face_size": chosen.prepare.face_size,
        "batch": {part: getattr(chosen, name)[corpus].batch for part, name in stages.items()},
    }
    narrow = {
        "audio": full["networks"]["audio"] | {"width": 1 / 32, "input_size": 67},
        "visual": full["networks"]["visual"] | {"width": 1 / 32, "input_size": 16},
        "dbn": full["networks"]["dbn"] | {"hidden": [16, 8]},
    }
    small = {"networks": full["networks"] | narrow, "face_size": 16}
    small |= {"batch": dict.fromkeys(stages, 2), "rbm": full["rbm"] | {"batch": 2}}
    return {"full": full, "small": full | small | SMALL}


def main():
    """Fill the folder, which must not be there, or be empty."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", help="the other machine's, such as 3.12, if not this one")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    for file in [HERE / "gpu.sh", *HERE.glob("gpu*.py")]:
        shutil.copy(file, options.folder)
    modules = shutil.ignore_patterns("__pycache__", "*.npz")
    shutil.copytree(ROOT / "avef", options.folder / "avef", ignore=modules)
    names, packages = needed("keras", "lazy-loader"), options.folder / "packages"
    for name in names:
        copy(name, packages)
    if options.python:
        built = {n for n in names if any(f.suffix == ".so" for f in distribution(n).files)}
        fetch(built, options.python, packages)
    job = {"sizes": sizes(), "grids": grids()}
    (options.folder / "job.json").write_text(json.dumps(job, indent=1), encoding="utf-8")
    taken = sum(file.stat().st_size for file in options.folder.rglob("*") if file.is_file())
    print(f"{options.folder}: {', '.join(names)}; {taken / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
