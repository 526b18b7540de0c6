"""Stored results: what is damaged is never taken for whole, and named when it is read."""

import os
import time

import numpy as np
import pytest
from disturbed import full_disk, kills

from avef.core import files, store
from avef.core.errors import ParameterError


@pytest.fixture
def file(tmp_path):
    beside = tmp_path / "weights"
    beside.write_bytes(b"weights")
    path = tmp_path / "cell.npz"
    store.save(path, "key", [beside], x=np.arange(6.0), y=np.ones((2, 2), np.uint8))
    return path, beside


def test_what_is_whole_is_known_by_its_key_and_its_neighbours(file):
    path, beside = file
    assert store.has(path, "key", [beside]) and store.whole(path)
    assert not store.has(path, "other")
    assert sorted(store.load(path)) == ["x", "y"]
    beside.write_bytes(b"Weights")
    assert store.has(path, "key") and not store.has(path, "key", [beside])
    beside.unlink()
    assert not store.vouches(path, beside)


def test_any_flipped_bit_is_noticed(file):
    path, beside = file
    content = path.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert not store.has(path, "key") and not store.vouches(path, beside)
        with pytest.raises(ParameterError, match="cell.npz is missing or damaged"):
            store.load(path)


@pytest.mark.parametrize("left", [0, 1, 31, 32, 33, -1])
def test_a_shortened_file_is_noticed(file, left):
    path, _ = file
    path.write_bytes(path.read_bytes()[:left])
    assert not store.whole(path)
    with pytest.raises(ParameterError, match="its checksum is not that of its content"):
        store.load(path)


def test_what_is_not_sealed_is_not_taken_for_whole(tmp_path):
    np.savez(tmp_path / "x.npz", key=np.array("key"), beside=np.array([]), x=np.zeros(3))
    assert not store.has(tmp_path / "x.npz", "key")
    store.seal(tmp_path / "x.npz")
    assert store.has(tmp_path / "x.npz", "key")


def test_a_damaged_file_looks_changed_to_whoever_goes_by_times(file):
    """DVC does: without this it would find that there is nothing to make anew."""
    path, beside = file
    for damaged, read in ((path, store.whole), (beside, lambda b: store.vouches(path, b))):
        content = damaged.read_bytes()
        damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        os.utime(damaged, (1, 1))
        assert not read(damaged)
        assert damaged.stat().st_mtime > 1
        damaged.write_bytes(content)


def test_the_same_arrays_are_the_same_bytes_whatever_the_clock_says(file, monkeypatch):
    path, beside = file
    before = path.read_bytes()
    monkeypatch.setattr(time, "time", lambda: 0.0)  # 1970, which archives cannot write down
    store.save(path, "key", [beside], x=np.arange(6.0), y=np.ones((2, 2), np.uint8))
    assert path.read_bytes() == before


def test_damage_is_named_by_its_file(file):
    path, _ = file
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ParameterError, match="cell.npz is missing or damaged"):
        store.load(path)
    with pytest.raises(ParameterError, match="none.npz is missing or damaged"):
        store.load(path.with_name("none.npz"))


def saved(path, fill):
    store.save(path, f"key {fill}", x=np.full(3000, fill), y=np.full((9, 9), fill, np.uint8))
    return path.read_bytes()


def test_a_kill_at_any_moment_of_a_save_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "cell.npz"
    new, old = saved(path, 1.0), saved(path, 2.0)
    seen = set()
    for how in kills(tmp_path, lambda: saved(path, 1.0), lambda: saved(path, 2.0)):
        left = path.read_bytes()
        seen.add(left)
        assert store.whole(path) and left in (old, new), how
        files.sweep(tmp_path)
        assert [*tmp_path.iterdir()] == [path], how
        assert saved(path, 1.0) == new, how
    assert seen == {old, new}


def test_a_disk_that_is_full_after_any_byte_leaves_the_old_file(tmp_path):
    path = tmp_path / "cell.npz"
    new, old = saved(path, 1.0), saved(path, 2.0)
    for size in [*range(0, 400, 7), *range(400, len(new), 997), len(new) - 1]:
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            saved(path, 1.0)
        assert [*tmp_path.iterdir()] == [path] and path.read_bytes() == old, size
    with full_disk(len(new)):
        assert saved(path, 1.0) == new
