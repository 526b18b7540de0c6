"""Work spread over processes of this machine or of a cluster."""

import os
from pathlib import Path

import pytest
import scipy.linalg  # noqa: F401 (it brings a BLAS of its own)
from threadpoolctl import threadpool_info, threadpool_limits

from avef.core import parallel
from avef.core.errors import ParameterError


def where(number):
    return number, os.getpid(), str(Path.cwd())


def refuse(number):
    raise ValueError(f"no {number}")


def blas_threads(_):
    """Threads of every BLAS that is loaded, and what one that is loaded now would have."""
    return sorted(
        {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}
    ), os.environ.get("OPENBLAS_NUM_THREADS")


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
