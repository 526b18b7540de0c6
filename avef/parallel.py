"""Independent pieces of work, spread over processes, with progress."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator

from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from avef.errors import ParameterError


def each(function: Callable, items: Iterable[tuple], jobs: int, title: str) -> Iterator:
    """Call ``function(*item)`` for every item; yield the results in order.

    Parameters
    ----------
    function : callable
        Importable, as other processes must find it.
    items : iterable of tuple
    jobs : int
        Worker processes; 1 stays in this process, −1 takes one a core.
    title : str
        Shown with the progress, on standard error.
    """
    if jobs < 1 and jobs != -1:
        raise ParameterError(f"jobs must be -1 or at least 1, got {jobs}")
    items = list(items)
    jobs = min(cpu_count() if jobs == -1 else jobs, max(1, len(items)))
    live = sys.stderr.isatty()
    bar = tqdm(total=len(items), desc=title, mininterval=0.5 if live else 15, ascii=not live)
    with bar:
        if jobs == 1:
            results = (function(*item) for item in items)
        else:
            work = (delayed(_alone)(function, item) for item in items)
            results = Parallel(jobs, return_as="generator")(work)
        for result in results:
            bar.update()
            yield result


def _alone(function, item):
    """Run in a worker, on one thread: the processes share the cores."""
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return function(*item)
