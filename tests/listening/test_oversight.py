from __future__ import annotations

import json

import pytest
from synthetic import add_songs
from team import TEAM, judge_as_team

from workbench import Workspace
from workbench.errors import UnknownNameError
from workbench.judgements.log import Answer
from workbench.listening.oversight import oversee, task_progress
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask


@pytest.fixture
def bare(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "bare")


@pytest.fixture
def songs(bare: Workspace) -> list[int]:
    return add_songs(bare, 20).tolist()


def test_everything_is_told_by_dimension_rater_sitting_and_day(
    bare: Workspace, songs: list[int]
) -> None:
    judge_as_team(bare, songs)
    seen = oversee(bare, draws=50)
    assert list(seen.dimensions) == ["genre", "tempo", "all dimensions"]
    assert set(seen.raters) == set(TEAM)
    assert len(seen.sittings) == 24
    assert len(seen.trend) == 6
    assert seen.summary["tasks"] == seen.dimensions["genre"]["tasks"] * 2
    assert json.loads(json.dumps(seen.as_dict()))["raters"]["Ada"]["accuracy"] > 0.8
    one = oversee(bare, dimension="genre", draws=50)
    assert list(one.dimensions) == ["genre", "all dimensions"]
    assert one.summary is one.dimensions["genre"]


def test_a_dimension_called_overall_is_not_the_summary(bare: Workspace, songs: list[int]) -> None:
    judge_as_team(bare, songs, dimensions=("overall", "tempo"), triplets=12, gold=0)
    seen = oversee(bare, draws=20)
    assert seen.dimensions["overall"]["tasks"] < seen.summary["tasks"]


def test_nothing_is_left_out_unless_somebody_says_so(bare: Workspace, songs: list[int]) -> None:
    sat = judge_as_team(bare, songs, days=1)
    everybody = oversee(bare, draws=50)
    assert everybody.flagged("Dee")
    assert not everybody.flagged("Ada")
    assert "Dee" in everybody.raters
    without = oversee(bare, excluding=sat["Dee"], draws=50)
    assert "Dee" not in without.raters
    assert without.excluded == tuple(sat["Dee"])
    assert without.summary["alpha"] > everybody.summary["alpha"] + 0.1
    with pytest.raises(UnknownNameError, match="no sitting"):
        oversee(bare, excluding=["nobody's"])


def test_an_empty_log_is_no_error(bare: Workspace) -> None:
    seen = oversee(bare, draws=5)
    assert (seen.whole.answers, seen.raters, seen.sittings, seen.trend) == (0, {}, [], [])


def give(ws: Workspace, rater: str, task: str, *triplets: tuple[int, int, int]) -> None:
    session = ws.judgements.open_session(rater, task=task)
    for anchor, a, b in triplets:
        ws.judgements.append(
            Answer(session_id=session, rater=rater, dimension="tempo", anchor_id=anchor, a_id=a,
                   b_id=b, choice="a")
        )  # fmt: skip


def test_progress_of_a_list_is_what_enough_raters_judged(ws: Workspace) -> None:
    rows = [("tempo", 1, 2, 3), ("tempo", 4, 5, 6), ("tempo", 7, 8, 9)]
    RatingTasks(ws).save(RatingTask.of_triplets(rows, name="listed", raters=2))
    give(ws, "Ada", "listed", (1, 2, 3), (4, 5, 6))
    give(ws, "Bo", "listed", (1, 3, 2))
    give(ws, "Cy", "", (4, 5, 6), (10, 11, 12))  # not for this task, but the same triplet
    progress = task_progress(ws, "listed")
    assert (progress.wanted, progress.begun, progress.finished, progress.raters) == (3, 2, 2, 2)


def test_progress_of_a_sampler_is_what_its_own_sittings_judged(ws: Workspace) -> None:
    RatingTasks(ws).save(RatingTask(name="open", dimensions=("tempo",), raters=2))
    give(ws, "Ada", "open", (1, 2, 3), (4, 5, 6))
    give(ws, "Bo", "open", (1, 2, 3))
    give(ws, "Cy", "", (7, 8, 9))
    progress = task_progress(ws, "open")
    assert (progress.wanted, progress.begun, progress.finished, progress.raters) == (None, 2, 1, 2)
