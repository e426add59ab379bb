"""Several samplers at once, each with its share."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from workbench.sampling.proposals import Proposal, Sampler


class MixedSampler:
    """Proposals of several samplers in given shares; each keeps the name of its sampler.

    What two of them propose is the first one's: put the sampler first whose rows must be a sample
    of all triplets, whatever the others choose.

    Parameters
    ----------
    parts
        Samplers with their shares, which are positive and need not sum to one.
    """

    name = "mix"

    def __init__(self, parts: Sequence[tuple[Sampler, float]]) -> None:
        self._samplers = [sampler for sampler, _ in parts]
        self._shares = np.array([share for _, share in parts])
        self.batch = min(sampler.batch for sampler in self._samplers)

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets; one sampler makes up for another's lack.

        Each sampler's own come in its own order.
        """
        queues = [sampler.propose(dimension, rng, count) for sampler in self._samplers]
        turns = rng.choice(len(queues), size=count, p=self._shares / self._shares.sum())
        known: set[tuple[int, int, int]] = set()
        own = [
            deque(_unknown(queue, known, int((turns == part).sum())))
            for part, queue in enumerate(queues)
        ]
        mixed = [own[part].popleft() for part in turns if own[part]]
        for queue in queues:
            mixed += _unknown(queue, known, count - len(mixed))
        return mixed


def _unknown(
    proposals: list[Proposal], known: set[tuple[int, int, int]], count: int
) -> list[Proposal]:
    """Return the first `count` proposals that are not known, and know them from then on."""
    found: list[Proposal] = []
    for proposal in proposals:
        if len(found) == count:
            break
        if proposal.triplet not in known:
            known.add(proposal.triplet)
            found.append(proposal)
    return found
