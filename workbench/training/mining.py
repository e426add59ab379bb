"""Distances within a batch, and the triplets a batch offers.

A relation says of every pair of a batch whether it is similar, dissimilar or neither (unknown), so
tags, tempo and key can be mined alike; miners that take one label per item cannot do that. Per
anchor the dissimilar items are sorted by distance once, after which every kind of triplet is a
range of that order: no array of n x n x n is ever made.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

Metric: TypeAlias = Literal["cosine", "euclidean"]
Mining: TypeAlias = Literal["semihard", "random", "hard", "all"]
MOST_TRIPLETS = 2**21  # 48 MiB of indices; a batch of 512 can offer tens of millions
_SMALLEST_SQUARE = 1e-12  # shorter vectors than its root have no direction


class Triplets(NamedTuple):
    """Rows of a batch, each int64 [t]: anchor, an item similar to it, one dissimilar."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor


def full_precision(x: Tensor) -> Tensor:
    """Return half precision as float32; float32 and float64 stay as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def unit(x: Tensor) -> Tensor:
    """Return vectors of unit length along the last axis.

    A zero vector (a block whose units are all silent) stays zero and gets no gradient, where
    division by a small number would make its gradient explode.
    """
    square = (x * x).sum(-1, keepdim=True)
    short = square < _SMALLEST_SQUARE
    return x * torch.rsqrt(square.masked_fill(short, 1.0)).masked_fill(short, 0.0)


def distances(x: Tensor, y: Tensor | None = None, *, metric: Metric) -> Tensor:
    """Return the distances of every row of x from every row of y.

    Parameters
    ----------
    x
        Vectors, [..., n, d]: whole embeddings, or one dimension's block of them.
    y
        Vectors, [..., m, d]; x itself if left out.
    metric
        ``cosine``: one minus the cosine of the vectors as given, that is, of a block normalised
        anew (Ribecky 2021, training). ``euclidean``: the length of the difference, without
        normalisation (Lee et al., ICASSP 2020).

    Returns
    -------
    float [..., n, m]
        In at least single precision, under autocast too. Gradients are finite everywhere; at
        distance zero the Euclidean one is zero.

    Raises
    ------
    ValueError
        If there is no such metric.
    """
    with torch.autocast(x.device.type, enabled=False):
        first = full_precision(x)
        second = first if y is None else full_precision(y)
        if metric == "cosine":
            first, second = unit(first), unit(second) if y is not None else unit(first)
            return 1.0 - first @ second.mT
        if metric == "euclidean":
            # Faster by a matrix product, but that is off by up to 3e-4 for close neighbours.
            return torch.cdist(first, second, compute_mode="donot_use_mm_for_euclid_dist")
    raise ValueError(f"unknown metric {metric!r}")


def mine(
    distance: Tensor,
    similar: Tensor,
    dissimilar: Tensor,
    *,
    margin: float,
    kind: Mining = "semihard",
    generator: torch.Generator | None = None,
    limit: int | None = None,
) -> Triplets:
    """Return triplets of a batch.

    Parameters
    ----------
    distance
        Of every pair, [n, n], row = anchor; its gradient is not followed.
    similar, dissimilar
        The relation, bool [n, n]; a pair in neither is unknown and in no triplet. The diagonal is
        ignored, and a pair in both counts as similar.
    margin
        Of the hinge, in units of the distance.
    kind
        What to take for every similar pair (a, p):

        - ``semihard``: one n at random with d(a, p) < d(a, n) < d(a, p) + margin (Schroff et al.
          2015, within the margin), so that every triplet has a loss between 0 and the margin;
        - ``random``: one dissimilar n at random, near or far;
        - ``hard``: the nearest dissimilar n, if d(a, n) < d(a, p) + margin;
        - ``all``: every dissimilar n, near or far.

        A pair that has no such n yields no triplet.
    generator
        For reproducible choices; on any device.
    limit
        At most so many triplets, chosen at random among all; ``MOST_TRIPLETS`` if left out.

    Returns
    -------
    Triplets
        On the device of `distance`; possibly empty.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    with torch.no_grad():
        itself = torch.eye(len(distance), dtype=torch.bool, device=distance.device)
        similar = similar & ~itself
        dissimilar = dissimilar & ~itself & ~similar
        highest = torch.finfo(torch.float32).max
        finite = full_precision(distance).nan_to_num(nan=highest, posinf=highest).contiguous()
        ranked, order = finite.masked_fill(~dissimilar, torch.inf).sort(dim=1)
        anchor, positive = similar.nonzero(as_tuple=True)
        start, stop = _ranges(kind, finite, ranked, margin)
        first, count = start[anchor, positive], (stop - start)[anchor, positive].clamp_min(0)
        most = MOST_TRIPLETS if limit is None else limit
        if kind == "all":
            ends = count.cumsum(0)
            chosen = _some_of(int(count.sum()), most, generator, distance.device)
            pair = torch.searchsorted(ends, chosen, right=True)
            step = chosen - (ends - count)[pair]
        else:
            pair = count.nonzero()[:, 0]
            pair = pair[_some_of(len(pair), most, generator, distance.device)]
            uniform = _uniform(len(pair), generator, distance.device)
            step = torch.minimum((uniform * count[pair]).long(), count[pair] - 1)
        anchor, positive = anchor[pair], positive[pair]
        return Triplets(anchor, positive, order[anchor, first[pair] + step])


def _ranges(kind: Mining, distance: Tensor, ranked: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """Return where a pair's negatives begin and end in its anchor's order, two int64 [n, n]."""
    none = torch.zeros_like(distance, dtype=torch.int64)
    if kind == "semihard":
        farther = torch.searchsorted(ranked, distance, right=True)
        return farther, torch.searchsorted(ranked, distance + margin)
    if kind == "hard":
        return none, (ranked[:, :1] < distance + margin).long()
    if kind in ("random", "all"):
        return none, none + torch.isfinite(ranked).sum(1, keepdim=True)
    raise ValueError(f"unknown kind of triplets {kind!r}")


def _uniform(count: int, generator: torch.Generator | None, device: torch.device) -> Tensor:
    """Return random numbers in [0, 1), float64 [count], the same on every device."""
    source = device if generator is None else generator.device
    return torch.rand(count, generator=generator, device=source, dtype=torch.float64).to(device)


def _some_of(
    total: int, most: int, generator: torch.Generator | None, device: torch.device
) -> Tensor:
    """Return distinct numbers below `total`, all of them or `most` at random, int64 [<= most]."""
    if total <= most:
        return torch.arange(total, device=device)
    if total <= 4 * most:
        pool = torch.arange(total, device=device)
    else:  # shuffling everything may not fit; of twice as many draws, enough are distinct
        drawn = _uniform(2 * most + 32, generator, device) * total
        pool = drawn.long().clamp_max(total - 1).unique()
    return pool[_uniform(len(pool), generator, device).argsort()[:most]]
