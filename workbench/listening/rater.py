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
    for dimension, is_skipped, of_sitting, _, count in rows:
        if of_sitting and not is_skipped:
            by_dimension[dimension] = by_dimension.get(dimension, 0) + count
    busy_since = log.busy_since(rater)
    return Progress(
        session=sum(by_dimension.values()),
        by_dimension=by_dimension,
        skipped=sum(row[-1] for row in rows if row[1] and row[2]),
        today=sum(row[-1] for row in rows if row[3] and not row[1]),
        minutes=(now() - busy_since).total_seconds() / 60 if busy_since else 0.0,
    )
