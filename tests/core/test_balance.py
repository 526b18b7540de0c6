"""Units into groups of like loads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avef.core import balance
from avef.core.errors import ParameterError


@settings(max_examples=40, deadline=None)
@given(n=st.integers(4, 12), k=st.integers(1, 4), groups=st.integers(2, 4), seed=st.integers(0, 9))
def test_no_move_and_no_swap_brings_the_loads_nearer(n, k, groups, seed):
    rng = np.random.default_rng(seed)
    loads, weights = rng.integers(1, 9, (n, k)).astype(float), rng.uniform(0.5, 3, k)
    shares = np.full(groups, 1 / groups)

    def cost(group):
        each = np.array([loads[group == g].sum(axis=0) for g in range(groups)])
        return (weights * (each / loads.sum(axis=0) - shares[:, None]) ** 2).sum()

    group = balance.grouped(loads, shares, weights=weights, seed=seed)
    assert set(group) == set(range(groups))
    for unit in range(n):
        for other in range(n):
            swapped = group.copy()
            swapped[[unit, other]] = group[[other, unit]]
            assert cost(swapped) >= cost(group) - 1e-9
        for to in range(groups):
            moved = group.copy()
            moved[unit] = to
            if set(moved) == set(range(groups)):
                assert cost(moved) >= cost(group) - 1e-9


@pytest.mark.parametrize("second", [1, 3])
def test_the_second_group_has_as_many_units_as_it_is_to_have(second):
    loads = np.arange(1.0, 8.0)[:, None]
    shares = np.array([0.5, 0.5])
    group = balance.grouped(loads, shares, weights=np.ones(1), seed=0, second=second)
    assert (group == 1).sum() == second


def test_fewer_units_than_groups_are_refused():
    with pytest.raises(ParameterError, match="1 units leave one of 2 groups empty"):
        balance.grouped(np.ones((1, 1)), np.full(2, 0.5), weights=np.ones(1), seed=0)
