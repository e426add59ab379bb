"""What changed in a workspace since a moment: items, judgements, versions, tags, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.evaluation.questions import OVERALL
from workbench.judgements.rows import JUDGED, aware
from workbench.tagging.reviews import ReviewLog

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_SURE = 0.05  # p value of a paired test below which a score has changed


class Move(NamedTuple):
    """A score before and after."""

    before: float
    after: float


@dataclass(frozen=True)
class VersionChange:
    """A new version, and what it changed in score.

    Attributes
    ----------
    card
        The version.
    overall
        The score of all dimensions at once; None where one of the two was not measured.
    moved
        The dimensions whose score is known to have changed: by the paired test that fine-tuning
        stored, corrected over the dimensions, else because the intervals do not overlap.
    """

    card: ModelCard
    overall: Move | None
    moved: dict[str, Move]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since a moment.

    Attributes
    ----------
    since
        The moment.
    items
        New items, as ``Catalogue.items`` returns them.
    judgements, raters
        Answers given since that stand, by dimension, and by how many raters.
    versions
        Versions made since, the oldest first.
    in_use_then, in_use_now
        The current version at that moment and now; None where there was none.
    confirmed, rejected
        Tags that reviewers said yes and no to.
    failures
        Files that could not be imported.
    """

    since: datetime
    items: pd.DataFrame
    judgements: dict[str, int]
    raters: int
    versions: list[VersionChange]
    in_use_then: str | None
    in_use_now: str | None
    confirmed: int
    rejected: int
    failures: int


def changes_since(ws: Workspace, since: datetime) -> Changes:
    """Return what changed in a workspace since a moment, which has a time zone."""
    judged = ws.judgements.table()
    judged = judged[(judged["at"] >= since) & judged["choice"].isin(JUDGED)]
    verdicts = ReviewLog(ws.database).table()
    given = verdicts.loc[verdicts["at"] >= since, "verdict"]
    cards = {card.version: card for card in ws.models.versions()}
    return Changes(
        since=since,
        items=ws.catalogue.items(since=since),
        judgements=ws.judgements.counts(since=since, choices=JUDGED),
        raters=judged["rater"].nunique(),
        versions=[
            version_change(card, cards.get(card.parent or ""))
            for card in cards.values()
            if aware(datetime.fromisoformat(card.created_at)) >= since
        ],
        in_use_then=ws.models.current(at=since),
        in_use_now=ws.models.current(),
        confirmed=int((given == "accepted").sum()),
        rejected=int((given == "rejected").sum()),
        failures=sum(aware(at) >= since for at in ws.catalogue.failures()["at"]),
    )


def version_change(card: ModelCard, parent: ModelCard | None) -> VersionChange:
    """Return what a version changed in score against the one it was tuned from."""
    stored = card.metrics.get("finetune", {}).get("tags")
    if stored:
        before, after = stored["before"], stored["after"]
        tests = stored["comparison"]
        moved = [n for n in after if n in tests and tests[n]["p_grouped_holm"] < _SURE]
    else:
        before = parent.metrics.get("scores", {}) if parent else {}
        after = card.metrics.get("scores", {})
        moved = [n for n in after if _apart(before.get(n), after[n])]
    moves = {name: move for name in moved if (move := _move(before.get(name), after[name]))}
    moves.pop(OVERALL, None)
    return VersionChange(card, _move(before.get(OVERALL), after.get(OVERALL)), moves)


def _move(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Move | None:
    if not (before and before.get("n") and after and after.get("n")):
        return None
    return Move(before["score"], after["score"])


def _apart(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    if _move(before, after) is None or before is None:
        return False
    return bool(before["high"] < after["low"] or after["high"] < before["low"])
