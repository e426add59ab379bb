"""What changed since a moment, against counts made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.tables import Item, Judgement
from workbench.evaluation.changes import Move, changes_since, version_change
from workbench.evaluation.scores import Score
from workbench.judgements.log import Answer
from workbench.subspaces.store import ModelCard
from workbench.tagging.reviews import ReviewLog, Verdict

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def card(version: str, at: datetime, **changes: object) -> ModelCard:
    return ModelCard(version, encoder="tones", head="mask", dimensions=["key", "mood"],
                     subspace_dim=8, created_at=at.isoformat(), **changes)  # fmt: skip


def scores(**right: int) -> dict[str, object]:
    return {"scores": {name: Score(k, 100).as_dict() for name, k in right.items()}}


@pytest.fixture
def songs(ws: Workspace) -> list[int]:
    return [ws.catalogue.add_item(kind="song", domain="symbolic", title=f"Song {i}", artist="")
            for i in range(5)]  # fmt: skip


def test_items_and_judgements_since_are_counted(ws: Workspace, songs: list[int]) -> None:
    with ws.database.write() as session:
        session.execute(sa.update(Item).where(Item.id.in_(songs[:2])).values(created_at=LONG_AGO))
    sitting = ws.judgements.open_session("Ada")
    for choice, dimension in (
        ("a", "mood"),
        ("cannot_tell", "mood"),
        ("skip", "mood"),
        ("b", "key"),
    ):
        ws.judgements.append(
            Answer(session_id=sitting, rater="Ada", dimension=dimension, anchor_id=songs[0],
                   a_id=songs[1], b_id=songs[2], choice=choice)
        )  # fmt: skip
    recent = changes_since(ws, datetime.now(UTC) - timedelta(days=1))
    assert recent.items.index.tolist() == songs[2:]
    assert recent.judgements == {"mood": 2, "key": 1}
    assert recent.raters == 1
    assert len(changes_since(ws, LONG_AGO - timedelta(days=1)).items) == 5
    with ws.database.read() as session:
        last = session.scalar(sa.select(sa.func.max(Judgement.at))).replace(tzinfo=UTC)
    after = changes_since(ws, last + timedelta(seconds=1))
    assert (after.judgements, after.raters, len(after.items)) == ({}, 0, 0)


def test_reviews_since_are_counted_once_each(ws: Workspace, songs: list[int]) -> None:
    log = ReviewLog(ws.database)
    for item, verdict in zip(songs, ("accepted", "accepted", "rejected", "accepted"), strict=False):
        log.append(Verdict(item_id=item, dimension="mood", value="calm", verdict=verdict,
                           reviewer="Ada"))  # fmt: skip
    log.undo("Ada")
    found = changes_since(ws, LONG_AGO)
    assert (found.confirmed, found.rejected) == (2, 1)


def test_failed_imports_since_are_counted(ws: Workspace) -> None:
    ws.catalogue.record_failure(Path("/music/a.wma"), "no sound")
    assert changes_since(ws, LONG_AGO).failures == 1
    assert changes_since(ws, datetime.now(UTC) + timedelta(hours=1)).failures == 0


def store(ws: Workspace, model: ModelCard) -> None:
    folder = ws.models.folder / model.version
    folder.mkdir(parents=True)
    values = {k: v for k, v in vars(model).items() if k != "promoted"}
    (folder / "card.json").write_text(json.dumps(values))


def test_versions_since_and_which_was_in_use(ws: Workspace) -> None:
    now = datetime.now(UTC)
    store(ws, card("v0001", now - timedelta(days=40)))
    store(ws, card("v0002", now - timedelta(days=3), parent="v0001"))
    lines = [("v0001", 40), ("v0002", 3)]
    ws.models.folder.joinpath("history.jsonl").write_text(
        "".join(
            json.dumps({"action": "promote", "version": version,
                        "at": (now - timedelta(days=days)).timestamp()}) + "\n"
            for version, days in lines
        )
    )  # fmt: skip
    week = changes_since(ws, now - timedelta(days=7))
    assert [each.card.version for each in week.versions] == ["v0002"]
    assert (week.in_use_then, week.in_use_now) == ("v0001", "v0002")
    before = changes_since(ws, now - timedelta(days=60))
    assert (len(before.versions), before.in_use_then) == (2, None)


def test_score_moved_where_intervals_do_not_overlap() -> None:
    parent = card("v1", LONG_AGO, metrics=scores(key=50, mood=60, overall=55))
    child = card("v2", LONG_AGO, parent="v1", metrics=scores(key=90, mood=65, overall=70))
    found = version_change(child, parent)
    assert found.moved == {"key": Move(0.5, 0.9)}
    assert found.overall == Move(0.55, 0.7)


def test_stored_paired_test_goes_before_intervals() -> None:
    before, after = (scores(key=k, mood=60, overall=55)["scores"] for k in (50, 60))
    tests = {"key": {"p_grouped_holm": 0.01}, "mood": {"p_grouped_holm": 0.5},
             "overall": {"p_grouped_holm": 0.01}}  # fmt: skip
    report = {"before": before, "after": after, "comparison": tests}
    child = card("v2", LONG_AGO, metrics={"finetune": {"tags": report}})
    assert version_change(child, None).moved == {"key": Move(0.5, 0.6)}


def test_nothing_measured_is_no_change() -> None:
    found = version_change(card("v2", LONG_AGO, metrics=scores(key=50)), card("v1", LONG_AGO))
    assert (found.overall, found.moved) == (None, {})
