"""How far a map can be believed: trustworthiness and continuity (Venna and Kaski 2001)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workbench.search.nearest import nearest

NEIGHBOURHOOD = 15
SAMPLE = 2000
_NUMBERS = 2**22  # distances held at once
_EQUAL = 1e-6  # two distances this close are not told apart


class Quality(NamedTuple):
    """Both measures of one map, 0 to 1, the k they count, and over how many items."""

    trustworthiness: float
    continuity: float
    neighbourhood: int
    sample: int


def measure(
    vectors: np.ndarray,
    xy: np.ndarray,
    *,
    neighbourhood: int = NEIGHBOURHOOD,
    sample: int = SAMPLE,
    seed: int = 0,
) -> Quality | None:
    """Measure a map against its subspace.

    Trustworthiness is low where items lie together that are far apart in the subspace, continuity
    where neighbours in the subspace were torn apart.

    Parameters
    ----------
    vectors
        In the subspace, float32 [n, d].
    xy
        On the map, float32 [n, 2].
    neighbourhood
        How many neighbours are looked at, k; less than half of all.
    sample
        Over how many items the mean is taken; more are drawn from by chance. Each is compared
        with all others, so that nothing of n x n is held.
    seed
        Of that choice.

    Returns
    -------
    None if there are fewer than five items: then nothing can be far from anything.

    Notes
    -----
    With r the rank of an item among all by their distance in the subspace, trustworthiness is
    ``1 - 2 / (n k (2n - 3k - 1)) * sum of (r - k)`` over the k nearest on the map of which r > k.
    Continuity is the same with the roles exchanged. Equally distant items share the better rank.

    Venna, J. and Kaski, S., Neighborhood preservation in nonlinear projection methods: an
    experimental study, ICANN 2001.
    """
    count = len(vectors)
    k = min(neighbourhood, (count - 1) // 2)
    if count < 5:
        return None
    rows = np.arange(count)
    if count > sample:
        rows = np.sort(np.random.default_rng(seed).choice(count, sample, replace=False))
    trusted = _kept(rows, k, seen=xy, true=vectors)
    continued = _kept(rows, k, seen=vectors, true=xy)
    return Quality(trusted, continued, k, len(rows))


def _kept(rows: np.ndarray, k: int, *, seen: np.ndarray, true: np.ndarray) -> float:
    """Return how far the neighbours of `rows` in `seen` are neighbours in `true`, too, 0 to 1."""
    count = len(seen)
    near, _ = nearest(seen[rows], seen, k, own=rows)
    intruding = 0
    step = max(1, _NUMBERS // count)
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        apart = _distances(true, block)
        bound = np.take_along_axis(apart, near[start : start + step], axis=1) - _EQUAL
        apart[np.arange(len(block)), block] = np.inf
        for one in bound.T:  # of each of the k neighbours: how many are nearer in truth
            nearer = np.count_nonzero(apart < one[:, None], axis=1)
            intruding += int(np.maximum(nearer + 1 - k, 0).sum())
    return 1.0 - 2.0 / (len(rows) * k * (2 * count - 3 * k - 1)) * intruding


def _distances(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the distances of some vectors to all, float32 [len(rows), n]."""
    squares = np.einsum("nd,nd->n", vectors, vectors)
    products = vectors[rows] @ vectors.T
    return np.sqrt(np.maximum(squares[rows, None] + squares[None] - 2 * products, 0.0))
