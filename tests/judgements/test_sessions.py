from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic import add_songs
from team import TEAM, Person, judge_as_team

from workbench import Workspace
from workbench.evaluation.scores import Score
from workbench.judgements.conduct import conduct
from workbench.judgements.given import given_answers
from workbench.judgements.gold import GoldTriplets
from workbench.judgements.sessions import (
    flags,
    lasting_flags,
    sitting_accuracies,
    sittings,
)


def read(ws: Workspace) -> dict[str, tuple[str, ...]]:
    """Flags by rater, of all their sittings."""
    judgements = ws.judgements.table()
    given = given_answers(judgements, GoldTriplets(ws.database).table())
    found: dict[str, tuple[str, ...]] = {}
    for sitting in sittings(judgements, given):
        found[sitting.rater] = found.get(sitting.rater, ()) + sitting.flags
    return found


@pytest.fixture
def songs(ws: Workspace) -> list[int]:
    return add_songs(ws, 20).tolist()


def test_the_careless_rater_is_flagged_with_every_reason(ws: Workspace, songs: list[int]) -> None:
    team = TEAM | {"Dee": Person(skill=0.5, left=0.7, seconds=0.8, heard_ms=200, unsure=0)}
    judge_as_team(ws, songs, team, days=1, repeats=25, gold=15)
    found = read(ws)
    told = " ".join(found["Dee"])
    for words in (
        "gold triplets only",
        "got the same answer, as guessing would",
        "on the left was chosen",
        "took less than 0.",
        "heard for less than it had to be",
        "of the answers are right (Dawid and Skene's model)",
    ):
        assert words in told, words
    assert all(sentence.endswith(".") for sentence in found["Dee"])
    assert not any(found[name] for name in ("Ada", "Ben", "Chloé"))


def test_attentive_raters_are_hardly_ever_flagged(tmp_path, songs: list[int]) -> None:
    flagged = sat = 0
    for seed in range(6):
        ws = Workspace.create(tmp_path / str(seed))
        own = add_songs(ws, 20).tolist()
        people = {name: Person(skill=0.8) for name in ("Ada", "Ben", "Cy", "Dee", "Eve")}
        judge_as_team(ws, own, people, triplets=60, days=1, repeats=15, seed=seed)
        judgements = ws.judgements.table()
        found = sittings(judgements, given_answers(judgements, GoldTriplets(ws.database).table()))
        flagged += sum(bool(s.flags) for s in found)
        sat += len(found)
    assert sat == 30
    assert flagged <= 1


def test_what_had_to_be_heard_counts(ws: Workspace, songs: list[int]) -> None:
    people = {
        "Ada": Person(heard_ms=1500, seconds=6),
        "Ben": Person(heard_ms=1500, seconds=6, needed_ms=3000),
        "Cy": Person(heard_ms=200, seconds=2, needed_ms=200),  # of short sounds
    }
    judge_as_team(ws, songs, people, days=1)
    found = read(ws)
    assert found["Ada"] == found["Cy"] == ()
    assert "heard for less than it had to be" in " ".join(found["Ben"])
    assert "hearing the three clips takes 9.0 s at least" in " ".join(found["Ben"])


def part(places: list[int]) -> pd.DataFrame:
    n = len(places)
    return pd.DataFrame(
        {"said": 5, "place": places, "places": 2, "heard_share": np.nan, "needed_s": np.nan,
         "response_ms": np.nan,
         "agrees": np.nan, "same": np.nan, "right": np.nan},
        index=range(n),
    )  # fmt: skip


def test_a_long_run_is_flagged_though_both_sides_are_even() -> None:
    places = [0] * 30 + [1] * 30
    told = flags(part(places), conduct(part(places)))
    assert told == ["The same side was chosen 30 times in a row."]
    fair = np.random.default_rng(0).integers(0, 2, 60).tolist()
    assert flags(part(fair), conduct(part(fair))) == []


def test_what_no_sitting_shows_is_told_of_the_rater(ws: Workspace, songs: list[int]) -> None:
    judge_as_team(ws, songs, days=6)
    given = given_answers(ws.judgements.table(), GoldTriplets(ws.database).table())
    dees = given[given["rater"] == "Dee"]
    told = lasting_flags(dees, conduct(dees), accuracy=0.55)
    assert any("chosen" in sentence for sentence in told)
    assert any("55 %" in sentence for sentence in told)
    assert not any("took less" in sentence for sentence in told)
    adas = given[given["rater"] == "Ada"]
    assert lasting_flags(adas, conduct(adas), accuracy=0.9) == []


def test_few_answers_flag_nobody() -> None:
    few = part([0] * 9)
    went = replace(conduct(few), gold=Score(0, 4), consistency=Score(0, 9))
    assert flags(few, went) == []
    assert len(flags(few, replace(went, gold=Score(1, 5), consistency=Score(3, 10)))) == 2


def test_repeats_above_chance_are_fine_however_hard_the_triplets() -> None:
    went = replace(conduct(part([0, 1])), consistency=Score(70, 100))
    assert flags(part([0, 1]), went) == []
    assert flags(part([0, 1]), replace(went, consistency=Score(52, 100)))


def test_of_two_who_disagree_nobody_is_called_wrong(ws: Workspace, songs: list[int]) -> None:
    judge_as_team(ws, songs, {n: TEAM[n] for n in ("Ada", "Dee")}, days=1)
    assert sitting_accuracies(ws.judgements.table()) == {}
    assert not any("Dawid" in flag for told in read(ws).values() for flag in told)


def test_sittings_are_plain_numbers_newest_first(ws: Workspace, songs: list[int]) -> None:
    judge_as_team(ws, songs, days=2)
    judgements = ws.judgements.table()
    found = sittings(judgements, given_answers(judgements))
    assert len(found) == 8
    assert [s.began for s in found] == sorted((s.began for s in found), reverse=True)
    assert json.loads(json.dumps([s.as_dict() for s in found]))[0]["device"] == "headphones"
    assert sittings(judgements[:0], given_answers(judgements[:0])) == []
