"""Independent pieces of work, spread over processes, with progress."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import current_process
from pathlib import Path
from tempfile import TemporaryDirectory

from joblib import Parallel, cpu_count, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from avef.core import devices, log
from avef.core.errors import KILLED, ParameterError, RunError

_log = logging.getLogger(__name__)
_WATCH = "watches the parent"


@contextmanager
def backend(name: str, scheduler: str | None = None) -> Iterator[None]:
    """Where :func:`each` finds its workers, within a ``with`` block.

    Parameters
    ----------
    name : {"loky", "dask"}
        Processes of this machine, which end with the block; or all workers of a Dask
        cluster that is already there and shares this folder, each of one thread.
    scheduler : str
        The cluster's address, such as ``tcp://host:8786``.

    Raises
    ------
    ParameterError
        If the cluster cannot be reached, or a worker of it has several threads.
    """
    if name == "loky":
        with TemporaryDirectory(prefix="avef-") as folder:  # else a killed kernel would leave one
            try:
                with parallel_config(backend="loky", temp_folder=folder):
                    yield
            finally:  # their memory, and a notebook's kernel is slow to stop while it has children
                get_reusable_executor().shutdown(wait=True)
        return
    if not scheduler:
        raise ParameterError("jobs.scheduler: must be the Dask scheduler's address, got none")
    try:
        from distributed import Client
    except ImportError as error:
        raise ParameterError("jobs.backend: dask needs the package distributed") from error
    try:
        client = Client(scheduler, timeout="10s")
    except OSError as error:
        raise ParameterError(f"jobs.scheduler: no Dask scheduler at {scheduler}") from error
    with client, parallel_config(backend="dask", n_jobs=-1):
        _require_one_thread(client.nthreads())
        yield


def end_with_parent(parent: int, then: Callable[[], object] | None = None) -> None:
    """End this process once its parent is gone, within a second or so.

    Whoever works for a process that was killed would work on, or wait, for ever. A thread
    watches; a second call in the same process does nothing.

    Parameters
    ----------
    parent : int
        The parent's number, from itself: it may be gone before this process looks.
    then : callable, optional
        What ends the process; it ends at once if not given.
    """
    if _WATCH not in {thread.name for thread in threading.enumerate()}:
        given = (parent, then or partial(os._exit, 1))
        threading.Thread(target=_watch, args=given, name=_WATCH, daemon=True).start()


def _watch(parent, then):
    while os.getppid() == parent:
        time.sleep(0.5)
    then()


def workers(jobs: int) -> int:
    """How many workers :func:`each` has for many pieces: all of a cluster, or ``jobs``."""
    if jobs < 1 and jobs != -1:
        raise ParameterError(f"jobs must be -1 or at least 1, got {jobs}")
    if _cluster():
        return effective_n_jobs(-1)
    return cpu_count() if jobs == -1 else jobs


def each(
    function: Callable, items: Iterable[tuple], *, jobs: int, title: str, gpus: bool = True
) -> Iterator:
    """Call ``function(*item)`` for every item; yield the results in order.

    Wherever an item is worked on, linear algebra has as many threads as TensorFlow has: the order
    of sums depends on that, and so the last bits of results would depend on ``jobs``.

    Parameters
    ----------
    function : callable
        Importable, as other processes must find it.
    items : iterable of tuple
    jobs : int
        Worker processes; 1 stays in this process, −1 takes one a core. A cluster
        (see :func:`backend`) gives all its workers whatever this number is.
    title : str
        Shown with the progress, on standard error.
    gpus : bool
        Whether the work takes a graphics processor. If so each process of this machine keeps
        to one of them, in turn; a cluster's workers to what they were started with.

    Raises
    ------
    RunError
        If a worker of this machine was killed; one that crashes is a fault, and stays one.
    """
    items, cluster = list(items), _cluster()
    jobs = min(workers(jobs), max(1, len(items)))
    live = sys.stderr.isatty()
    _log.info("%s: %d pieces, %d workers", title, len(items), jobs)
    bar = tqdm(total=len(items), desc=title, mininterval=0.5 if live else 15, ascii=not live)
    with bar:
        if jobs == 1 and not cluster:
            results = (_steadily(function, item) for item in items)
        else:
            seen = None if cluster and gpus else devices.there() if gpus else []
            own = None if cluster else os.getpid()
            work = (delayed(_alone)(function, item, Path.cwd(), seen, own) for item in items)
            results = Parallel(None if cluster else jobs, return_as="generator")(work)
        for result in _unless_killed(results):
            bar.update()
            yield result
    _log.info("%s: done", title)


def _unless_killed(results):
    try:
        yield from results
    except TerminatedWorkerError as error:
        if signal.SIGKILL.name not in str(error):  # its only word on how they ended
            raise
        raise RunError(f"a process that worked on it {KILLED}") from None


def _require_one_thread(threads):
    """Refuse a Dask worker of several: they would share a working folder and what is imported."""
    for address, count in sorted(threads.items()):
        if count > 1:
            raise ParameterError(
                f"jobs.scheduler: the worker at {address} has {count} threads, and must have one; "
                "start it with `dask worker --nthreads 1`, and more of them with --nworkers"
            )


def _cluster():
    return get_active_backend()[0].__class__.__name__ == "DaskDistributedBackend"


def _alone(function, item, folder, seen, parent):
    """Run in a worker, on one thread: the processes share the cores.

    Of the devices ``seen`` it takes its own; None leaves it those that it has. A worker of
    this machine ends with its ``parent``; a cluster's has none here.
    """
    if parent is not None:
        end_with_parent(parent)
    if seen is not None:  # read when TensorFlow is loaded, which only the work itself does
        own = devices.of_worker(seen, current_process().name)
        os.environ[devices.VISIBLE] = own
    os.chdir(folder)  # a cluster's worker was started somewhere else
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    os.environ["OPENBLAS_NUM_THREADS"] = _threads()  # for what is loaded only now
    log.follow()
    return _steadily(function, item)


def _steadily(function, item):
    with threadpool_limits(int(_threads()), user_api="blas"):
        return function(*item)


def _threads():
    return os.environ["TF_NUM_INTRAOP_THREADS"]  # avef sets it
