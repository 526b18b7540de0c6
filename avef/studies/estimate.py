"""A plan as text: what the learning stages will cost on this machine, or on a GPU."""

from __future__ import annotations

import time

from joblib import cpu_count

from avef.config.schema import Params
from avef.evaluation import marks
from avef.studies import early
from avef.studies.costs import measure, parts
from avef.studies.plan import plan, room, sizes, too_much

PERFORMED = 100.0  # TFLOP/s that a large GPU may perform, of the several hundred it is sold for
PATIENCE = 72.0  # hours; of more, people are told what takes less
SMALLER = (
    "a CPU can finish `avef profile paper-small`: the same clips and folds, networks of a quarter "
    "of the width, fewer epochs, and results that are marked as those of other networks"
)


def report(params: Params, limit: float = 1.0) -> str:
    """The plan as text: sizes, the table, sums, and what will not fit on this machine."""
    size_of, costs = sizes(params), parts(params)
    start, cores = time.perf_counter(), cpu_count()
    rates = measure(params, costs, limit)
    table = plan(params, size_of, costs=costs, rates=rates, cores=cores)
    spent = time.perf_counter() - start
    lines = [
        f"{corpus}: {size.clips} clips of {size.speakers} speakers, "
        f"{size.segments[0]} and {size.segments[1]} segments (cases 1 and 2), from {size.source}"
        for corpus, size in size_of.items()
    ]
    jobs = cores if params.jobs.train == -1 else params.jobs.train
    lines += ["", table.to_string(index=False, float_format=_short), ""]
    lines.append(
        f"together {lasting(table['hours'].sum())} with {jobs} worker(s) at the speed of one alone "
        f"({spent:.0f} s of measurement), {table['disk_gib'].sum():.3g} GiB of disk"
    )
    pflop = table["pflop"].sum()
    lines.append(
        f"{_short(pflop)} PFLOP in all: {lasting(pflop / 3.6 / PERFORMED)} on a GPU that performs "
        f"{PERFORMED:.0f} TFLOP/s of such work (no GPU was measured; `benchmarks/gpu.sh` does)"
    )
    if params.stop.early and early.MEASURED.is_file():
        lines.append(early.sentence(params, table))
    if marks.of(params) == "paper" and table["hours"].sum() > PATIENCE:
        lines.append(SMALLER)
    return "\n".join(lines + (too_much(table, *room()) or ["everything fits"]))


def lasting(hours: float) -> str:
    """Hours in the unit that people would use.

    >>> [lasting(hours) for hours in (0.2, 30, 100, 88_000)]
    ['12 min', '30 h', '4.2 days', '10 years']
    """
    for unit, length, least in (("years", 8766, 1), ("days", 24, 3), ("h", 1, 1)):
        if hours >= least * length:
            return f"{_short(float(f'{hours / length:.2g}'))} {unit}"
    return f"{60 * hours:.0f} min"


def _short(number):
    return f"{number:.3g}"
