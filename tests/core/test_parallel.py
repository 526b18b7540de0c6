"""Work spread over processes of this machine or of a cluster."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scipy.linalg  # noqa: F401 (it brings a BLAS of its own)
from threadpoolctl import threadpool_info, threadpool_limits

from avef.core import parallel
from avef.core.errors import ParameterError, RunError


def where(number):
    return number, os.getpid(), str(Path.cwd())


def refuse(number):
    raise ValueError(f"no {number}")


def blas_threads(_):
    """Threads of every BLAS that is loaded, and what one that is loaded now would have."""
    return sorted(
        {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}
    ), os.environ.get("OPENBLAS_NUM_THREADS")


def wait(file, number):
    """Note this process and work on for long."""
    Path(f"{file}{number}").write_text(str(os.getpid()))
    time.sleep(100)


def die_once(folder, number):
    """Kill the worker, the first time that this piece is begun."""
    try:
        (Path(folder) / str(number)).mkdir()
    except FileExistsError:
        return number
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def end_by(number):
    os.kill(os.getpid(), number)


def alive(number):
    """Whether a process is there and not only waits to be counted."""
    try:
        return "Z" not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a Dask scheduler with two worker processes, started in another folder."""
    from distributed import LocalCluster

    folder = tmp_path_factory.mktemp("elsewhere")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**options, local_directory=str(folder), dashboard_address=None) as cluster_:
        yield cluster_.scheduler_address


@pytest.mark.parametrize("jobs", [1, 2, -1])
def test_results_come_in_order(jobs):
    results = list(parallel.each(where, [(i,) for i in range(7)], jobs=jobs, title="work"))
    assert [number for number, _, _ in results] == list(range(7))
    assert (os.getpid() in {pid for _, pid, _ in results}) == (jobs == 1)


def test_workers_end_with_the_block():
    with parallel.backend("loky"):
        pids = {
            pid
            for _, pid, _ in parallel.each(where, [(i,) for i in range(9)], jobs=2, title="work")
        }
        for pid in pids:
            os.kill(pid, 0)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert len(list(parallel.each(where, [(0,), (1,)], jobs=2, title="work"))) == 2  # new ones come


def test_a_cluster_does_the_work_in_this_folder_in_order(cluster):
    with parallel.backend("dask", cluster):
        results = list(parallel.each(where, [(i,) for i in range(30)], jobs=1, title="work"))
    assert [number for number, _, _ in results] == list(range(30))
    assert {folder for _, _, folder in results} == {str(Path.cwd())}
    assert os.getpid() not in {pid for _, pid, _ in results}
    again = list(parallel.each(where, [(0,)], jobs=1, title="work"))  # and after it, this process
    assert again[0][1] == os.getpid()


@pytest.mark.parametrize("jobs", [1, 2])
def test_sums_are_of_one_order_whatever_the_workers(jobs, monkeypatch):
    """In this process BLAS has all cores else, and in a worker its share of them."""
    with threadpool_limits(3, user_api="blas"):
        told = list(parallel.each(blas_threads, [(0,), (1,)], jobs=jobs, title="work"))
        assert {tuple(threads) for threads, _ in told} == {(1,)}
        assert blas_threads(0)[0] == [3]  # and after it, as before
    if jobs > 1:
        assert {variable for _, variable in told} == {"1"}


def test_sums_are_of_one_order_on_a_cluster(cluster):
    with parallel.backend("dask", cluster):
        told = list(parallel.each(blas_threads, [(0,), (1,)], jobs=1, title="work"))
    assert {(tuple(threads), variable) for threads, variable in told} == {((1,), "1")}


def test_a_cluster_of_several_threads_is_refused_with_the_remedy(tmp_path):
    from distributed import LocalCluster

    options = {
        "n_workers": 1,
        "threads_per_worker": 2,
        "processes": False,
        "dashboard_address": None,
    }
    with LocalCluster(**options, local_directory=str(tmp_path)) as threaded:
        address = threaded.scheduler_address
        rule = r"the worker at .* has 2 threads.*dask worker --nthreads 1"
        with pytest.raises(ParameterError, match=rule), parallel.backend("dask", address):
            pass


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_the_work_is_raised_here(jobs):
    with pytest.raises(ValueError, match="no [01]"):
        list(parallel.each(refuse, [(0,), (1,)], jobs=jobs, title="work"))


@pytest.mark.parametrize(
    ("scheduler", "rule"),
    [(None, "must be the Dask scheduler's address"), ("tcp://127.0.0.1:9", "no Dask scheduler at")],
)
def test_a_missing_scheduler_is_named(scheduler, rule):
    with pytest.raises(ParameterError, match=rule), parallel.backend("dask", scheduler):
        pass


def test_workers_are_the_jobs_the_cores_or_the_clusters(cluster):
    assert [parallel.workers(jobs) for jobs in (1, 5)] == [1, 5]
    assert parallel.workers(-1) >= 1
    with parallel.backend("dask", cluster):
        assert parallel.workers(1) == 2


@pytest.mark.parametrize("jobs", [0, -2])
def test_jobs_out_of_range(jobs):
    with pytest.raises(ParameterError, match=f"at least 1, got {jobs}"):
        list(parallel.each(where, [(0,)], jobs=jobs, title="work"))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at Linux' processes")
def test_workers_end_when_what_they_work_for_is_killed(tmp_path):
    """`kill -9` leaves nobody who could tell them."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_parallel as t\n"
    code += "from avef.core import parallel\nwith parallel.backend('loky'): "
    code += "list(parallel.each(t.wait, [(sys.argv[2], n) for n in 'ab'], jobs=2, title='work'))"
    files = [tmp_path / f"pid{n}" for n in "ab"]
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "pid")]
    killed = subprocess.Popen(command, start_new_session=True)
    while not all(file.is_file() and file.read_text() for file in files):
        assert killed.poll() is None
        time.sleep(0.1)
    killed.kill()
    killed.wait()
    end = time.monotonic() + 10
    while any(alive(file.read_text()) for file in files):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_killed_worker_ends_the_work_with_an_error(tmp_path):
    """And what was begun is gone on with by the next run, as of a killed one."""
    work = [(str(tmp_path), number) for number in range(5)]
    with pytest.raises(RunError, match="was killed.*`dvc repro`"), parallel.backend("loky"):
        list(parallel.each(die_once, work, jobs=2, title="work"))
    with parallel.backend("loky"):
        assert list(parallel.each(die_once, work, jobs=2, title="work")) == [*range(5)]


def test_a_worker_that_crashes_is_a_fault():
    with pytest.raises(Exception, match="SIGABRT"), parallel.backend("loky"):
        list(parallel.each(end_by, [(signal.SIGABRT,)] * 3, jobs=2, title="work"))


def test_a_clusters_worker_that_dies_costs_no_result(cluster, tmp_path):
    work = [(str(tmp_path), number) for number in range(5)]
    with parallel.backend("dask", cluster):
        assert list(parallel.each(die_once, work, jobs=1, title="work")) == [*range(5)]
