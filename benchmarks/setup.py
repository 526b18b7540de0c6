"""How much sooner the environment stands when uv installs it, and not pip.

    python benchmarks/setup.py [--rounds N] [--json PATH]

In turns, in a fresh clone with empty caches: a new .venv from the lock, by each of the ways
below, then a first and a second start of what the stages import, since one way leaves the
compiling to the first. What is not committed is not in the clone. pip installs the build
tools in each way, uv among them: a second or two that pip alone would not need.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from avef.core.files import write_json
from avef.core.machine import described

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = "import cv2, librosa, sklearn, tensorflow"
#: Who installs, and whether Python may keep what it compiles when it imports.
WAYS = {"pip": ("pip", True), "uv": ("uv", True), "uv, all compiled": ("uv", False)}
STEPS = ("set-up", "first start", "second start")


def spent(*commands, folder, variables):
    """(wall, processor) seconds of some commands, which must succeed."""
    wall, used = time.perf_counter(), processor()
    for command in commands:
        subprocess.run(command, cwd=folder, env=variables, check=True)
    return time.perf_counter() - wall, processor() - used


def processor():
    """Seconds that ended children of this process have had."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def turn(way, clone):
    """(wall, processor) seconds of each step."""
    installer, keeps = WAYS[way]
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=clone.parent) as caches:
        variables = os.environ | {"UV_CACHE_DIR": f"{caches}/uv", "PIP_CACHE_DIR": f"{caches}/pip"}
        variables |= {"PYTHONDONTWRITEBYTECODE": "" if keeps else "1"}
        python = ".venv/bin/python"
        create = [sys.executable, "-m", "venv", ".venv"]
        install = [python, "tools/install.py", "requirements/cpu.lock", installer]
        start = [python, "-c", IMPORTS]
        steps = ((create, install), (start,), (start,))
        return [spent(*step, folder=clone, variables=variables) for step in steps]


def main(options, folder):
    """Print the medians."""
    clone = Path(folder) / "avef"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    turns = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            turns[way].append(turn(way, clone))
            print(f"{way:18}", np.round(turns[way][-1], 1).tolist(), flush=True)
    medians = {way: np.median(turns[way], axis=0) for way in WAYS}
    print("wall, processor s ", *(f"{step:>16}" for step in STEPS))
    for way, steps in medians.items():
        print(f"{way:18}", *(f"{wall:9.1f} {used:6.1f}" for wall, used in steps))
    if options.json:
        figures = {
            way: {
                step: {"seconds": wall, "processor seconds": used}
                for step, (wall, used) in zip(STEPS, steps.tolist(), strict=True)
            }
            for way, steps in medians.items()
        }
        write_json(options.json, {"machine": described(), "rounds": options.rounds} | figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way")
    parser.add_argument("--json", type=Path, help="write the medians there, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        main(chosen, scratch)
