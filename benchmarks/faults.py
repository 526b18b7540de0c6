"""Kills, full disks, rivals and flipped bits, injected into the smallest pipeline: what is lost.

    python benchmarks/faults.py [--seed N] [--kills N] [--flips N] [--keep PATH] [--json PATH]

A copy of the repository is reproduced with the nano profile of the tests. Then, again and
again, a stage's results are taken away, it is started anew and killed at a random moment with
`kill -9`: DVC's whole group, DVC alone, or one of the processes that work for it; or it is
stopped by SIGINT or SIGTERM, or from then on every file that it writes is refused beyond a
random size, as on a full disk; or two of it are started at once. No process may be left, and
what a rerun makes must be what was there before, to the byte. A disturbance that comes when
the run is over does not count. Stages and kinds come in turn, in orders that the seed draws.
DVC itself writes dvc.lock and .dvc/tmp/rwlock in place: where it was disturbed just then, they
are mended as `avef doctor` says, and the row tells so. Of the stored files, of every kind in
turn, one random bit is turned over and the file's time set back: whoever reads it must refuse
it by name, and `dvc repro` make it anew.

With the usual numbers it takes about a quarter of an hour on two cores: four minutes to
reproduce, one to time the stages, a quarter of a minute for each disturbance, half for each bit.
"""

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import yaml

from avef.core.files import write_json
from avef.core.machine import described

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from test_pipeline import configure, copied, leave_out, make_own

PATIENCE = 20  # s that the processes of a killed run may take to end
LONGEST = 180  # s after which a disturbed run that goes on counts as one that hangs
#: Stage → what it makes, which is taken away before it is killed.
STAGES = {
    "preprocessing@rml": ("data/prepared/rml", "reports/notebooks/01_preprocessing-rml.ipynb"),
    "transfer@rml": ("data/transfer/rml", "reports/notebooks/02_transfer-rml.ipynb"),
    "audio_net@rml": ("data/audio_net/rml", "reports/predictions/audio_net-rml.csv"),
    "visual_net@rml": ("data/visual_net/rml", "reports/predictions/visual_net-rml.csv"),
    "dbn_fusion@rml": ("data/dbn_fusion/rml", "reports/curves/dbn_fusion-rml.csv"),
    "svm@rml": ("reports/predictions/svm-rml.csv", "reports/notebooks/06_svm-rml.ipynb"),
    "tables": ("reports/tables/table_4.csv", "reports/notebooks/07_tables_4_10.ipynb"),
}
KINDS = (
    *("the group", "DVC alone", "one process", "SIGINT", "SIGTERM"),
    *("full disk", "two at once"),
)
#: What DVC writes in place, and what reads it.
OF_DVC = {"dvc.lock": yaml.safe_load, ".dvc/tmp/rwlock": json.loads}
#: Kind of stored file → (pattern, the stage that reads it, the stages that make it anew).
STORED = {
    "prepared clip": ("data/prepared/rml/*.npz", "audio_net@rml", "preprocessing@rml"),
    "table of clips": ("data/prepared/rml/clips.csv", "audio_net@rml", "preprocessing@rml"),
    "its digests": ("data/prepared/rml/SHA256SUMS", "audio_net@rml", "preprocessing@rml"),
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
        for file in path.rglob("*") if path.is_dir() else [path]:
            file.unlink() if file.is_file() else None


def struck(run, kind, folder, chance):
    """Disturb a run that is at work; how, in words."""
    victims = [number for number in processes(folder) if number != run.pid]
    if kind == "the group":
        os.killpg(run.pid, signal.SIGKILL)
    elif kind == "SIGINT":
        os.killpg(run.pid, signal.SIGINT)
    elif kind == "SIGTERM":
        run.terminate()
    elif kind == "full disk":
        size = int(10 ** chance.uniform(0, 5.5))
        for number in (run.pid, *victims):  # and those that they start
            with suppress(ProcessLookupError):
                resource.prlimit(number, resource.RLIMIT_FSIZE, (size, size))
        return f"{kind}, {size} bytes a file"
    else:
        one = chance.choice(victims) if kind == "one process" and victims else run.pid
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    return kind


def interrupted(folder, stage, kind, *, after, chance):
    """Start a stage and disturb it after some seconds; what it leaves, None if it was over."""
    took_away(folder, stage)
    run = started(folder, stage, once=True)
    rival = started(folder, stage, once=True) if kind == "two at once" else None
    if rival is None:
        time.sleep(after)
        if run.poll() is not None:
            run.communicate()
            return None
        kind = struck(run, kind, folder, chance)
    begun = time.monotonic()
    said = ended(run) + (ended(rival) if rival else "")
    if kind.startswith("full disk") and run.returncode == 0:  # it had no more to write
        return None
    limit = time.monotonic() + PATIENCE
    while processes(folder) and time.monotonic() < limit:
        time.sleep(0.1)
    waited, left = time.monotonic() - begun, processes(folder)
    for number in left:
        os.kill(number, signal.SIGKILL)
    seen = {"left": len(left), "seconds": round(waited, 1), "traceback": "Traceback" in said}
    return {"fault": kind} | seen


def ended(run):
    """What a disturbed run says until it ends; one that does not is killed, and left processes."""
    try:
        return run.communicate(timeout=LONGEST)[0]
    except subprocess.TimeoutExpired:
        return "it hangs"


def mended(folder, kept):
    """Which of DVC's own files were cut short; they are put back, or taken away."""
    cut = []
    for name, read in OF_DVC.items():
        file = folder / name
        try:
            whole = not file.is_file() or isinstance(read(file.read_text()), dict)
        except (ValueError, yaml.YAMLError):
            whole = False
        if not whole:
            cut.append(name)
            shutil.copy(kept, file) if name == "dvc.lock" else file.unlink()
    return cut


def in_turn(choices, chance):
    """All of some choices in a random order, then all of them in another, and so on."""
    while True:
        yield from chance.sample([*choices], len(choices))


def kills(folder, count, chance):
    """Rows of what came of each disturbance."""
    whole, lengths = digests(folder), {}
    for stage in STAGES:
        took_away(folder, stage)
        begun = time.monotonic()
        finished(started(folder, stage, once=True))
        lengths[stage] = time.monotonic() - begun
    undisturbed = digests(folder) == whole
    kept = Path(shutil.copy(folder / "dvc.lock", folder / ".dvc" / "tmp" / "kept.lock"))
    turns = zip(range(count), in_turn(STAGES, chance), in_turn(KINDS, chance), strict=False)
    for _, stage, kind in turns:
        came = None
        while came is None:
            after = chance.uniform(1, 0.95 * lengths[stage])
            came = interrupted(folder, stage, kind, after=after, chance=chance)
        cut = mended(folder, kept)
        finished(started(folder, stage, once=True))
        row = {"stage": stage, "after": round(after, 1)} | came | {"cut short": cut}
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
    parser.add_argument("--kills", type=int, default=21)
    parser.add_argument("--flips", type=int, default=8)
    parser.add_argument("--keep", type=Path, help="reproduce in this folder, or go on with it")
    parser.add_argument("--json", type=Path, help="write the summary there")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        main(chosen, chosen.keep.resolve())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(chosen, Path(scratch).resolve())
