"""Whether anything that comes in from outside ends as another error than avef's own.

    python benchmarks/fuzz.py [--cases N] [--seed S] [--door NAME …] [--keep FOLDER] [--json PATH]

Spoilt parameters, label tables, stored arrays, films, notes, notebooks, pages and names
(those of `doors/`) are read as avef reads them. A case is fine, or refused by one of
avef's errors, or it escapes: another exception, something live on a page, an entry that does not
come back, or more than 20 seconds. The same seed gives the same cases. What escapes is kept in
FOLDER, as the file that was read; the exit status is then 1.
"""

import argparse
import logging
import multiprocessing
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from doors import DOORS

from avef.core.errors import ClipError, ParameterError
from avef.core.files import write_json
from avef.core.machine import described

LONGEST, MESSAGE, PIECE = 20, 20_000, 250


def knock(task):
    """Outcomes and escapes of some cases at one door: (door, seed, first, last, keep)."""
    name, seed, first, last, keep = task
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, _late)
    outcomes, escapes = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        door = DOORS[name](folder)
        path = Path(folder) / f"input{door.suffix}"
        for number in range(first, last):
            data = door.case(random.Random(f"{seed}/{name}/{number}"))
            path.write_bytes(data)
            outcome, told = _outcome(door, path)
            outcomes[outcome] += 1
            if outcome == "escaped":
                escapes.append(f"{name} {number}: {told}")
                if keep:
                    Path(keep).mkdir(parents=True, exist_ok=True)
                    (Path(keep) / f"{name}-{number}{door.suffix}").write_bytes(data)
    return name, outcomes, escapes


def _late(*_):
    raise TimeoutError(f"more than {LONGEST} s")


def _outcome(door, path):
    signal.alarm(LONGEST)
    try:
        door.open(path)
        return "fine", ""
    except (ParameterError, ClipError) as error:
        if len(str(error)) > MESSAGE:
            return "escaped", f"a message of {len(str(error))} letters"
        return "refused", ""
    except Exception as error:  # which is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {str(error)[:200]!r}"
        return "escaped", f"{told} ({Path(where.filename).name}:{where.lineno})"
    finally:
        signal.alarm(0)


def tasks(cases, seed, doors, keep):
    """The cases parted by door, as often as each door says, and in pieces for the workers."""
    shares = {name: DOORS[name].share for name in doors}
    for name, share in shares.items():
        count = max(1, round(cases * share / sum(shares.values())))
        for first in range(0, count, PIECE):
            yield name, seed, first, min(first + PIECE, count), keep


def run(cases, seed=0, doors=tuple(DOORS), *, keep=None, jobs=1):
    """Knock; door → outcomes, and a line for each escape."""
    told, escapes = {name: Counter() for name in doors}, []
    planned = list(tasks(cases, seed, doors, keep))
    if jobs == 1:
        pool, results = None, map(knock, planned)
    else:
        pool = multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=20)
        results = pool.imap_unordered(knock, planned)
    for name, outcomes, lines in results:
        told[name] += outcomes
        escapes += lines
        for line in lines:
            print(line, file=sys.stderr, flush=True)
    if pool:
        pool.terminate()
    return told, escapes


def main(options):
    """Print the outcomes by door, and write what is asked for."""
    began = time.perf_counter()
    told, escapes = run(
        options.cases, options.seed, options.door or tuple(DOORS),
        keep=options.keep, jobs=options.jobs,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    doors = {
        name: {kind: outcomes[kind] for kind in ("fine", "refused", "escaped")}
        for name, outcomes in told.items()
    }
    cases = sum(outcomes.total() for outcomes in told.values())
    for name, outcomes in doors.items():
        print(f"{name:12}", *(f"{count:7} {kind}" for kind, count in outcomes.items()))
    print(f"{cases} cases in {seconds:.0f} s, {len(escapes)} escaped")
    if options.json:
        facts = {"machine": described(), "seed": options.seed, "cases": cases}
        facts |= {"escaped": len(escapes), "seconds": round(seconds), "jobs": options.jobs}
        write_json(options.json, facts | {"doors": doors})
    return 1 if escapes else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--door", action="append", choices=[*DOORS], metavar="NAME")
    parser.add_argument("--keep", metavar="FOLDER", help="for the files that escape")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", metavar="PATH")
    raise SystemExit(main(parser.parse_args()))
