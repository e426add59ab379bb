from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres import new_database_url
from tone_workspace import add_tone

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.index import catalogue_index
from workbench.tagging.reviews import ReviewLog, Verdict, rejected


@pytest.fixture
def ws(ws: Workspace) -> Workspace:
    """Two songs without tags."""
    for number in range(2):
        add_tone(ws, number, tags=False)
    return ws


def say(ws: Workspace, verdict: str = "accepted", **changes: object) -> Verdict:
    columns = {"item_id": 1, "dimension": "mood", "value": "calm", "reviewer": "Ada"}
    given = Verdict(verdict=verdict, **(columns | changes))  # type: ignore[arg-type]
    ReviewLog(ws.database).append(given)
    return given


def human(ws: Workspace, item_id: int = 1, dimension: str = "mood") -> list[tuple[str, str, bool]]:
    tags = ws.catalogue.tags(dimension)
    tags = tags[tags["item_id"] == item_id]
    return list(zip(tags["value"], tags["source"], tags["weak"], strict=True))


def test_an_accepted_tag_is_a_persons_tag_and_a_rejected_one_is_remembered(ws: Workspace) -> None:
    say(ws, tagger="tones-1", score=0.75)
    say(ws, "rejected", value="bright", tagger="tones-1", score=0.5)
    assert human(ws) == [("calm", "review", False)]
    (row,) = rejected(ws).to_dict("records")
    assert (row["item_id"], row["value"], row["reviewer"], row["score"]) == (
        1,
        "bright",
        "Ada",
        0.5,
    )
    assert ReviewLog(ws.database).table()["verdict"].tolist() == ["accepted", "rejected"]


def test_a_verdict_sent_twice_is_stored_once(ws: Workspace) -> None:
    given = say(ws)
    assert ReviewLog(ws.database).append(given) is False
    assert len(ReviewLog(ws.database).history()) == 1
    assert human(ws) == [("calm", "review", False)]


def test_undo_walks_back_and_what_was_said_before_counts_again(ws: Workspace) -> None:
    log = ReviewLog(ws.database)
    first, second = say(ws), say(ws, "rejected")
    assert human(ws) == []
    assert log.undo("Ada", id="u1") == second
    assert log.undo("Ada", id="u1") == second  # sent twice
    assert human(ws) == [("calm", "review", False)]
    assert log.undo("Ada") == first
    assert (human(ws), log.undo("Ada")) == ([], None)
    history = log.history()
    assert history["verdict"].tolist() == ["accepted", "rejected", "undo", "undo"]
    assert history["supersedes"].tolist()[2:] == [second.id, first.id]
    assert log.table().empty


def test_an_undo_under_the_id_of_a_verdict_is_refused(ws: Workspace) -> None:
    given = say(ws)
    with pytest.raises(WorkbenchError, match="needs its own"):
        ReviewLog(ws.database).undo("Ada", id=given.id)
    assert human(ws) == [("calm", "review", False)]


def test_two_reviewers_may_disagree_and_the_newest_counts(ws: Workspace) -> None:
    log = ReviewLog(ws.database)
    say(ws)
    say(ws, "rejected", reviewer="Ben")
    assert human(ws) == []
    assert (log.count("Ada"), log.count("Ben"), len(log.table())) == (1, 1, 1)
    say(ws, reviewer="Cleo")
    log.undo("Ada")
    assert human(ws) == [("calm", "review", False)]  # Cleo still says so
    log.undo("Cleo")
    assert human(ws) == []  # now Ben's is the newest
    log.undo("Ben")
    assert human(ws) == []


def test_what_another_source_says_stays(ws: Workspace) -> None:
    ws.catalogue.annotate(1, tags=[TagValue("mood", "calm", "manifest")])
    say(ws)
    ReviewLog(ws.database).undo("Ada")
    assert human(ws) == [("calm", "manifest", False)]


def test_a_tempo_and_a_key_that_are_added_are_tags_like_others(ws: Workspace) -> None:
    assert say(ws, dimension="tempo", value=" 120.0 ").value == "120"
    assert say(ws, dimension="key", value="f# min").value == "F# minor"
    tempo = ws.catalogue.tags("tempo")
    assert tempo[tempo["source"] == "review"]["number"].tolist() == [120.0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"verdict": "perhaps"}, "no verdict"),
        ({"value": " \n "}, "needs a dimension and a value"),
        ({"value": "x" * 201}, "1 to 200"),
        ({"dimension": ""}, "needs a dimension"),
        ({"dimension": "tempo", "value": "fast"}, "The tag: tempo 'fast'"),
        ({"reviewer": " "}, "give your name"),
        ({"id": ""}, "at most 36"),
    ],
)
def test_what_is_no_verdict_is_refused(ws: Workspace, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(WorkbenchError, match=reason):
        say(ws, **({"verdict": "accepted"} | changes))
    assert ReviewLog(ws.database).history().empty


def test_an_item_that_does_not_exist_is_refused(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="no item 99"):
        say(ws, item_id=99)


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tag_verdicts SET verdict = 'rejected'",
        "DELETE FROM tag_verdicts",
        "INSERT OR REPLACE INTO tag_verdicts SELECT * FROM tag_verdicts",
    ],
)
def test_verdicts_cannot_be_changed_by_anybody(ws: Workspace, statement: str) -> None:
    say(ws)
    connection = sqlite3.connect(ws.root / "workbench.sqlite")  # any program, not ours
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement", ["UPDATE tag_verdicts SET value = ''", "DELETE FROM tag_verdicts"]
)
def test_nor_in_a_teams_database(tmp_path: Path, statement: str) -> None:
    ws = Workspace.create(tmp_path / "team", database=new_database_url())
    add_tone(ws, 1, tags=False)
    say(ws)
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), ws.database.write() as session:
        session.execute(sa.text(statement))


def test_search_sees_a_tag_that_takes_the_number_of_one_taken_back(ws: Workspace) -> None:
    say(ws)
    assert catalogue_index(ws).tags["mood"].keys() == {"calm"}
    ReviewLog(ws.database).undo("Ada")
    say(ws, value="bright")
    assert catalogue_index(ws).tags["mood"].keys() == {"bright"}
