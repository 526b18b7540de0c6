"""Which graphics processors a worker sees."""

import os

import pytest

from avef.core import devices, parallel


def visible(number):
    return os.getpid(), os.environ.get(devices.VISIBLE)


def test_devices_are_those_of_the_machine_or_those_allowed(tmp_path):
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert devices.there({}, tmp_path) == ["0", "2", "10"]
    assert devices.there({devices.VISIBLE: "1"}, tmp_path) == ["1"]
    assert devices.there({devices.VISIBLE: ""}, tmp_path) == []


@pytest.mark.parametrize("gpus", [True, False])
def test_workers_keep_to_one_device_each_or_see_none(monkeypatch, gpus):
    monkeypatch.setenv(devices.VISIBLE, "4,7")
    with parallel.backend("loky"):
        work = [(number,) for number in range(12)]
        seen = set(parallel.each(visible, work, jobs=2, title="work", gpus=gpus))
    by_worker = dict(seen)
    assert len(by_worker) == len(seen)  # a worker never changes its device
    assert set(by_worker.values()) <= ({"4", "7"} if gpus else {""})
    if len(by_worker) == 2 and gpus:
        assert set(by_worker.values()) == {"4", "7"}
    assert os.environ[devices.VISIBLE] == "4,7"  # this process keeps them all
