"""Units, such as people, into groups of like loads."""

from __future__ import annotations

import numpy as np

from avef.core.errors import ParameterError


def grouped(
    loads: np.ndarray,
    shares: np.ndarray,
    *,
    weights: np.ndarray,
    seed: int,
    second: int | None = None,
) -> np.ndarray:
    """Group of each unit, so that each group has about its share of every load.

    Starts from a random grouping and then moves or swaps units for as long
    as that brings the loads nearer (squared distance), so that seeds give
    different groupings of like quality. No group is ever empty.

    Parameters
    ----------
    loads : (units, k) float
        What each unit brings; every column has a positive sum.
    shares : (groups,) float
        What each group is to have of every column; they sum to 1.
    weights : (k,) float
        How much each column counts.
    seed : int
    second : int, optional
        Fixes the number of units in group 1 (two groups, swaps only).

    Returns
    -------
    ndarray (units,), int64

    Examples
    --------
    >>> loads = np.array([[4.0], [1.0], [2.0], [1.0]])
    >>> group = grouped(loads, np.array([0.5, 0.5]), weights=np.ones(1), seed=0)
    >>> np.bincount(group, loads[:, 0]).tolist()
    [4.0, 4.0]
    """
    n, n_groups = len(loads), len(shares)
    # Scaling by the square root of the weight turns the cost into a plain squared distance.
    parts = loads / loads.sum(axis=0) * np.sqrt(weights)
    targets = shares[:, None] * np.sqrt(weights)
    group = _random_start(n, shares, seed, second)
    # Each step lowers the cost, so the loop ends; the bound guards against rounding.
    for _ in range(100 * n):
        excess = np.zeros_like(targets)
        np.add.at(excess, group, parts)
        excess -= targets
        step = _best_step(parts, group, excess, moves=second is None)
        if step is None:
            break
        a, b, to = step
        if b is None:
            group[a] = to
        else:
            group[a], group[b] = group[b], group[a]
    if len(np.unique(group)) < n_groups:
        raise ParameterError(f"{n} units leave one of {n_groups} groups empty")
    return group


def _random_start(n, shares, seed, second):
    order = np.random.default_rng(seed).permutation(n)
    group = np.zeros(n, dtype=np.int64)
    if second is not None:
        group[order[:second]] = 1
        return group
    if len(shares) == 2:
        group[order[: min(max(round(shares[1] * n), 1), n - 1)]] = 1
        return group
    group[order] = np.arange(n) % len(shares)
    return group


def _best_step(parts, group, excess, *, moves):
    """The move (unit, None, group) or swap (unit, unit, None) that gains most, or None."""
    mine = excess[group]
    # Carrying d from load A to load B changes the cost by 2 (d·d − d·(A − B)).
    d = parts[:, None, :] - parts[None, :, :]
    change = 2 * ((d * d).sum(-1) - (d * (mine[:, None, :] - mine[None, :, :])).sum(-1))
    change[group[:, None] == group[None, :]] = 0
    best = np.unravel_index(np.argmin(change), change.shape)
    gain, step = change[best], (int(best[0]), int(best[1]), None)
    if moves:
        d = parts[:, None, :]
        change = 2 * ((d * d).sum(-1) - (d * (mine[:, None, :] - excess[None, :, :])).sum(-1))
        change[group[:, None] == np.arange(len(excess))[None, :]] = 0
        change[np.bincount(group, minlength=len(excess))[group] == 1] = 0
        best = np.unravel_index(np.argmin(change), change.shape)
        if change[best] < gain:
            gain, step = change[best], (int(best[0]), None, int(best[1]))
    return step if gain < -1e-12 else None
