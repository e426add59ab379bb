"""Triplets by chance, and by what the tags say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench.sampling.proposals import Proposal, distinct, draw_triplets

_POOL = 400  # items whose tags are compared at a time


class RandomSampler:
    """Any three items, each triplet as likely as any other.

    Rows of this sampler are the ones to estimate accuracy on: nothing about a model or a tag
    decided that they were asked.

    Parameters
    ----------
    items
        Ids of the items to choose from.

    Examples
    --------
    >>> len(RandomSampler([3, 5, 8]).propose("tempo", np.random.default_rng(0), 10))
    3
    """

    name = "random"
    batch = 64

    def __init__(self, items: Sequence[int]) -> None:
        self._items = distinct(items)

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets; the dimension makes no difference."""
        rows = self._items[draw_triplets(len(self._items), count, rng)]
        return [Proposal(anchor, a, b, self.name) for anchor, a, b in rows.tolist()]


class TagGuidedSampler:
    """Triplets to which the tags have an answer: one candidate is similar to the anchor, one not.

    Anchors are equally likely, whatever the size of their class.

    Parameters
    ----------
    items
        Ids of the items to choose from.
    relation
        ``relation(dimension, ids) -> int8 [n, n]``: 1 similar, -1 dissimilar, 0 unknown.
    """

    name = "tags"
    batch = 64

    def __init__(
        self, items: Sequence[int], relation: Callable[[str, Sequence[int]], np.ndarray]
    ) -> None:
        self._items = distinct(items)
        self._relation = relation

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets, none where the tags tell nothing apart."""
        pool = self._items
        if len(pool) > _POOL:
            pool = np.sort(rng.choice(pool, size=_POOL, replace=False))
        relation = self._relation(dimension, pool.tolist())
        similar = [np.flatnonzero(row == 1) for row in relation]
        dissimilar = [np.flatnonzero(row == -1) for row in relation]
        sizes = np.array([len(s) * len(d) for s, d in zip(similar, dissimilar, strict=True)])
        anchors = rng.permutation(np.flatnonzero(sizes))[:count]
        if len(anchors) == 0:
            return []
        proposals = []
        for anchor in anchors:
            wanted = min(-(-count // len(anchors)), sizes[anchor])
            chosen = rng.choice(sizes[anchor], size=wanted, replace=False)
            near, far = np.divmod(chosen, len(dissimilar[anchor]))
            for s, d in zip(similar[anchor][near], dissimilar[anchor][far], strict=True):
                a, b = sorted((int(pool[s]), int(pool[d])))
                proposals.append(Proposal(int(pool[anchor]), a, b, self.name))
        return [proposals[i] for i in rng.permutation(len(proposals))[:count]]
