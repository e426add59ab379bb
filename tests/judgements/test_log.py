from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.tables import Claim, Judgement
from workbench.errors import UnknownNameError
from workbench.judgements import log as log_module
from workbench.judgements.answers import new_id
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.log import Answer, JudgementLog
from workbench.judgements.rows import JUDGED, Triplet

Make = Callable[..., Answer]


def test_an_answer_is_stored_with_every_column(ws: Workspace, answer: Make) -> None:
    given = answer(
        choice="b",
        a_is_left=False,
        response_ms=4321,
        clips={"anchor": {"heard_ms": 10}, "a": {"heard_ms": 20}, "b": {"heard_ms": 30}},
        clip_length_s=10.0,
        sampler="tags",
        sampler_score=0.25,
        model_version="v0003",
    )
    assert ws.judgements.append(given)
    [row] = ws.judgements.table().to_dict("records")
    assert {name: row[name] for name in vars(given)} == vars(given)
    assert abs(datetime.now(UTC) - row["at"]) < timedelta(minutes=1)


def test_the_same_answer_sent_twice_is_stored_once(ws: Workspace, answer: Make) -> None:
    first = answer()
    assert ws.judgements.append(first)
    assert not ws.judgements.append(first)
    assert ws.judgements.count() == len(ws.judgements.history()) == 1


def test_the_same_answer_from_many_threads_is_stored_once(ws: Workspace, answer: Make) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(ws.judgements.append, [answer(id="one")] * 24))
    assert sum(stored) == 1
    assert ws.judgements.count() == 1


def test_rows_can_be_neither_changed_nor_removed(ws: Workspace, answer: Make) -> None:
    ws.judgements.append(answer())
    for statement in (sa.update(Judgement).values(choice="b"), sa.delete(Judgement)):
        with (
            pytest.raises(sa.exc.DatabaseError, match="append-only"),
            ws.database.write() as transaction,
        ):
            transaction.execute(statement)
    assert ws.judgements.table()["choice"].tolist() == ["a"]


def test_undo_supersedes_by_a_new_row(ws: Workspace, answer: Make) -> None:
    given = answer()
    ws.judgements.append(given)
    assert ws.judgements.undo(given.session_id) == given.id
    assert ws.judgements.table().empty
    history = ws.judgements.history()
    assert history["choice"].tolist() == ["a", "undo"]
    assert history["supersedes"].isna().tolist() == [True, False]
    assert history["supersedes"].iloc[1] == given.id


def test_repeated_undo_walks_back_through_the_sitting(ws: Workspace, answer: Make) -> None:
    answers = [answer(b_id=item) for item in (3, 4, 5, 6)]
    ws.judgements.append_all(answers)
    session_id = answers[0].session_id
    undone = [ws.judgements.undo(session_id) for _ in range(5)]
    assert undone == [*(each.id for each in reversed(answers)), None]


def test_undo_goes_on_before_an_answer_given_again(ws: Workspace, answer: Make) -> None:
    first, second, again = answer(b_id=3), answer(b_id=4), answer(b_id=4, choice="b")
    ws.judgements.append_all([first, second])
    session_id = first.session_id
    ws.judgements.undo(session_id)
    ws.judgements.append(again)
    assert [ws.judgements.undo(session_id) for _ in range(3)] == [again.id, first.id, None]


def test_an_undo_cannot_be_undone(ws: Workspace, answer: Make) -> None:
    given = answer()
    ws.judgements.append(given)
    ws.judgements.undo(given.session_id, id="undo")
    assert ws.judgements.undo(given.session_id) is None
    assert ws.judgements.count() == 0


def test_an_undo_sent_twice_undoes_once(ws: Workspace, answer: Make) -> None:
    first, second = answer(b_id=3), answer(b_id=4)
    ws.judgements.append_all([first, second])
    assert ws.judgements.undo(first.session_id, id="u") == second.id
    assert ws.judgements.undo(first.session_id, id="u") == second.id
    assert ws.judgements.table()["id"].tolist() == [first.id]


def test_undo_leaves_other_sittings_alone(ws: Workspace, answer: Make) -> None:
    ws.judgements.append(answer())
    other = ws.judgements.open_session("Bob")
    assert ws.judgements.undo(other) is None
    assert ws.judgements.count() == 1


