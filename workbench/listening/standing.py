"""Standing: which triplets of a dimension were judged, by whom, and which are to be asked again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.database import Database
from workbench.catalogue.tables import Judgement
from workbench.judgements.rows import JUDGED, Triplet, effective
from workbench.listening.tasks import RatingTask
from workbench.sampling.proposals import Proposal

REPEAT_AFTER = 10  # answers about the dimension: sooner, a rater remembers


@dataclass
class Standing:
    """What stands of one dimension.

    Attributes
    ----------
    judges
        By triplet, who judged it.
    answered
        By triplet, who answered or skipped it, as often as they did.
    order
        By rater, the triplets they judged, oldest first.
    origin
        By triplet, the proposal it was first asked by.
    """

    judges: dict[Triplet, set[str]] = field(default_factory=dict)
    answered: dict[Triplet, list[str]] = field(default_factory=dict)
    order: dict[str, list[Triplet]] = field(default_factory=dict)
    origin: dict[Triplet, Proposal] = field(default_factory=dict)

    @classmethod
    def read(cls, database: Database, dimension: str, mode: str) -> Standing:
        """Read the answers given in one mode; what is odd settles no question about an anchor."""
        odd = Judgement.answer_id.is_not(None)
        query = (
            sa.select(
                Judgement.anchor_id,
                Judgement.a_id,
                Judgement.b_id,
                Judgement.rater,
                Judgement.choice,
                Judgement.answer_id,
                Judgement.sampler,
                Judgement.sampler_score,
                Judgement.model_version,
            )
            .where(effective(), Judgement.dimension == dimension)
            .where(odd if mode == "odd_one_out" else sa.true())
            .order_by(Judgement.at, Judgement.id)
        )
        with database.read() as transaction:
            rows = transaction.execute(query).fetchall()
        standing, seen = cls(), set()
        for row in rows:
            triplet = Triplet(dimension, row.anchor_id, row.a_id, row.b_id)
            if mode == "odd_one_out":
                triplet = triplet.unanchored
                if row.answer_id in seen:
                    continue
                seen.add(row.answer_id)
            standing._add(triplet, row.rater, row.choice)
            chosen = (row.sampler, row.sampler_score, row.model_version)
            standing.origin.setdefault(triplet, Proposal(*triplet.items, *chosen))
        return standing

    def _add(self, triplet: Triplet, rater: str, choice: str) -> None:
        self.answered.setdefault(triplet, []).append(rater)
        if choice in JUDGED:
            self.judges.setdefault(triplet, set()).add(rater)
            self.order.setdefault(rater, []).append(triplet)

    def is_settled(self, triplet: Triplet, rater: str, task: RatingTask) -> bool:
        """Return whether `rater` is not to be asked: answered, or judged by enough others."""
        if rater in self.answered.get(triplet, ()):
            return True
        return len(self.judges.get(triplet, ())) >= task.raters_of(triplet)

    def unfinished(self, rater: str, task: RatingTask) -> Iterator[Proposal]:
        """Yield the proposals of triplets that others judged and `rater` is to judge as well."""
        if task.raters == 1:
            return
        odd_one_out = task.mode == "odd_one_out"
        for triplet in self.judges:
            asked = task.asks(triplet, odd_one_out)
            if asked and not self.is_settled(triplet, rater, task):
                yield self.origin[triplet]

    def repeatable(self, rater: str, rng: np.random.Generator) -> list[Proposal]:
        """Return what `rater` judged once and some while ago, in the order of a lot."""
        own = self.order.get(rater, [])
        past = own[: max(0, len(own) - REPEAT_AFTER)]
        once = [t for t in past if self.answered[t].count(rater) == 1]
        return [self.origin[once[i]] for i in rng.permutation(len(once))]
