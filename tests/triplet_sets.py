"""Sets of triplets by trying all of them, to compare samplers with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np

from workbench.sampling.proposals import Proposal

Shown = tuple[int, int, int]


def shown(proposals: list[Proposal]) -> list[Shown]:
    return [(p.anchor, min(p.a, p.b), max(p.a, p.b)) for p in proposals]


def every_triplet(items: Sequence[int]) -> set[Shown]:
    return {(x, *sorted(pair)) for x in items for pair in combinations(set(items) - {x}, 2)}  # type: ignore[misc]


def by_parity(_dimension: str, ids: Sequence[int]) -> np.ndarray:
    """Even items are similar to even ones and odd to odd; nothing is known of multiples of 5."""
    known = np.array(ids) % 5 != 0
    same = np.equal.outer(np.array(ids) % 2, np.array(ids) % 2)
    relation = np.where(same, 1, -1) * np.outer(known, known)
    np.fill_diagonal(relation, 0)
    return relation.astype(np.int8)


def told_apart(items: Sequence[int]) -> set[Shown]:
    """The triplets to which `by_parity` has an answer, by trying all of them."""
    relation, row = by_parity("", items), {item: i for i, item in enumerate(items)}
    return {
        (x, min(a, b), max(a, b))
        for x, a, b in permutations(items, 3)
        if relation[row[x], row[a]] == 1 and relation[row[x], row[b]] == -1
    }
