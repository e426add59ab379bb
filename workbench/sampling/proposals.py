"""What all samplers have in common: they propose triplets and know nothing of raters.

The rating session passes over triplets already judged and claims the first that is free. All
samplers draw without replacement, so that asking for enough yields every triplet there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.errors import NotReadyError


@dataclass(frozen=True)
class Proposal:
    """A triplet worth asking about.

    Attributes
    ----------
    anchor, a, b
        Ids of the items.
    sampler
        The name of the sampler that proposed it, which in a mix is not the mix.
    score
        The sampler's reason as a number of bits, if it has one.
    model_version
        The version whose heads the sampler started from, if it looked at any.
    """

    anchor: int
    a: int
    b: int
    sampler: str
    score: float | None = None
    model_version: str | None = None

    @property
    def triplet(self) -> tuple[int, int, int]:
        """The anchor and the candidates in order: the same one whichever way round."""
        return self.anchor, min(self.a, self.b), max(self.a, self.b)


class Sampler(Protocol):
    """Something that proposes triplets.

    Attributes
    ----------
    name
        What judgements of its proposals are stored under.
    batch
        How many proposals are worth taking before asking again.
    """

    name: str
    batch: int

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets, the best first; fewer if there are no more."""
        ...


def distinct(items: Sequence[int]) -> np.ndarray:
    """Return the different ids of `items`, int64 [n], ascending.

    Raises
    ------
    NotReadyError
        If there are fewer than three.
    """
    ids = np.unique(np.asarray(list(items), dtype=np.int64))
    if len(ids) < 3:
        are = {0: "are none", 1: "is one"}.get(len(ids), f"are {len(ids)}")
        raise NotReadyError(
            f"A triplet needs three songs with sound and there {are}; add some with "
            "`workbench import DIR PATH...`."
        )
    return ids


def draw_triplets(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return up to `count` different triplets of n items, each as likely as any other.

    Returns
    -------
    int64 [t, 3]: anchor, a and b as numbers below `n`; a is below b.
    """
    pairs = (n - 1) * (n - 2) // 2
    chosen = rng.choice(n * pairs, size=min(count, n * pairs), replace=False)
    anchors, ranks = np.divmod(chosen, pairs)
    others = [pair + (pair >= anchors) for pair in _pair(ranks)]  # step over the anchor
    return np.stack([anchors, *others], axis=1)


def _pair(rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair (i, j), i < j, at each place of the order (0,1) (0,2) (1,2) (0,3) ..."""
    j = ((1 + np.sqrt(1 + 8 * rank.astype(float))) // 2).astype(np.int64)
    j -= j * (j - 1) // 2 > rank  # the square root of a large number may round up
    j += (j + 1) * j // 2 <= rank
    return rank - j * (j - 1) // 2, j
