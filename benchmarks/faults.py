"""Kills, flipped bits and rivals, injected into the smallest pipeline: what is lost by them.

    python benchmarks/faults.py [--seed N] [--kills N] [--flips N] [--keep PATH] [--json PATH]

A copy of the repository is reproduced with the nano profile of the tests. Then, again and
again, a stage's results are taken away, it is started anew and killed at a random moment with
`kill -9`: DVC's whole group, DVC alone, or one of the processes that work for it; or it is
stopped by SIGINT or SIGTERM, or two of it are started at once. No process may be left, and
what a rerun makes must be what was there before, to the byte. A disturbance that comes when
the run is over does not count. Of the stored files, of every
kind in turn, one random bit is turned over and the file's time set back: whoever reads it must
refuse it by name, and `dvc repro` make it anew.
"""

import argparse
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from avef.core.files import write_json
from avef.core.machine import described

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from test_pipeline import configure, copied, leave_out, make_own

PATIENCE = 20  # s that the processes of a killed run may take to end
#: Stage → what it makes, which is taken away before it is killed.
STAGES = {
    "preprocessing@rml": ("data/prepared/rml", "reports/notebooks/01_preprocessing-rml.ipynb"),
    "audio_net@rml": ("data/audio_net/rml", "reports/predictions/audio_net-rml.csv"),
    "tables": ("reports/tables/table_4.csv", "reports/notebooks/07_tables_4_10.ipynb"),
}
KINDS = ("the group", "DVC alone", "one process", "SIGINT", "SIGTERM", "two at once")
#: Kind of stored file → (pattern, the stage that reads it, the stages that make it anew).
STORED = {
    "prepared clip": ("data/prepared/rml/*.npz", "audio_net@rml", "preprocessing@rml"),
    "cell": ("data/audio_net/rml/*.npz", "audio_net@rml", "audio_net@rml"),
    "weights": ("data/audio_net/rml/*.h5", "dbn_fusion@rml", "audio_net@rml"),
    "source weights": ("data/transfer/rml/emotion/*.h5", "dbn_fusion@rml", "transfer@rml"),
    "VAD's weights": ("data/vad/vad.npz", "preprocessing@rml", "vad"),
    "cell of the fusion": ("data/dbn_fusion/rml/*.npz", "svm@rml", "dbn_fusion@rml"),
}


def prepared(folder):
    """The pipeline, reproduced up to the tables, with one corpus of the demo and one more."""
    if (folder / "dvc.lock").is_file():  # it was kept
        finished(started(folder, "svm", "tables"))
        return
    copied(folder)
    make_own(folder / "data" / "own")
    configure(folder, "\ncorpora:\n", "\ncorpora:\n  mine: {root: data/own, reader: ravdess}\n")
    configure(folder, "\nprotocol:\n", "\nprotocol:\n  mine: {groups: 2}\n")
    leave_out(folder, "enterface05", "baum1s")
    configure(folder, "seeds: [2020, 2021]", "seeds: [2020]")
    configure(folder, "train: 1", "train: 2")
    finished(started(folder, "svm", "tables"))


def started(folder, *targets, once=False):
    """DVC, in a group of its own; with ``once`` of the targets alone, whatever they stand on."""
    python = Path(sys.executable)
    environment = os.environ | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "DVC_NO_ANALYTICS": "1",
    }
    command = [python, "-m", "dvc", "repro", "--no-run-cache", *(["-s"] if once else []), *targets]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def finished(run, *, fails=False):
    """What a run says, once it has ended as it must."""
    said = run.communicate()[0]
    if (run.returncode != 0) != fails:
        raise SystemExit(f"exit status {run.returncode}:\n{said[-4000:]}")
    return said


def digests(folder):
    """Path → digest of everything that the stages have made, but for the logs."""
    files = [p for top in ("data", "reports") for p in sorted((folder / top).rglob("*"))]
    names = [p for p in files if p.is_file() and "logs" not in p.parts]
    return {str(p.relative_to(folder)): hashlib.md5(p.read_bytes()).hexdigest() for p in names}


def processes(folder):
    """Numbers of all processes that work in a folder."""
    there = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                there.append(int(entry.name))
        except OSError:
            continue
    return there


