"""How long a newcomer waits: the README's two commands in a fresh clone.

    python benchmarks/repro.py [--against COMMIT] [--seeds SEED …] [--no-tests] [--keep PATH]
                               [--json PATH]

The set-up alone, then `make repro`, then `make test`; what they take of the disk, and what
the demo gave. With --against an older commit does the same in turns in a clone of its own.
With --seeds the demo is then trained from these, too, not timed, for means over trainings.
What is not committed is not in the clones. --keep leaves them there.
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd

from avef.core.files import write_json
from avef.core.machine import described

ROOT = Path(__file__).resolve().parents[1]
GB = 1e9
STEPS = {
    "set-up": ("make", ".venv/.installed-cpu"),
    "repro": ("make", "repro"),
    "test": ("make", "test"),
}


def cloned(commit, folder):
    """A clone of the repository at a commit, and the commit's full name."""
    for command in (
        ["git", "clone", "--quiet", str(ROOT), str(folder)],
        ["git", "-C", str(folder), "checkout", "--quiet", commit],
    ):
        subprocess.run(command, check=True)
    name = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    return subprocess.run(name, check=True, capture_output=True, text=True).stdout.strip()


def seconds(command, folder, *, strict=True):
    """Wall time of a command, whose output passes through; if strict, it must succeed."""
    print(f"{folder}$ {' '.join(command)}", flush=True)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=strict)
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


def accuracy(tables):
    """Mean over all entries of Tables 4-6, percent."""
    entries = [pd.read_csv(tables / f"table_{number}.csv")["ours"] for number in (4, 5, 6)]
    return pd.concat(entries).mean()


def reseed(file, seeds):
    """Let every entry of the tables be trained once from each of some seeds."""
    text, count = re.subn(r"(?m)^seeds: \[.*?\]", f"seeds: {seeds}", file.read_text())
    assert count == 1, file
    file.write_text(text)


def given(tables):
    """What of the demo's results the texts quote, over all its trainings."""
    six = pd.read_csv(tables / "table_6.csv").query("case == 2").set_index("dataset")
    six = six[["ours", "deviation", "seeds"]].rename(columns={"ours": "mean"})
    control = pd.read_csv(tables / "dbn_control.csv").set_index(["start", "dataset"])["kept"]
    return {
        "mean accuracy, Tables 4-6, percent": accuracy(tables),
        "six emotions, both modalities, case 2": six.to_dict("index"),
        "head start of the DBN that is kept, percent": {
            start: control[start].to_dict() for start in ("units shuffled", "values shuffled")
        },
    }


def main(options, folder):
    """Print times, their ratios and sizes."""
    clones = {"now": folder / "avef"}
    if options.against:
        clones = {"then": folder / "avef-then"} | clones
    commits = {
        name: cloned(options.against if name == "then" else "HEAD", clone)
        for name, clone in clones.items()
    }
    waits = {name: {} for name in clones}
    for step, command in STEPS.items():
        if step == "test" and not options.tests:
            continue
        for name, clone in clones.items():
            # Tests may fail, old ones at newer data beside the clone; what they take is known then.
            waits[name][step] = seconds(command, clone, strict=step != "test")
    now = clones["now"]
    sizes = {
        "environment": gigabytes(now / ".venv"),
        "results": gigabytes(now / "data", now / "reports", now / ".dvc"),
    }
    table = pd.DataFrame(waits)
    if options.against:
        table["ratio"] = table["now"] / table["then"]
    print(table.round(2).to_string())
    print(", ".join(f"{name} {size:.1f} GB" for name, size in sizes.items()))
    results = {
        "machine": described(),
        "commit": commits["now"],
        "seconds": waits["now"],
        "gigabytes": sizes,
        "mean accuracy, Tables 4-6, percent": accuracy(now / "reports" / "tables"),
    }
    if options.against:
        results["against"] = {
            "commit": commits["then"],
            "seconds": waits["then"],
            "share of its time": table["ratio"].to_dict(),
            "mean accuracy, Tables 4-6, percent": accuracy(clones["then"] / "reports" / "tables"),
        }
    if options.json:
        write_json(options.json, results)
    if options.seeds:
        reseed(now / "params.yaml", options.seeds)
        subprocess.run(STEPS["repro"], cwd=now, check=True)
    results["of all seeds"] = given(now / "reports" / "tables")
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--against", metavar="COMMIT", help="time this one, too")
    parser.add_argument("--seeds", type=int, nargs="+", help="train from these, too, afterwards")
    parser.add_argument("--no-tests", dest="tests", action="store_false", help="leave them out")
    parser.add_argument("--keep", type=Path, help="clone into this folder, and leave it")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        main(chosen, chosen.keep.resolve())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(chosen, Path(scratch))
