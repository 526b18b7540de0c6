"""Whether the same choices give the same bytes, wherever and however they are run.

    python benchmarks/same.py [--corpora NAME ...] [--keep PATH] [--json PATH]

The whole pipeline twice, on the nano profile of the tests, in folders of different names: once by
one worker, once by two, with another PYTHONHASHSEED, locale, time zone, umask and number of BLAS
threads. Then every file of data/ and reports/ is compared, prepared clips, weights, tables,
predictions and executed notebooks among them, but for those that tell when something ran and how
long it took.
Of the first run `dvc repro` is called once more, to see that it does nothing.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ruamel.yaml

from avef.config import profiles
from avef.core.files import write_json
from avef.core.machine import described

ROOT = Path(__file__).resolve().parents[1]
#: Folder → workers, umask, and what else is set.
RUNS = {
    "one": (
        1,
        0o022,
        {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "OPENBLAS_NUM_THREADS": "1"},
    ),
    "the other run": (
        2,
        0o077,
        {
            "PYTHONHASHSEED": "4711",
            "LC_ALL": "C",
            "LANG": "de_DE.UTF-8",
            "TZ": "Asia/Kathmandu",
            "OPENBLAS_NUM_THREADS": "3",
        },
    ),
}
#: What holds times, or is made of them: logs, notes of the files' own, and what measures speed.
CLOCK = (
    "data/logs/",
    "data/trees/",
    "data/vad/emodb.json",
    "reports/metrics/speed.json",
    "reports/notebooks/07a_speed.ipynb",
    "reports/html/07a_speed.html",
    "reports/metrics/emodb.json",
    "reports/tables/claims.csv",
    "reports/figures/claims.png",
    "reports/notebooks/08_claims.ipynb",
    "reports/html/08_claims.html",
    "reports/html/avef-data.zip",
    "reports/index.html",
)
BEGAN = re.compile(rb"began [^<]*, took [^<]*")  # on every page of the report
#: Stages that DVC runs at every call, to look at the raw folders.
ALWAYS = ("emodb_tree", "trees@")


def copied(folder, corpora, jobs):
    """A copy of the repository without results, of some demo corpora and so many workers."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        made = name.startswith("reports/") or name == "dvc.lock"
        if (ROOT / name).is_file() and (not made or name.endswith("README.md")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    profiles.apply("nano", folder / "params.yaml", ROOT / "tests")
    yaml = ruamel.yaml.YAML()
    values = yaml.load(folder / "params.yaml")
    values["corpora"] = {name: values["corpora"][name] for name in corpora}
    values["demo"]["corpora"] = corpora
    values["protocol"] = {
        name: of for name, of in values["protocol"].items() if name in (*corpora, "default")
    }
    values["jobs"] |= {"prepare": jobs, "train": jobs}
    values["ablations"] = {}
    yaml.dump(values, folder / "params.yaml")


def repro(folder, umask, settings):
    """Run the pipeline; what DVC says, and the seconds."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    start = time.perf_counter()
    done = subprocess.run(
        ["dvc", "repro"],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(folder)} | settings,
        umask=umask,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{folder}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout, time.perf_counter() - start


def digests(folder):
    """Path → digest of every file that the stages left."""
    files = [path for part in ("data", "reports") for path in (folder / part).rglob("*")]
    return {
        str(path.relative_to(folder)): hashlib.sha256(BEGAN.sub(b"", path.read_bytes())).hexdigest()
        for path in files
        if path.is_file()
    }


def main(corpora, folder, json):
    """Run, compare, and tell what differs."""
    seconds = {}
    for name, (jobs, umask, settings) in RUNS.items():
        (folder / name).mkdir()
        copied(folder / name, corpora, jobs)
        _, seconds[name] = repro(folder / name, umask, settings)
        print(f"{name}: {seconds[name]:.0f} s", flush=True)
    one, other = (digests(folder / name) for name in RUNS)
    names = sorted(name for name in one.keys() | other.keys() if not name.startswith(CLOCK))
    differ = [name for name in names if one.get(name) != other.get(name)]
    first = next(iter(RUNS))
    said, _ = repro(folder / first, *RUNS[first][1:])
    stages = [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]
    again = [stage for stage in stages if not stage.startswith(ALWAYS)]
    print(f"{len(names)} files compared; these differ: {', '.join(differ) or 'none'}")
    print(f"stages that a second repro runs again: {', '.join(again) or 'none'}")
    if json:
        settings = {
            name: {"workers": jobs, "umask": f"{umask:03o}"} | more
            for name, (jobs, umask, more) in RUNS.items()
        }
        facts = {"machine": described(), "corpora": corpora, "runs": settings, "seconds": seconds}
        told = {"files": len(names), "differ": differ, "run again by a second repro": again}
        write_json(json, facts | told)
    return bool(differ or again)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", nargs="+", default=["rml", "baum1s"], help="two at least")
    parser.add_argument("--keep", type=Path, help="run in this folder, and leave it")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True)
        sys.exit(main(chosen.corpora, chosen.keep.resolve(), chosen.json))
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(main(chosen.corpora, Path(scratch), chosen.json))