def took_away(folder, stage):
    """Remove what a stage has made."""
    for name in STAGES[stage]:
        path = folder / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            file.unlink()


def interrupted(folder, stage, kind, *, after, chance):
    """Start a stage and disturb it after some seconds; what it leaves, None if it was over."""
    took_away(folder, stage)
    run = started(folder, stage, once=True)
    rival = started(folder, stage, once=True) if kind == "two at once" else None
    if rival is None:
        time.sleep(after)
        victims = [number for number in processes(folder) if number != run.pid]
        if run.poll() is not None:
            run.communicate()
            return None
        if kind == "the group":
            os.killpg(run.pid, signal.SIGKILL)
        elif kind == "SIGINT":
            os.killpg(run.pid, signal.SIGINT)
        elif kind == "SIGTERM":
            run.terminate()
        else:
            one = chance.choice(victims) if kind == "one process" and victims else run.pid
            os.kill(one, signal.SIGKILL)
    begun = time.monotonic()
    said = run.communicate()[0] + (rival.communicate()[0] if rival else "")
    while processes(folder) and time.monotonic() - begun < PATIENCE:
        time.sleep(0.1)
    waited, left = time.monotonic() - begun, processes(folder)
    for number in left:
        os.kill(number, signal.SIGKILL)
    return {"left": len(left), "seconds": round(waited, 1), "traceback": "Traceback" in said}


def kills(folder, count, chance):
    """Rows of what came of each disturbance."""
    whole = digests(folder)
    lengths = {}
    for stage in STAGES:
        took_away(folder, stage)
        begun = time.monotonic()
        finished(started(folder, stage, once=True))
        lengths[stage] = time.monotonic() - begun
    undisturbed = digests(folder) == whole
    number = 0
    while number < count:
        stage, kind = [*STAGES][number % len(STAGES)], KINDS[number // 3 % len(KINDS)]
        after = chance.uniform(1, 0.95 * lengths[stage])
        came = interrupted(folder, stage, kind, after=after, chance=chance)
        if came is None:
            continue
        number += 1
        finished(started(folder, stage, once=True))
        row = {"fault": kind, "stage": stage, "after": round(after, 1)} | came
        yield row | {"same bytes": digests(folder) == whole and undisturbed}


def flips(folder, count, chance):
    """Rows of what came of each flipped bit."""
    whole = digests(folder)
    for number in range(count):
        kind = [*STORED][number % len(STORED)]
        pattern, reader, maker = STORED[kind]
        file = chance.choice(sorted(folder.glob(pattern)))
        times, content = file.stat(), bytearray(file.read_bytes())
        bit = chance.randrange(8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        for name in () if reader == maker else STAGES.get(reader, ()):
            (folder / name).unlink() if (folder / name).is_file() else None
        refused = "made anew"
        if reader != maker:
            said = finished(started(folder, "-f", reader, once=True), fails=True)
            named = re.search(rf"[^\n]*{re.escape(file.name)}[^\n]*", said)
            refused = named[0].strip()[-160:].replace(str(folder), "") if named else "NOT NAMED"
        finished(started(folder, *(["-f"] if reader == maker else []), maker, once=True))
        finished(started(folder, reader, once=True))
        same = digests(folder) == whole
        name = str(file.relative_to(folder))
        yield {"kind": kind, "file": name, "bit": bit, "said": refused, "same bytes": same}


def main(options, folder):
    """Print every fault as it comes, and write them all."""
    chance = random.Random(options.seed)
    prepared(folder)
    results = {"machine": described(), "seed": options.seed, "kills": [], "flips": []}
    for name, made in (("flips", flips), ("kills", kills)):
        for row in made(folder, getattr(options, name), chance):
            print(row, flush=True)
            results[name].append(row)
            if options.json:
                write_json(options.json, results)
    rows = results["kills"] + results["flips"]
    lost = [r for r in rows if not r["same bytes"] or r.get("left") or r.get("said") == "NOT NAMED"]
    print(f"{len(rows)} faults, {len(rows) - len(lost)} survived")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--flips", type=int, default=6)
    parser.add_argument("--keep", type=Path, help="reproduce in this folder, or go on with it")
    parser.add_argument("--json", type=Path, help="write the summary there")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        main(chosen, chosen.keep.resolve())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(chosen, Path(scratch).resolve())
