"""What the lead of a team wants to know: agreement, raters, sittings, trend, progress of tasks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.judgements.agreement import ALL, agreement_by_dimension
from workbench.judgements.conduct import Conduct, conduct, trend
from workbench.judgements.given import given_answers
from workbench.judgements.gold import GoldTriplets
from workbench.judgements.rows import Triplet
from workbench.judgements.sessions import FEWEST_RATERS, Sitting, lasting_flags, sittings
from workbench.listening.standing import Standing
from workbench.listening.task_store import RatingTasks, dimensions_asked
from workbench.listening.tasks import RatingTask

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Oversight:
    """How a team's judging goes.

    Attributes
    ----------
    dimensions
        By dimension, and of all of them, what `workbench.judgements.agreement.evaluate` says.
    whole
        How it went on the whole.
    raters
        How it went by rater, the busiest first.
    flags
        What is odd about all that a rater answered, sentences by rater.
    sittings
        Every sitting with what is odd about it, the newest first.
    trend
        How it went over time.
    excluded
        The sittings left out because somebody said so.
    """

    dimensions: dict[str, dict[str, Any]]
    whole: Conduct
    raters: dict[str, Conduct]
    flags: dict[str, list[str]]
    sittings: list[Sitting]
    trend: list[tuple[str, Conduct]]
    excluded: tuple[str, ...]

    @property
    def summary(self) -> dict[str, Any]:
        """The agreement in all dimensions together."""
        return self.dimensions[ALL]

    def accuracy(self, rater: str) -> float | None:
        """Return how often a rater is right by Dawid and Skene's model, None if nobody can say."""
        return _accuracy(self.summary, rater)

    def flagged(self, rater: str) -> list[Sitting]:
        """Return a rater's sittings that look odd."""
        return [s for s in self.sittings if s.rater == rater and s.flags]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        return {
            "dimensions": self.dimensions,
            "whole": self.whole.as_dict(),
            "raters": {
                name: went.as_dict() | {"accuracy": self.accuracy(name), "flags": self.flags[name]}
                for name, went in self.raters.items()
            },
            "sittings": [sitting.as_dict() for sitting in self.sittings],
            "trend": [{"when": name} | went.as_dict() for name, went in self.trend],
            "excluded": list(self.excluded),
        }


def oversee(
    ws: Workspace,
    *,
    dimension: str | None = None,
    excluding: Collection[str] = (),
    draws: int = 1000,
    seed: int = 0,
) -> Oversight:
    """Return how a team's judging goes.

    Parameters
    ----------
    ws
        The workspace.
    dimension
        One dimension only.
    excluding
        Sittings to leave out, by id.
    draws, seed
        Of the bootstrap.
    """
    left_out = sorted({ws.judgements.find_session(name) for name in excluding})
    judgements = ws.judgements.table(excluding=left_out)
    if dimension is not None:
        judgements = judgements[judgements["dimension"] == dimension]
    given = given_answers(judgements, GoldTriplets(ws.database).table())
    dimensions = agreement_by_dimension(judgements, draws=draws, seed=seed)
    busiest = given["rater"].value_counts().index
    parts = {str(name): given[given["rater"] == name] for name in busiest}
    raters = {name: conduct(part) for name, part in parts.items()}
    return Oversight(
        dimensions=dimensions,
        whole=conduct(given),
        raters=raters,
        flags={
            name: lasting_flags(part, raters[name], accuracy=_accuracy(dimensions[ALL], name))
            for name, part in parts.items()
        },
        sittings=sittings(judgements, given),
        trend=trend(given),
        excluded=tuple(left_out),
    )


def _accuracy(summary: dict[str, Any], rater: str) -> float | None:
    sharing = [name for name, found in summary["raters"].items() if found["agreement"]["n"]]
    if len(sharing) < FEWEST_RATERS or rater not in sharing:
        return None
    return float(summary["raters"][rater]["accuracy"])


@dataclass(frozen=True)
class TaskProgress:
    """How far a rating task is.

    Attributes
    ----------
    name
        Of the task.
    wanted
        How many triplets it asks about, None where a sampler chooses them.
    begun, finished
        Triplets that anybody judged, and that enough raters judged.
    raters
        How many people took part.
    """

    name: str
    wanted: int | None
    begun: int
    finished: int
    raters: int


def task_progress(ws: Workspace, name: str) -> TaskProgress:
    """Return how far a rating task is.

    Triplets of a list count whoever judged them; where a sampler chooses, those of the task's own
    sittings do.
    """
    task = RatingTasks(ws).load(name)
    own = ws.judgements.table()
    own = own[own["task"] == name]
    asked = _listed(task) or {_question(row, task) for row in own.itertuples()}
    judges: dict[Triplet, set[str]] = {}
    for dimension in dimensions_asked(ws, task):
        judges |= Standing.read(ws.database, dimension, task.mode).judges
    counts = {triplet: len(judges.get(triplet, ())) for triplet in asked}
    return TaskProgress(
        name,
        wanted=len(asked) if task.triplets else None,
        begun=sum(count > 0 for count in counts.values()),
        finished=sum(count >= task.raters_of(t) for t, count in counts.items()),
        raters=own["rater"].nunique(),
    )


def _listed(task: RatingTask) -> set[Triplet]:
    listed = (Triplet(*row) for row in task.triplets)
    return {t.unanchored if task.mode == "odd_one_out" else t for t in listed}


def _question(row: Any, task: RatingTask) -> Triplet:
    triplet = Triplet(row.dimension, row.anchor_id, row.a_id, row.b_id)
    return triplet.unanchored if task.mode == "odd_one_out" else triplet
