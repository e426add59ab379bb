"""All combinations of active dimensions: which subspaces together agree best with raters.

Conventions
-----------
Section 4.2 of Ribecky et al. 2021: a distance over several dimensions is that of their subspace
vectors laid side by side. Six dimensions make 63 combinations. Vectors are taken as they are; a
model's blocks have unit length, so each dimension of a combination counts the same.

Metrics
-------
`combination_scores`
    The triplet score of every combination. The best of 63 on the same triplets flatters: it is
    also the luckiest.
`choose_combination`
    The honest version: chosen on one half of the items, scored on triplets of the other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any, TypeAlias

import numpy as np

from workbench.evaluation.answers import check_distance, is_right
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import Triplets

Combination: TypeAlias = tuple[str, ...]


def all_combinations(names: Sequence[str]) -> list[Combination]:
    """Return the 2^k - 1 combinations of `names`, small ones first.

    Examples
    --------
    >>> all_combinations(["genre", "tempo"])
    [('genre',), ('tempo',), ('genre', 'tempo')]
    """
    sizes = range(1, len(names) + 1)
    return list(chain.from_iterable(combinations(names, size) for size in sizes))


def combination_answers(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    triplets: Triplets,
    *,
    distance: str = "euclidean",
) -> dict[Combination, np.ndarray]:
    """Return which triplets each combination of subspaces answers right, bool [t] each.

    Parameters
    ----------
    vectors
        Subspace vectors side by side, float32 [n, width].
    blocks
        The columns of each of the k dimensions.
    triplets
        Rows refer to `vectors`.
    distance
        ``euclidean`` or ``cosine``, of the vectors laid side by side.

    Notes
    -----
    Squared distances and products add up over blocks, so each block is looked at once.
    """
    check_distance(distance)
    parts = {name: _Parts.of(vectors[:, block], triplets) for name, block in blocks.items()}
    found = {}
    for combination in all_combinations(list(blocks)):
        to_a, to_b = _Parts.join([parts[name] for name in combination]).distances(distance)
        found[combination] = is_right(to_a, to_b, triplets.share)
    return found


def combination_scores(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    triplets: Triplets,
    *,
    distance: str = "euclidean",
) -> dict[Combination, Score]:
    """Return the score of each of the 2^k - 1 combinations; see `combination_answers`."""
    found = combination_answers(vectors, blocks, triplets, distance=distance)
    return {combination: count_right(right) for combination, right in found.items()}


def best_combination(scores: Mapping[Combination, Score]) -> Combination:
    """Return the combination with most right answers; of equals the smallest, then the first."""
    return max(scores, key=lambda c: (scores[c].k, -len(c)))


def split_triplets(
    triplets: Triplets, groups: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Deal the groups of items to two halves and return the triplets within each, bool [t] twice.

    Where triplets share few items (published sets), whole clusters of them are dealt out and all
    are used. Where all hang together (triplets drawn from a small catalogue), groups are dealt
    singly and triplets that lie across are left out.

    Parameters
    ----------
    triplets
        Rows refer to `groups`.
    groups
        The song or artist of each item, int [n].
    rng
        The source of chance.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, member = np.unique(groups, return_inverse=True)
    corners = member.reshape(-1)[triplets.rows]
    size = int(member.max(initial=-1)) + 1
    starts, ends = np.repeat(corners[:, 0], 2), corners[:, 1:].reshape(-1)
    links = coo_array((np.ones(len(ends), bool), (starts, ends)), shape=(size, size))
    _, cluster = connected_components(links, directed=False)
    counts = np.bincount(cluster[corners[:, 0]], minlength=int(cluster.max(initial=-1)) + 1)
    if counts.max(initial=0) > len(triplets) / 2:
        half = np.empty(size, dtype=np.int64)
        half[rng.permutation(size)] = np.arange(size) % 2
    else:
        half = _deal(counts, rng)[cluster]
    sides = half[corners]
    return (sides == 0).all(axis=1), (sides == 1).all(axis=1)


@dataclass(frozen=True)
class Choice:
    """Combinations chosen on one half of the items and scored on the other, both ways round.

    Attributes
    ----------
    chosen
        The combination chosen on the first half, and that chosen on the second.
    score
        Right answers on the half that took no part in the choice, both halves together.
    all_dimensions
        All dimensions together on the same triplets.
    left_out
        How many triplets lay across the halves.
    """

    chosen: tuple[Combination, Combination]
    score: Score
    all_dimensions: Score
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return {
            "chosen": [list(c) for c in self.chosen],
            "score": self.score.as_dict(),
            "all_dimensions": self.all_dimensions.as_dict(),
            "left_out": self.left_out,
        }


def choose_combination(
    found: Mapping[Combination, np.ndarray],
    triplets: Triplets,
    groups: np.ndarray,
    rng: np.random.Generator,
) -> Choice | None:
    """Choose a combination on half of the items and score it on the other half, both ways.

    Parameters
    ----------
    found
        What `combination_answers` returned for `triplets`.
    triplets
        Rows refer to `groups`.
    groups
        The song or artist of each item, int [n].
    rng
        Deals the groups.

    Returns
    -------
    None where one half has no triplet of its own.
    """
    halves = split_triplets(triplets, groups, rng)
    if not all(half.any() for half in halves):
        return None
    everything = max(found, key=len)
    chosen = tuple(
        best_combination({c: count_right(right[half]) for c, right in found.items()})
        for half in halves
    )
    pairs = list(zip(chosen, reversed(halves), strict=True))
    return Choice(
        (chosen[0], chosen[1]),
        sum((count_right(found[c][other]) for c, other in pairs), Score()),
        sum((count_right(found[everything][half]) for half in halves), Score()),
        int(len(triplets) - sum(half.sum() for half in halves)),
    )


def _deal(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return 0 or 1 for each cluster so that both halves get about as many triplets, int [c]."""
    half, totals = np.zeros(len(counts), dtype=np.int64), [0, 0]
    for cluster in sorted(rng.permutation(len(counts)), key=lambda c: -counts[c]):
        half[cluster] = int(totals[1] < totals[0])
        totals[half[cluster]] += int(counts[cluster])
    return half


@dataclass(frozen=True)
class _Parts:
    """What one block contributes: squared lengths and products, float64 [t] each."""

    anchor: np.ndarray
    a: np.ndarray
    b: np.ndarray
    anchor_a: np.ndarray
    anchor_b: np.ndarray
    to_a: np.ndarray
    to_b: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray, triplets: Triplets) -> _Parts:
        x = np.asarray(vectors, dtype=np.float64)
        anchor, a, b = (x[triplets.rows[:, i]] for i in range(3))
        pairs = ((anchor, anchor), (a, a), (b, b), (anchor, a), (anchor, b))
        products = [np.einsum("td,td->t", p, q) for p, q in pairs]
        gaps = [np.einsum("td,td->t", d, d) for d in (anchor - a, anchor - b)]
        return cls(*products, *gaps)

    @classmethod
    def join(cls, parts: Sequence[_Parts]) -> _Parts:
        return cls(*(np.sum([getattr(p, n) for p in parts], axis=0) for n in vars(parts[0])))

    def distances(self, distance: str) -> tuple[np.ndarray, np.ndarray]:
        if distance == "euclidean":
            return self.to_a, self.to_b
        to_a = self.anchor_a / np.sqrt(np.maximum(self.anchor * self.a, 1e-24))
        to_b = self.anchor_b / np.sqrt(np.maximum(self.anchor * self.b, 1e-24))
        return -to_a, -to_b
