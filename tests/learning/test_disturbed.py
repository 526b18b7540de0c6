"""Kills and a full disk while cells are trained: what is stored is whole, and a rerun the same."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from chain import COMPUTE, CORPORA, SCHEDULE, SEED, Chain, restricted, write_corpus
from disturbed import full_disk, moments
from tiny import NETS

from avef.core import files, store
from avef.learning import frozen, fusion, grid, source_weights

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras' own

#: Every epoch leaves a checkpoint.
WRITING = {"compute": replace(COMPUTE, checkpoint_seconds=0)}
TWO = replace(SCHEDULE, epochs=2)
STAGES = {
    "audio": lambda chain, **more: chain.unimodal("audio", TWO, **more),
    "fusion": lambda chain, **more: chain.fusion(**more),
}
CELL = f"emotion-case2-seed{SEED}-fold0.npz"
#: What is first of a cell, at a kill's moment, beside what is there already.
GROWING = {
    "audio": [[], ["part"], ["part", "weights"], ["cell", "part", "weights"], ["cell", "weights"]],
    "fusion": [[], ["part"], ["part", "whole"], ["cell", "part", "whole"], ["cell", "whole"]],
}


@pytest.fixture(scope="module", autouse=True)
def small_grid():
    with pytest.MonkeyPatch.context() as patch:
        restricted(patch, [fusion.PREDICTS])
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Every stage, undisturbed; nobody writes here."""
    prepared, rng = tmp_path_factory.mktemp("prepared"), np.random.default_rng(0)
    for corpus in CORPORA:
        write_corpus(prepared / corpus, corpus, rng)
    chain = Chain(prepared, tmp_path_factory.mktemp("chain"))
    chain.transfer()
    chain.unimodal("visual")
    for run in STAGES.values():
        run(chain)
    return chain


@pytest.fixture
def begun(finished, tmp_path):
    """A copy to go on with."""
    return finished.copied(tmp_path / "begun")


def parts(folder):
    """Which parts of the first cell a folder holds; what is half written does not count."""
    names = {p.name for p in folder.rglob("*fold0*") if not p.name.startswith(".tmp-")}
    kinds = {"weights.h5": "weights", "part.npz": "part", "fold0.npz": "whole"}
    return sorted(
        "cell" if name == CELL else next(k for end, k in kinds.items() if name.endswith(end))
        for name in names
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_between_a_file_and_its_neighbour_loses_nothing(finished, begun, stage, tmp_path):
    folder, whole = begun.root / stage, finished.files()
    grid.clear(folder)
    states = {}
    for state in moments(folder, lambda: STAGES[stage](begun, **WRITING), tmp_path):
        states[tuple(parts(state))] = state  # the last one of its kind
    assert sorted(map(list, states)) == sorted(GROWING[stage])
    for seen, state in states.items():
        shutil.rmtree(folder)
        shutil.copytree(state, folder)
        assert ("cell" in seen) == store.whole(folder / CELL)
        files.sweep(begun.root)
        STAGES[stage](begun, **WRITING)
        assert begun.files() == whole, seen


@pytest.mark.parametrize(("stage", "missing"), [("audio", 1), ("audio", 30_000), ("fusion", 1)])
def test_a_full_disk_stops_the_training_and_loses_nothing(finished, begun, stage, missing):
    """So many bytes are missing for the greatest file; what a rerun makes is the same."""
    folder, whole = begun.root / stage, finished.files()
    most = max(len(content) for name, content in whole.items() if name.startswith(stage))
    grid.clear(folder)
    with full_disk(most - missing), pytest.raises(OSError, match="File too large"):
        STAGES[stage](begun)
    assert not (folder / CELL).exists() or store.whole(folder / CELL)
    assert not [*folder.rglob(".tmp-*")]
    STAGES[stage](begun)
    assert begun.files() == whole


def test_a_full_disk_takes_no_checkpoint_away(finished, begun):
    whole, part = finished.files(), begun.root / "audio" / f".{CELL[:-4]}.part.npz"
    grid.clear(part.parent)
    part.write_bytes(b"older")
    with full_disk(5000), pytest.raises(OSError, match="File too large"):
        STAGES["audio"](begun, **WRITING)
    assert part.read_bytes() == b"older"
    STAGES["audio"](begun, **WRITING)
    assert begun.files() == whole


def test_weights_are_whole_or_not_there_wherever_a_disk_is_full(tmp_path):
    """HDF5 itself passes over what it cannot write as it closes a file, or crashes."""
    net, path = frozen.build("audio", NETS, 6), tmp_path / "a.weights.h5"
    source_weights.keep(net, path)
    whole = path.read_bytes()
    for size in (*range(0, len(whole), 3001), len(whole) - 1):
        with full_disk(size), pytest.raises(OSError, match="File too large"):
            source_weights.keep(net, path)
        assert [*tmp_path.iterdir()] == [path] and path.read_bytes() == whole
    other = frozen.build("audio", NETS, 6)
    other.set_weights([values + 1 for values in other.get_weights()])
    source_weights.fill(other, path)
    for one, two in zip(net.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    other.save_weights(tmp_path / "keras.weights.h5")
    source_weights.fill(other, tmp_path / "keras.weights.h5")
