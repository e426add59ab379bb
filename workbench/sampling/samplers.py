"""The samplers by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import UnknownNameError
from workbench.sampling.adaptive import CoverageSampler, InformationSampler, UncertaintySampler
from workbench.sampling.chance import RandomSampler, TagGuidedSampler
from workbench.sampling.heard import MachineTagSampler
from workbench.sampling.mix import MixedSampler
from workbench.sampling.proposals import Proposal, Sampler
from workbench.sampling.refitting import ensembles_of

if TYPE_CHECKING:
    from workbench.sampling.ensemble import Ensemble
    from workbench.workspace import Workspace

__all__ = ["SAMPLERS", "Proposal", "Sampler", "make_sampler"]

SAMPLERS = ("mix", "random", "tags", "machine_tags", "uncertainty", "information", "coverage")
RANDOM_SHARE = 0.15  # of the mix, to estimate accuracy on
_ADAPTIVE = {
    sampler.name: sampler for sampler in (UncertaintySampler, InformationSampler, CoverageSampler)
}
_BEST = "coverage"


def make_sampler(
    ws: Workspace, name: str, items: Sequence[int], *, random_share: float = RANDOM_SHARE
) -> Sampler:
    """Return the sampler `name`.

    ``random``
        Any triplet: the rows that accuracy is estimated on.
    ``tags``
        Triplets to which the tags have an answer.
    ``machine_tags``
        Triplets to which a tagger has one, for dimensions nobody has tagged: it only chooses what
        is asked.
    ``uncertainty``, ``information``, ``coverage``
        Adaptive: the most open answers, the most telling ones, a varied batch of telling ones.
        Before there is an ensemble of heads, half tags and half random stand in.
    ``mix``
        85 % adaptive (`coverage`) and 15 % random.

    Parameters
    ----------
    ws
        The workspace.
    name
        One of `SAMPLERS`.
    items
        Ids of the items to choose from.
    random_share
        The share of random triplets in the mix.

    Raises
    ------
    UnknownNameError
        If there is no sampler of that name.
    NotReadyError
        If there are fewer than three items.
    """
    from workbench.subspaces.dimensions import get_dimension

    if name not in SAMPLERS:
        raise UnknownNameError(
            f"There is no sampler {name!r}; choose one of {', '.join(SAMPLERS)}."
        )

    def relation(dimension: str, ids: Sequence[int]) -> np.ndarray:
        tags = ws.catalogue.tags(dimension)
        return get_dimension(ws, dimension).relation(tags[tags["item_id"].isin(ids)], ids)

    def ensemble(dimension: str, ids: np.ndarray) -> Ensemble | None:
        return ensembles_of(ws).latest(ws, dimension, ids)

    at_random, by_tags = RandomSampler(items), TagGuidedSampler(items, relation)
    if name == "random":
        return at_random
    if name == "tags":
        return by_tags
    if name == MachineTagSampler.name:
        return MachineTagSampler(ws, items)
    fallback = MixedSampler([(at_random, 0.5), (by_tags, 0.5)])
    if name != "mix":
        return _ADAPTIVE[name](items, ensemble, fallback)
    adaptive = _ADAPTIVE[_BEST](items, ensemble, fallback)
    return MixedSampler([(at_random, random_share), (adaptive, 1 - random_share)])
