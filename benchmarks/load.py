"""Whether memory, file handles and speed stay flat while thousands of clips pass through.

    python benchmarks/load.py [--clips N] [--predict N] [--jobs N] [--json PATH]

First preparation, 5000 short clips by the processes of two cores; then `avef predict` on a folder
of 1000, by the model of the repository's first corpus, whose stages must have run (--repository
names another one). The clips are a few synthetic ones of 1 to 2 s, linked under many names. All
processes of each are looked at twice a second. What is told: the memory of all of them together
and their open files, at every tenth of the way; and how many clips a second the last tenth took
beside the first, where the start-up is left out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from avef.core.files import write_json
from avef.core.machine import described
from avef.demo import make_clip
from avef.demo.clip import Script
from avef.preparation.clips import prepare_corpus
from avef.protocol import EMOTIONS

ROOT = Path(__file__).resolve().parents[1]
PEOPLE, WARM_UP = 4, 0.02  # the share of the clips that start-up is given
TENTHS = np.arange(1, 11) / 10


class Watch(threading.Thread):
    """Notes what some processes take and how far they have come, until it is stopped.

    Parameters
    ----------
    top : psutil.Process
        Looked at with all below it.
    count : callable
        How many clips are done.
    """

    def __init__(self, top, count):
        super().__init__(daemon=True)
        self.top, self.count, self.over = top, count, threading.Event()
        self.rows = []

    def run(self):
        """Note seconds, clips done, MiB and open files, twice a second."""
        start = time.perf_counter()
        while not self.over.wait(0.5):
            taken = [one for one in map(_taken, self._family()) if one]
            if taken:
                memory, files = map(sum, zip(*taken, strict=True))
                self.rows.append((time.perf_counter() - start, self.count(), memory, files))

    def _family(self):
        try:
            return [self.top, *self.top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _taken(process):
    """MiB and open files of a process that may have ended."""
    try:
        return process.memory_info().rss / 2**20, process.num_fds()
    except psutil.Error:
        return None


def made(folder, count):
    """So many clips in a folder: a few, under many names."""
    first = []
    for number in range(PEOPLE * len(EMOTIONS)):
        path = folder / f"first{number}.avi"
        emotion = EMOTIONS[number % len(EMOTIONS)]
        make_clip(
            path,
            emotion=emotion,
            identity=number // len(EMOTIONS),
            seed=number,
            script=Script(seconds=(1.0, 2.0)),
        )
        first.append(path)
    raw = folder / "raw"
    raw.mkdir()
    for number in range(count):
        os.link(first[number % len(first)], raw / f"{number:05d}.avi")
    return raw


def prepared(folder, count, jobs):
    """Prepare that many clips; what was seen, and when each was done."""
    raw, out = made(folder, count), folder / "prepared"
    names = [f"{number:05d}" for number in range(count)]
    clips = pd.DataFrame({"clip": names, "path": [f"{name}.avi" for name in names]})
    watch = Watch(psutil.Process(), lambda: _files(out))
    watch.start()
    _, quarantine = prepare_corpus(clips, raw, out, jobs=jobs, face_size=48)
    watch.over.set()
    watch.join()
    assert quarantine.empty, quarantine
    return watch.rows, sorted(path.stat().st_mtime for path in out.glob("*.npz"))


def _files(folder):
    return sum(1 for _ in folder.glob("[!.]*.npz"))


def predicted(folder, count, repository, threads):
    """Recognise that many clips by the command; what was seen, and when each was done."""
    raw, out, done = made(folder, count), folder / "results.jsonl", []
    command = [sys.executable, "-m", "avef", "predict", str(raw), "--out", str(out)]
    process = subprocess.Popen([*command, "--threads", str(threads)], cwd=repository)
    watch = Watch(psutil.Process(process.pid), lambda: len(done))
    watch.start()
    with out.open("a+") as file:  # the command appends to it
        while process.poll() is None:
            done += [time.time()] * len(file.readlines())
            time.sleep(0.02)
    watch.over.set()
    watch.join()
    assert process.returncode == 0, process.returncode
    return watch.rows, done


def told(rows, done):
    """The figures of :mod:`benchmarks.load`, of what was seen."""
    seen = pd.DataFrame(rows, columns=["seconds", "clips", "memory", "files"])
    count, steps = len(done), np.diff(done)
    skipped = round(WARM_UP * count)
    tenth = (count - skipped) // 10
    rates = [tenth / steps[at : at + tenth].sum() for at in (skipped, count - 1 - tenth)]
    busy = seen[(seen["clips"] > skipped) & (seen["clips"] < count)]
    parts = [busy[busy["clips"] <= share * count] for share in TENTHS]
    early, late = busy[busy["clips"] <= 0.2 * count], busy[busy["clips"] >= 0.8 * count]
    return {
        "clips": count,
        "seconds": round(seen["seconds"].iloc[-1]),
        "MiB at each tenth": [round(part["memory"].iloc[-1]) for part in parts],
        "open files at each tenth": [int(part["files"].iloc[-1]) for part in parts],
        "highest memory, last fifth to first": _ratio(late["memory"].max(), early["memory"].max()),
        "most open files, first and last fifth": [int(e["files"].max()) for e in (early, late)],
        "clips a second, first and last tenth": [round(float(rate), 3) for rate in rates],
        "speed of the last tenth to that of the first": _ratio(rates[1], rates[0]),
    }


def _ratio(one, other):
    return round(float(one / other), 3)


def main(options):
    """Print and write the figures of both."""
    results = {"machine": described()}
    with tempfile.TemporaryDirectory() as folder:
        figures = told(*prepared(Path(folder), options.clips, options.jobs))
        results[f"preparation, {options.jobs} processes"] = figures
        print(pd.Series(figures).to_string())
    with tempfile.TemporaryDirectory() as folder:
        figures = told(*predicted(Path(folder), options.predict, options.repository, options.jobs))
        results[f"avef predict, {options.jobs} threads"] = figures
        print(pd.Series(figures).to_string())
    if options.json:
        write_json(options.json, results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=5000)
    parser.add_argument("--predict", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2, help="processes, then threads")
    parser.add_argument("--repository", type=Path, default=ROOT, help="whose model predicts")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    main(parser.parse_args())
