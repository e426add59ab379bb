"""Repeats, gold and shared triplets, and lists of them, between the sampler's proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.judgements.consensus import agreed_triplets
from workbench.judgements.gold import GoldTriplets
from workbench.judgements.rows import Triplet
from workbench.listening.session import RatingSession
from workbench.listening.standing import REPEAT_AFTER
from workbench.listening.tasks import RatingTask


def sitting(ws: Workspace, rater: str, **settings: Any) -> RatingSession:
    task = RatingTask(**({"repeats": 0.0, "gold": 0.0, "dimensions": ("genre",)} | settings))
    return RatingSession(ws, rater=rater, task=task, seed=4)


def judge(session: RatingSession, count: int, answer: str = "a") -> list[str]:
    """Answer some triplets; a and b, where the odd one out is asked for, are the second."""
    asked = []
    for _ in range(count):
        trial = session.next()
        odd = trial.open.odd_one_out
        session.answer(trial, "second" if odd and answer in "ab" else answer)
        asked.append(trial.id)
    return asked


def test_about_a_tenth_are_repeats_of_the_raters_own(ws: Workspace) -> None:
    session = sitting(ws, "Ada", repeats=0.1)
    asked = judge(session, 150)
    table = ws.judgements.table()
    repeats = table[table["purpose"] == "repeat"]
    assert 6 <= len(repeats) <= 26
    assert max(Counter(asked).values()) == 2
    for place in repeats.index:
        first = asked.index(asked[place])
        assert place - first >= REPEAT_AFTER
        assert table["sampler"][place] == table["sampler"][first]
    assert (table["purpose"] == "repeat").sum() == 150 - len(set(asked))


def test_the_odd_one_out_is_repeated_too(ws: Workspace) -> None:
    session = sitting(ws, "Ada", repeats=0.4, mode="odd_one_out")
    asked = judge(session, 60)
    table = ws.judgements.table()
    assert len(table) == 2 * 60
    assert (table["purpose"] == "repeat").sum() == 2 * (60 - len(set(asked))) > 0


def test_each_gold_triplet_is_asked_of_every_rater_once(ws: Workspace) -> None:
    gold = GoldTriplets(ws.database)
    assert gold.add([("genre", 1, 4, 2, "a"), ("genre", 3, 5, 6, "b")], source="the team") == 2
    for rater in ("Ada", "Bob"):
        judge(sitting(ws, rater, gold=0.5), 12)
    table = ws.judgements.table()
    asked = table[table["purpose"] == "gold"]
    assert Counter(asked["rater"]) == {"Ada": 2, "Bob": 2}
    assert set(asked["sampler"]) == {"gold"}


def test_gold_is_kept_by_item_and_can_be_corrected(ws: Workspace) -> None:
    gold = GoldTriplets(ws.database)
    gold.add([("genre", 1, 4, 2, "a")])
    [row] = gold.table().to_dict("records")
    assert (row["a_id"], row["b_id"], row["choice"]) == (2, 4, "b")  # 4 is closer
    assert gold.add([("genre", 1, 2, 4, "a")]) == 0
    assert gold.table()["choice"].tolist() == ["a"]


def test_unanimous_triplets_can_become_gold(ws: Workspace) -> None:
    task = RatingTask.of_triplets(
        [("tempo", 1, 2, 3), ("tempo", 4, 5, 6)], raters=3, repeats=0.0, gold=0.0
    )
    for number, rater in enumerate(("Ada", "Bob", "Cleo")):
        session = RatingSession(ws, rater=rater, task=task)
        for _ in range(2):
            trial = session.next()
            session.answer(trial, "a" if trial.id == "tempo:1:2:3" or number else "b")
    agreed = agreed_triplets(ws.judgements.table(), agreement=1.0, raters=3)
    assert agreed == [("tempo", 1, 2, 3, "a")]
    assert len(agreed_triplets(ws.judgements.table(), agreement=0.6)) == 2
    assert GoldTriplets(ws.database).add(agreed, source="agreement") == 1


def test_shared_triplets_go_to_as_many_raters_as_asked(ws: Workspace) -> None:
    settings = {"raters": 2, "shared": 0.5, "name": "overlap"}
    raters = ("Ada", "Bob", "Cleo", "Dan")
    sessions = [sitting(ws, rater, **settings) for rater in raters]
    for _ in range(40):
        for session in sessions:
            judge(session, 1)
    table = ws.judgements.table()
    by_triplet = table.groupby(["anchor_id", "a_id", "b_id"])["rater"].nunique()
    task = sessions[0].task
    assert table.groupby(["anchor_id", "a_id", "b_id"]).size().max() == 2
    assert 0.3 < (by_triplet == 2).mean() < 0.7
    for (anchor, a, b), judges in by_triplet.items():
        assert judges <= task.raters_of(Triplet("genre", anchor, a, b))


def test_a_list_is_asked_in_its_order_and_then_done(ws: Workspace) -> None:
    listed = [("tempo", 5, 6, 7), ("tempo", 1, 2, 3), ("tempo", 9, 8, 7)]
    task = RatingTask.of_triplets(listed, name="list")
    session = RatingSession(ws, rater="Ada", task=task)
    assert judge(session, 3) == ["tempo:5:6:7", "tempo:1:2:3", "tempo:9:7:8"]
    with pytest.raises(NotReadyError, match="every triplet of list"):
        session.next()
    assert set(ws.judgements.table()["task"]) == {"list"}


def test_only_the_items_of_a_selection_are_asked_about(ws: Workspace) -> None:
    session = sitting(ws, "Ada", items=(2, 4, 6, 8))
    judge(session, 12)
    used = ws.judgements.table()[["anchor_id", "a_id", "b_id"]].to_numpy()
    assert set(used.ravel()) == {2, 4, 6, 8}
    with pytest.raises(NotReadyError):
        session.next()


def test_overall_similarity_is_a_dimension_of_its_own(ws: Workspace) -> None:
    session = sitting(ws, "Ada", dimensions=("overall", "genre"), turn=1)
    assert "taken together" in session.next().question
    judge(session, 4)
    table = ws.judgements.table()
    assert table["dimension"].tolist() == ["overall", "genre"] * 2
    assert set(table[table["dimension"] == "overall"]["sampler"]) == {"random"}


def test_an_open_triplet_of_another_task_does_not_come_up(ws: Workspace) -> None:
    odd = sitting(ws, "Ada", mode="odd_one_out", name="odd")
    odd_trial = odd.next()
    closer = sitting(ws, "Ada")
    assert not closer.next().open.odd_one_out
    assert closer.id != odd.id
    assert sitting(ws, "Ada", mode="odd_one_out", name="odd").next().id == odd_trial.id


def test_the_odd_one_out_goes_through_every_set_of_three_once(
    make_ws: Callable[..., Workspace],
) -> None:
    session = sitting(make_ws(5), "Ada", mode="odd_one_out", sampler="random")
    assert len(set(judge(session, 10, "skip"))) == 10
    with pytest.raises(NotReadyError):
        session.next()


def test_odd_answers_are_undone_and_redone_as_one(ws: Workspace) -> None:
    session = sitting(ws, "Ada", mode="odd_one_out")
    trials = []
    for _ in range(3):
        trials.append(session.next())
        session.answer(trials[-1], "third")
    before = ws.judgements.table()[["anchor_id", "a_id", "b_id", "choice"]].to_numpy().tolist()
    for trial in reversed(trials):
        assert session.undo()
        assert session.next().clips == trial.clips
    assert not session.undo()
    assert ws.judgements.table().empty
    for _ in trials:
        assert session.redo()
    assert not session.redo()
    table = ws.judgements.table()
    assert table[["anchor_id", "a_id", "b_id", "choice"]].to_numpy().tolist() == before
    assert table["answer_id"].nunique() == 3
