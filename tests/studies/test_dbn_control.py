"""Decision C19: the transferred RBM and its controls, where what they are worth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from avef.config import params
from avef.core import paths, store
from avef.learning import grid
from avef.models import dbn
from avef.studies import dbn_control

UNITS, SIZES = 24, (16, 8)
RBM = {"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0, "cd_steps": 1}


def fc7(seed, n=400):
    """Each four neighbouring units say the same, but for some noise."""
    rng = np.random.default_rng(seed)
    causes = np.repeat(rng.standard_normal((n, UNITS // 4)), 4, axis=1)
    return (causes + 0.2 * rng.standard_normal(causes.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def chosen():
    p = params.read()
    shape = replace(p.networks.dbn, hidden=[12, 4])
    rbm = replace(p.rbm, epochs=30, batch=20, **RBM)
    return p.of("rml")._replace(networks=replace(p.networks, dbn=shape), rbm=rbm)


def test_exchanged_units_are_those_of_exchanged_data():
    machine = dbn.RBM(6, learning_rate=0.01, epochs=2).fit(fc7(0))
    other = dbn_control.exchanged(machine, SIZES, np.random.default_rng(1))
    assert not np.array_equal(other.components_, machine.components_)
    assert other.hidden_bias_ is machine.hidden_bias_
    units = [tuple(row) for row in machine.components_.T]
    order = np.array([units.index(tuple(row)) for row in other.components_.T])
    np.testing.assert_array_equal(other.visible_bias_, machine.visible_bias_[order])
    assert sorted(order[:16]) == list(range(16))  # each network's units stay among themselves
    assert sorted(order[16:]) == list(range(16, 24))


def test_unrelated_units_keep_their_values_and_nothing_else():
    x = fc7(0)
    shuffled = dbn_control.unrelated(x, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(x, axis=0))
    apart = ~np.eye(UNITS, dtype=bool)
    assert abs(np.corrcoef(x.T)[apart]).max() > 0.9
    assert abs(np.corrcoef(shuffled.T)[apart]).max() < 0.3


@pytest.fixture
def kept(chosen, tmp_path, monkeypatch):
    """What the controls keep, of a target whose units stand in a given order."""
    folder = tmp_path / "rml" / "emotion"
    monkeypatch.setattr(paths, "DATA", tmp_path)
    monkeypatch.setattr(paths, "transferred", lambda corpus: tmp_path / corpus)
    monkeypatch.setattr(dbn_control.source_weights, "verified", dbn_control.source_weights.start)
    for kind, part in zip(("audio", "visual"), np.split(fc7(1), [16], axis=1), strict=True):
        store.save(folder / f"{kind}.npz", "key", fc7=part)
    made = dbn.pretrained(fc7(1), chosen.networks.dbn, chosen.rbm, seed=chosen.seed)
    store.save(folder / "dbn.npz", "key", **made.arrays())

    def with_order(order):
        cells = [grid.Cell(*dbn_control.PAIR, 1, fold) for fold in range(3)]
        targets = [(cell, fc7(seed)[:, order]) for cell, seed in zip(cells, (2, 3, 4), strict=True)]
        monkeypatch.setattr(dbn_control, "_fc7", lambda folders, chosen: iter(targets))
        errors = dbn_control._errors("rml", chosen)
        assert len(errors) == 3 * 4 * dbn_control.EPOCHS
        return dbn_control.head_starts(errors).set_index("start")

    return with_order


def test_where_units_are_the_sources_own_the_controls_lose_most_of_the_head_start(kept):
    table = kept(np.arange(UNITS))
    assert table.loc["transferred", "head_start"] > 10
    assert table.loc["units shuffled", "kept"] < 60
    assert table.loc["values shuffled", "kept"] < 60


def test_where_units_are_drawn_by_lot_another_order_keeps_all_of_it(kept):
    rng = np.random.default_rng(5)
    table = kept(np.concatenate([rng.permutation(16), 16 + rng.permutation(8)]))
    gained = table["head_start"]
    assert gained["units shuffled"] > 0.7 * gained["transferred"]


def test_without_a_head_start_none_is_kept():
    names = ["dataset", "start", "error"]
    rows = [("rml", "random", 0.5), ("rml", "transferred", 0.6), ("rml", "units shuffled", 0.4)]
    table = dbn_control.head_starts(pd.DataFrame(rows, columns=names)).set_index("start")
    assert table["kept"].isna().all()
    assert table["head_start"].tolist() == [0.0, -20.0, 20.0]
