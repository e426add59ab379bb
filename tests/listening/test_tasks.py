from __future__ import annotations

import pytest

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.judgements.rows import Triplet
from workbench.listening.task_store import RatingTasks, check_task, dimensions_asked
from workbench.listening.tasks import RatingTask


def test_a_task_is_stored_and_found_by_its_name(ws: Workspace) -> None:
    tasks = RatingTasks(ws)
    task = RatingTask.of_triplets(
        [("tempo", 1, 3, 2), ("key", 4, 5, 6)], name="week 1", clip_s=None, raters=3, shared=0.5
    )
    tasks.save(task)
    assert RatingTasks(Workspace(ws.root)).load("week 1") == task
    assert tasks.names() == ["week 1"]
    assert dimensions_asked(ws, task) == ["tempo", "key"]


def test_a_name_is_given_once(ws: Workspace) -> None:
    RatingTasks(ws).save(RatingTask(name="week 1"))
    with pytest.raises(WorkbenchError, match="already"):
        RatingTasks(ws).save(RatingTask(name="week 1", clip_s=3))
    with pytest.raises(WorkbenchError, match="name"):
        RatingTasks(ws).save(RatingTask())


def test_settings_of_a_later_version_are_passed_over() -> None:
    task = RatingTask.from_settings("old", {"clip_s": 3.0, "smell": "roses"})
    assert task == RatingTask(name="old", clip_s=3.0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"clip_s": 0.1}, "half a second"),
        ({"clip_s": 61}, "a minute"),
        ({"mode": "guess"}, "mode"),
        ({"repeats": 0.9}, "Repeats"),
        ({"gold": -0.1}, "gold"),
        ({"raters": 0}, "raters"),
        ({"shared": 1.5}, "share"),
        ({"turn": 0}, "turn"),
        ({"min_heard_s": -1}, "sound"),
        ({"target_lufs": 0}, "LUFS"),
        ({"break_after_min": -1}, "break"),
        ({"name": "x" * 81}, "80"),
    ],
)
def test_settings_out_of_range_are_one_sentence(settings: dict, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        RatingTask(**settings)


def test_questions_listed_twice_are_asked_once() -> None:
    task = RatingTask.of_triplets([("tempo", 1, 2, 3), ("tempo", 1, 3, 2), Triplet("key", 1, 2, 3)])
    assert task.triplets == (("tempo", 1, 2, 3), ("key", 1, 2, 3))


@pytest.mark.parametrize("row", [("tempo", 1, 2), ("tempo", 1, 2, "x"), ("tempo", 1, 2, 2.5), ()])
def test_rows_that_are_no_triplets_are_refused(row: tuple) -> None:
    with pytest.raises(WorkbenchError, match="three item numbers"):
        RatingTask.of_triplets([row])


def test_a_task_about_what_is_not_there_is_refused(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="no item 99"):
        check_task(ws, RatingTask.of_triplets([("tempo", 1, 2, 99)]))
    with pytest.raises(UnknownNameError, match="colour"):
        check_task(ws, RatingTask(dimensions=("colour",)))
    with pytest.raises(WorkbenchError, match="at least three"):
        check_task(ws, RatingTask(items=(1, 2)))
    check_task(ws, RatingTask(dimensions=("overall", "tempo"), items=(1, 2, 3)))


def test_about_the_share_asked_for_is_shared_always_the_same() -> None:
    task = RatingTask(name="week 1", raters=3, shared=0.2)
    triplets = [Triplet("tempo", i, i + 1, i + 2) for i in range(2000)]
    wanted = [task.raters_of(t) for t in triplets]
    assert 0.17 < wanted.count(3) / len(wanted) < 0.23
    assert set(wanted) == {1, 3}
    again = RatingTask(name="week 1", raters=3, shared=0.2)
    assert [again.raters_of(t) for t in triplets] == wanted
    assert {RatingTask(raters=4).raters_of(t) for t in triplets} == {4}
