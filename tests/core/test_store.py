"""Stored results: what is damaged is never taken for whole, and named when it is read."""

import numpy as np
import pytest

from avef.core import store
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


def test_no_single_flipped_bit_goes_through_with_other_content(file):
    path, _ = file
    content, known = path.read_bytes(), store.load(path)
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        if store.has(path, "key"):  # a date or another field that nobody reads
            arrays = store.load(path)
            assert sorted(arrays) == sorted(known)
            assert all(np.array_equal(arrays[name], known[name]) for name in known)


def test_damage_is_named_by_its_file(file):
    path, _ = file
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ParameterError, match="cell.npz is missing or damaged"):
        store.load(path)
    with pytest.raises(ParameterError, match="none.npz is missing or damaged"):
        store.load(path.with_name("none.npz"))


@pytest.mark.parametrize(("was", "head"), [(b": '<f8'", b":('<f8'"), (b"'<f8'", b"'08,'")])
def test_an_array_whose_head_is_no_python_is_damage(tmp_path, was, head):
    """Of a large array the head is read before its checksum."""
    path = tmp_path / "cell.npz"
    store.save(path, "key", x=np.random.default_rng(0).random(3000))
    content = path.read_bytes()
    path.write_bytes(content.replace(was, head))
    assert not store.has(path, "key") and not store.whole(path)
    with pytest.raises(ParameterError, match="cell.npz is missing or damaged"):
        store.load(path)
