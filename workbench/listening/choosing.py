"""Choosing: from repeats, gold, shared triplets and a sampler's proposals to the next question."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.questions import OVERALL
from workbench.judgements.claims import OpenTriplet
from workbench.judgements.gold import GoldTriplets
from workbench.judgements.rows import Triplet
from workbench.listening.clips import Clips
from workbench.listening.standing import Standing
from workbench.listening.tasks import RatingTask
from workbench.sampling.proposals import Proposal, Sampler
from workbench.sampling.samplers import make_sampler

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_LARGER_BATCHES = (1024, 16384)  # asked for when no proposal of the first batch is free


class Chooser:
    """The triplets one rater may be asked next.

    Parameters
    ----------
    ws, clips
        The workspace and its sounds.
    task
        What is asked.
    sampler
        Used instead of the one the task names.
    rater
        Who is asked.
    rng
        Draws triplets and places.
    """

    def __init__(
        self,
        ws: Workspace,
        clips: Clips,
        *,
        task: RatingTask,
        rater: str,
        rng: np.random.Generator,
        sampler: Sampler | None = None,
    ) -> None:
        self._ws, self._clips, self._task = ws, clips, task
        self._rng, self._rater = rng, rater
        self._given_sampler = sampler
        self._samplers: dict[tuple[str, tuple[int, ...]], Sampler] = {}
        self._queues: dict[str, deque[Proposal]] = {}
        self._left: dict[str, int] = {}  # triplets to take before the sampler is asked again
        self._gold = GoldTriplets(ws.database)

    def candidates(self, dimension: str, session_id: str) -> Iterator[OpenTriplet]:
        """Yield what may be asked, the best first, laid out by lot.

        Only triplets that can be heard; whoever claims them finds out whether they are free.
        """
        for proposal, purpose in self._wanted(dimension):
            triplet = self._question(dimension, proposal)
            if not self._clips.can_play(triplet.items):
                continue
            odd_one_out = self._task.mode == "odd_one_out"
            yield OpenTriplet(
                triplet,
                session_id,
                self._rater,
                a_is_left=bool(self._rng.integers(2)),
                sampler=proposal.sampler,
                sampler_score=proposal.score,
                model_version=proposal.model_version or self._ws.models.current(),
                purpose=purpose,
                anchor_place=int(self._rng.integers(3)) if odd_one_out else None,
            )

    def raters_of(self, wanted: OpenTriplet) -> int | None:
        """Return how many raters are to judge a triplet, None for everybody."""
        return None if wanted.purpose == "gold" else self._task.raters_of(wanted.triplet)

    def _wanted(self, dimension: str) -> Iterator[tuple[Proposal, str]]:
        lot = self._rng.random()
        if lot < self._task.repeats:
            standing = Standing.read(self._ws.database, dimension, self._task.mode)
            for proposal in standing.repeatable(self._rater, self._rng):
                yield proposal, "repeat"
        elif lot < self._task.repeats + self._task.gold and self._task.mode == "closer":
            for triplet in self._gold.unanswered(dimension, self._rater, self._rng):
                yield Proposal(*triplet.items, "gold"), "gold"
        for proposal in self._new(dimension):
            yield proposal, "new"

    def _new(self, dimension: str) -> Iterator[Proposal]:
        queue = self._queues.setdefault(dimension, deque())  # what was not needed waits here
        self._left[dimension] = self._left.get(dimension, 0) - 1
        if self._left[dimension] <= 0:  # the sampler may know better by now
            queue.clear()
        while queue:
            yield queue.popleft()
        sampler = self._sampler(dimension)
        self._left[dimension] = sampler.batch
        standing = Standing.read(self._ws.database, dimension, self._task.mode)
        queue.extend(standing.unfinished(self._rater, self._task))
        while queue:
            yield queue.popleft()
        for count in (sampler.batch, *_LARGER_BATCHES):
            proposals = sampler.propose(dimension, self._rng, count)
            for proposal in proposals:
                triplet = self._question(dimension, proposal)
                if not standing.is_settled(triplet, self._rater, self._task):
                    queue.append(proposal)
            while queue:
                yield queue.popleft()
            if len(proposals) < count:
                return

    def _sampler(self, dimension: str) -> Sampler:
        if self._given_sampler is not None:
            return self._given_sampler
        if self._task.triplets:
            return ListedSampler(self._task.triplets)
        items = self._clips.items()
        if self._task.items:
            items = [item_id for item_id in self._clips.songs() if item_id in self._task.items]
        name = "random" if dimension == OVERALL else self._task.sampler  # no head, no tags
        key = (name, tuple(items))
        if key not in self._samplers:  # kept as long as the songs are the same: it learns
            self._samplers[key] = make_sampler(self._ws, name, items)
        return self._samplers[key]

    def _question(self, dimension: str, proposal: Proposal) -> Triplet:
        triplet = Triplet(dimension, proposal.anchor, proposal.a, proposal.b)
        return triplet.unanchored if self._task.mode == "odd_one_out" else triplet


class ListedSampler:
    """The triplets of a list, in its order.

    Parameters
    ----------
    triplets
        Rows (dimension, anchor, a, b).
    """

    name = "listed"

    def __init__(self, triplets: tuple[tuple[str, int, int, int], ...]) -> None:
        self._triplets = triplets
        self.batch = len(triplets) + 1  # all of them at once

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return those about the dimension; nothing is drawn."""
        rows = [row for row in self._triplets if row[0] == dimension]
        return [Proposal(anchor, a, b, self.name) for _, anchor, a, b in rows[:count]]
