"""Samplers: which triplets to ask about.

Each proposes many triplets at once and knows nothing of raters; the rating session passes over
those already judged and claims the first that is free. All draw without replacement, so that
asking for enough of them yields every triplet there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from workbench.errors import NotReadyError, UnknownNameError

if TYPE_CHECKING:
    from workbench.workspace import Workspace

SAMPLERS = ("mix", "random", "tags")
_POOL = 400  # items whose tags are compared at a time


@dataclass(frozen=True)
class Proposal:
    """A triplet worth asking about; `score` is the sampler's reason as a number, if it has one."""

    anchor: int
    a: int
    b: int
    sampler: str
    score: float | None = None
    model_version: str | None = None


class Sampler(Protocol):
    """Something that proposes triplets."""

    name: str
    batch: int

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets, fewer only when there are no more."""
        ...


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
        self._items = _distinct(items)

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets; the dimension makes no difference."""
        n = len(self._items)
        pairs = (n - 1) * (n - 2) // 2
        chosen = rng.choice(n * pairs, size=min(count, n * pairs), replace=False)
        anchors, ranks = np.divmod(chosen, pairs)
        first, second = _pair(ranks)
        others = [pair + (pair >= anchors) for pair in (first, second)]  # step over the anchor
        rows = self._items[np.stack([anchors, *others], axis=1)]
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
        self._items = _distinct(items)
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
        return [proposals[i] for i in rng.permutation(len(proposals))]


class MixedSampler:
    """Proposals of several samplers in given shares; each keeps the name of its sampler.

    Parameters
    ----------
    parts
        Samplers with their shares, which are positive and need not sum to one.
    """

    name = "mix"
    batch = 64

    def __init__(self, parts: Sequence[tuple[Sampler, float]]) -> None:
        self._samplers = [sampler for sampler, _ in parts]
        self._shares = np.array([share for _, share in parts])

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets; one sampler makes up for another's lack."""
        queues = [sampler.propose(dimension, rng, count) for sampler in self._samplers]
        mixed: dict[tuple[int, int, int], Proposal] = {}
        while len(mixed) < count and any(queues):
            weights = self._shares * [bool(queue) for queue in queues]
            pick = queues[rng.choice(len(queues), p=weights / weights.sum())].pop()
            mixed.setdefault((pick.anchor, min(pick.a, pick.b), max(pick.a, pick.b)), pick)
        return list(mixed.values())


def make_sampler(ws: Workspace, name: str, items: Sequence[int]) -> Sampler:
    """Return the sampler `name`: ``mix`` (half random, half by tags), ``random`` or ``tags``.

    Raises
    ------
    UnknownNameError
        If there is no sampler of that name.
    NotReadyError
        If there are fewer than three items.
    """
    from workbench.subspaces.dimensions import get_dimension

    def relation(dimension: str, ids: Sequence[int]) -> np.ndarray:
        tags = ws.catalogue.tags(dimension)
        return get_dimension(ws, dimension).relation(tags[tags["item_id"].isin(ids)], ids)

    if name not in SAMPLERS:
        raise UnknownNameError(
            f"There is no sampler {name!r}; choose one of {', '.join(SAMPLERS)}."
        )
    at_random, by_tags = RandomSampler(items), TagGuidedSampler(items, relation)
    if name == "mix":
        return MixedSampler([(at_random, 0.5), (by_tags, 0.5)])
    return at_random if name == "random" else by_tags


def _distinct(items: Sequence[int]) -> np.ndarray:
    ids = np.unique(np.asarray(list(items), dtype=np.int64))
    if len(ids) < 3:
        raise NotReadyError(
            f"A triplet needs three songs with sound and there {_are(len(ids))}; add some with "
            "`workbench import DIR PATH...`."
        )
    return ids


def _are(count: int) -> str:
    return {0: "are none", 1: "is one"}.get(count, f"are {count}")


def _pair(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair (i, j), i < j, at each place of the order (0,1) (0,2) (1,2) (0,3) ..."""
    j = ((1 + np.sqrt(1 + 8 * rank.astype(float))) // 2).astype(np.int64)
    j -= j * (j - 1) // 2 > rank  # the square root of a large number may round up
    j += (j + 1) * j // 2 <= rank
    return rank - j * (j - 1) // 2, j