def test_undo_finds_the_last_answer_when_the_clock_was_set_back(
    ws: Workspace, answer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = answer(b_id=3), answer(b_id=4)
    ws.judgements.append(first)
    earlier = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr(log_module, "now", lambda: earlier)
    ws.judgements.append(second)
    assert ws.judgements.undo(first.session_id) == second.id


def test_an_answer_lets_go_of_its_claim_and_an_undo_takes_it_back(
    ws: Workspace, answer: Make
) -> None:
    claims, triplet = Claims(ws.database), Triplet("tempo", 1, 2, 3)
    given = answer(a_is_left=False)
    claims.take(OpenTriplet(triplet, given.session_id, "Ada", False, "random"))
    ws.judgements.append(given)
    assert claims.get(triplet, "Ada") is None
    ws.judgements.undo(given.session_id)
    reopened = claims.get(triplet, "Ada")
    assert reopened is not None
    assert not reopened.a_is_left


def test_a_refused_answer_keeps_its_claim(ws: Workspace, answer: Make) -> None:
    """The claim goes in the transaction that stores the answer, or not at all."""
    claims, triplet = Claims(ws.database), Triplet("tempo", 1, 2, 3)
    claims.take(OpenTriplet(triplet, answer().session_id, "Ada", True, "random"))
    with pytest.raises(UnknownNameError, match="does not exist"):
        ws.judgements.append(answer(session_id="nobody's"))
    assert claims.get(triplet, "Ada") is not None
    assert ws.judgements.count() == 0


def test_counts_are_by_dimension_rater_sitting_and_time(ws: Workspace, answer: Make) -> None:
    bobs = ws.judgements.open_session("Bob")
    ws.judgements.append_all(
        [
            answer(b_id=3),
            answer(b_id=4, choice="skip"),
            answer(b_id=5, dimension="key"),
            answer(b_id=6, session_id=bobs, rater="Bob"),
        ]
    )
    assert ws.judgements.counts() == {"tempo": 3, "key": 1}
    assert ws.judgements.counts(rater="Ada") == {"tempo": 2, "key": 1}
    assert ws.judgements.counts(session_id=bobs) == {"tempo": 1}
    assert ws.judgements.counts(choices=["skip"]) == {"tempo": 1}
    assert ws.judgements.counts(since=datetime.now(UTC) + timedelta(hours=1)) == {}


def test_an_empty_log_has_the_same_columns_as_a_full_one(ws: Workspace, answer: Make) -> None:
    empty = ws.judgements.table()
    ws.judgements.append(answer())
    full = ws.judgements.table()
    assert list(empty.columns) == list(full.columns)
    assert empty["at"].dtype == full["at"].dtype


@pytest.mark.parametrize("changes", [{"choice": "c"}, {"choice": "undo"}, {"b_id": 2}])
def test_an_answer_that_answers_nothing_is_refused(
    answer: Make, changes: dict[str, object]
) -> None:
    with pytest.raises(UnknownNameError):
        answer(**changes)


def test_the_statements_are_sql_that_postgresql_accepts(
    ws: Workspace, answer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement the log and claims send compiles for PostgreSQL, none names SQLite."""
    from sqlalchemy.dialects import postgresql

    sent: list[str] = []

    @sa.event.listens_for(ws.database.engine, "before_execute")
    def keep(_connection: object, clause: object, *_rest: object) -> None:
        if not isinstance(clause, sa.TextClause):
            sent.append(str(clause.compile(dialect=postgresql.dialect())))  # type: ignore[attr-defined]

    log, given = JudgementLog(ws.database), answer()
    claims = Claims(ws.database)
    claims.take(OpenTriplet(given.triplet, given.session_id, "Ada", True, "random"))
    log.append(given)
    log.undo(given.session_id)
    log.table()
    assert {statement.split()[0] for statement in sent} >= {"SELECT", "INSERT", "DELETE"}
    assert not any("OR IGNORE" in s or "ON CONFLICT" in s for s in sent)
    assert Claim.__tablename__ in " ".join(sent)


def test_the_tally_is_what_counts_give_one_by_one(ws: Workspace, answer: Make) -> None:
    log, bobs = ws.judgements, ws.judgements.open_session("Bob")
    second = log.open_session("Ada")
    pair = new_id()
    log.append_all(
        [
            answer(b_id=3),
            answer(b_id=4, choice="skip"),
            answer(b_id=5, dimension="key"),
            answer(b_id=6, session_id=bobs, rater="Bob"),
            answer(b_id=7, session_id=second),
            answer(b_id=8, session_id=second, choice="cannot_tell"),
            answer(b_id=9, session_id=second, answer_id=pair, purpose="new"),
            answer(b_id=10, session_id=second, answer_id=pair, purpose="new"),
            answer(b_id=11, session_id=second),
        ]
    )
    log.undo(second)
    for hours in (-1, 1):
        since = datetime.now(UTC) + timedelta(hours=hours)
        rows = log.tally("Ada", second, since)
        for is_skipped, choices in ((False, JUDGED), (True, ["skip"])):
            of_sitting, recent = {}, {}
            for row in (row for row in rows if row.skipped == is_skipped):
                if row.of_sitting:
                    of_sitting[row.dimension] = of_sitting.get(row.dimension, 0) + row.answers
                if row.recent:
                    recent[row.dimension] = recent.get(row.dimension, 0) + row.answers
            assert of_sitting == log.counts(session_id=second, choices=choices)
            assert recent == log.counts(rater="Ada", since=since, choices=choices)
    assert log.counts(session_id=second, choices=JUDGED) == {"tempo": 3}
