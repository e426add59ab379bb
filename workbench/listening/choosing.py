"""Choosing: from a sampler's proposals to triplets that nobody has settled yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import Judgement
from workbench.judgements.claims import OpenTriplet
from workbench.judgements.rows import Triplet, settled_for
from workbench.listening.clips import Clips
from workbench.sampling.samplers import Proposal, Sampler, make_sampler

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_BATCHES = (64, 1024, 16384)  # proposals asked for at a time, until one is free


class Chooser:
    """The triplets one rater may be asked next.

    Parameters
    ----------
    ws, clips
        The workspace and its sounds.
    sampler
        A sampler or the name of one.
    rater
        Who is asked.
    overlap
        Whether triplets that other raters judged may be asked again.
    rng
        Draws triplets and sides.
    """

    def __init__(
        self,
        ws: Workspace,
        clips: Clips,
        *,
        sampler: str | Sampler,
        rater: str,
        overlap: bool,
        rng: np.random.Generator,
    ) -> None:
        self._ws, self._clips = ws, clips
        self._named_sampler, self._rng = sampler, rng
        self._rater, self._overlap = rater, overlap
        self._queues: dict[str, list[Proposal]] = {}

    def candidates(self, dimension: str, session_id: str) -> Iterator[OpenTriplet]:
        """Yield triplets that can be heard and that nobody has settled, sides drawn by lot."""
        for proposal in self._proposals(dimension):
            triplet = _triplet(dimension, proposal)
            if self._clips.can_play(triplet.items):
                a_is_left = bool(self._rng.integers(2))
                yield OpenTriplet(
                    triplet, session_id, self._rater, a_is_left, proposal.sampler, proposal.score
                )

    def _proposals(self, dimension: str) -> Iterator[Proposal]:
        queue = self._queues.setdefault(dimension, [])  # what was not needed waits here
        while queue:
            yield queue.pop()
        sampler, settled = self._sampler(), self._settled(dimension)
        for count in _BATCHES:
            proposals = sampler.propose(dimension, self._rng, count)
            queue += [p for p in proposals if _triplet(dimension, p) not in settled]
            while queue:
                yield queue.pop()
            if len(proposals) < count:
                return

    def _sampler(self) -> Sampler:
        if isinstance(self._named_sampler, str):
            return make_sampler(self._ws, self._named_sampler, self._clips.items())
        return self._named_sampler

    def _settled(self, dimension: str) -> set[Triplet]:
        settled = settled_for(self._rater, overlap=self._overlap)
        query = sa.select(Judgement.anchor_id, Judgement.a_id, Judgement.b_id)
        with self._ws.database.read() as transaction:
            rows = transaction.execute(query.where(Judgement.dimension == dimension, settled))
            return {Triplet(dimension, *row) for row in rows}


def _triplet(dimension: str, proposal: Proposal) -> Triplet:
    return Triplet(dimension, proposal.anchor, proposal.a, proposal.b)
