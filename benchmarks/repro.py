"""How long a newcomer waits: the README's two commands in a fresh clone.

    python benchmarks/repro.py [--tests] [--keep PATH] [--json PATH]

The set-up alone, then `make repro`, then with --tests `make test`; what they take of the
disk, and what the demo gave. What is not committed is not in the clone. --keep leaves the
clone there.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd

from avef.core.files import write_json
from avef.core.machine import described

ROOT = Path(__file__).resolve().parents[1]
GB = 1e9


def seconds(command, folder):
    """Wall time of a command, whose output passes through; it must succeed."""
    print(f"$ {' '.join(command)}", flush=True)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True)
    return time.perf_counter() - start


def gigabytes(*folders):
    """What some folders take, a file of several names counted once."""
    files = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                files[status.st_ino] = 512 * status.st_blocks
    return sum(files.values()) / GB


def given(tables):
    """What of the demo's results the texts quote."""
    six = pd.read_csv(tables / "table_6.csv").query("case == 2").set_index("dataset")
    six = six[["ours", "deviation"]].rename(columns={"ours": "mean"})
    control = pd.read_csv(tables / "dbn_control.csv").set_index(["start", "dataset"])["kept"]
    return {
        "six emotions, both modalities, case 2": six.to_dict("index"),
        "head start of the DBN that is kept, percent": {
            start: control[start].to_dict() for start in ("units shuffled", "values shuffled")
        },
    }


def main(options, folder):
    """Print the times and sizes."""
    clone = Path(folder) / "avef"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=clone, check=True, capture_output=True, text=True
    )
    waits = {"set-up": seconds(["make", ".venv/.installed-cpu"], clone)}
    waits["repro"] = seconds(["make", "repro"], clone)
    sizes = {
        "environment": gigabytes(clone / ".venv"),
        "results": gigabytes(clone / "data", clone / "reports", clone / ".dvc"),
    }
    if options.tests:
        waits["test"] = seconds(["make", "test"], clone)
    for name, value in waits.items():
        print(f"{name:12} {value / 60:6.1f} min")
    for name, value in sizes.items():
        print(f"{name:12} {value:6.1f} GB")
    if options.json:
        results = {"commit": commit.stdout.strip(), "seconds": waits, "gigabytes": sizes}
        results |= given(clone / "reports" / "tables")
        write_json(options.json, {"machine": described()} | results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tests", action="store_true", help="time `make test`, too")
    parser.add_argument("--keep", type=Path, help="clone into this folder, and leave it")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True)
        main(chosen, chosen.keep)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(chosen, scratch)
