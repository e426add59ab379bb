"""How far a rater is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.catalogue.tables import now
from workbench.judgements.log import JudgementLog


@dataclass(frozen=True)
class Progress:
    """How far a rater is.

    Judged this session, by dimension, skipped, judged today, and for how many minutes without a
    break of at least five.
    """

    session: int
    by_dimension: dict[str, int]
    skipped: int
    today: int
    minutes: float = 0.0


def progress_of(log: JudgementLog, rater: str, session_id: str) -> Progress:
    """Return how far a rater is in a sitting and today."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = log.tally(rater, session_id, midnight)
    by_dimension: dict[str, int] = {}
    for row in rows:
        if row.of_sitting and not row.skipped:
            by_dimension[row.dimension] = by_dimension.get(row.dimension, 0) + row.answers
    busy_since = log.busy_since(rater)
    return Progress(
        session=sum(by_dimension.values()),
        by_dimension=by_dimension,
        skipped=sum(row.answers for row in rows if row.skipped and row.of_sitting),
        today=sum(row.answers for row in rows if row.recent and not row.skipped),
        minutes=(now() - busy_since).total_seconds() / 60 if busy_since else 0.0,
    )
