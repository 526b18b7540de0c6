"""How long a newcomer waits: the README's two commands in a fresh clone.

    python benchmarks/repro.py [--tests] [--keep PATH] [--json PATH]

The set-up alone, then `make repro`, then with --tests `make test`; and what they take of the
disk. What is not committed is not in the clone. --keep leaves the clone there.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

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
        write_json(options.json, {"machine": described()} | results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tests", action="store_true", help="time `make test`, too")
    parser.add_argument("--keep", type=Path, help="clone into this folder, and leave it")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True)
        main(given, given.keep)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(given, scratch)
