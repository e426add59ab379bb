from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from synthetic import add_songs
from team import TEAM, judge_as_team

from workbench import Workspace
from workbench.evaluation.scores import Score
from workbench.judgements.conduct import conduct, left_choices, longest_run, run_chance, trend
from workbench.judgements.given import given_answers
from workbench.judgements.gold import GoldTriplets


def choices(places: list[int], *, of: int = 2) -> pd.DataFrame:
    """Answers that chose these places; -1 for "cannot tell"."""
    said = [0 if place < 0 else 5 for place in places]
    return pd.DataFrame({"said": said, "place": places, "places": of})


@pytest.fixture
def given(ws: Workspace) -> pd.DataFrame:
    judge_as_team(ws, add_songs(ws, 20).tolist())
    return given_answers(ws.judgements.table(), GoldTriplets(ws.database).table())


def test_left_is_counted_among_answers_that_chose() -> None:
    part = choices([0, 0, 1, -1, 0])
    assert left_choices(part) == Score(3, 4)
    low, high = left_choices(part).interval
    exact = binomtest(3, 4).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((exact.low, exact.high))
    assert left_choices(choices([0, 1, 2, 2, 2], of=3)) == Score(1, 5)


@pytest.mark.parametrize(("sides", "choices_made"), [(2, 9), (2, 4), (3, 7)])
def test_the_chance_of_a_run_is_that_of_all_sequences(sides: int, choices_made: int) -> None:
    every = list(itertools.product(range(sides), repeat=choices_made))
    longest = [max(len(list(run)) for _, run in itertools.groupby(s)) for s in every]
    for run in range(1, choices_made + 2):
        expected = np.mean([length >= run for length in longest])
        assert run_chance(run, choices_made, 1 / sides) == pytest.approx(expected)


def test_the_longest_run_passes_over_who_cannot_tell() -> None:
    run, p = longest_run(choices([1, 0, 0, -1, 0, 1]))
    assert run == 3
    assert p == pytest.approx(run_chance(3, 5))
    assert longest_run(choices([])) == (0, 1.0)


def test_conduct_is_what_pandas_counts(given: pd.DataFrame) -> None:
    for rater, person in TEAM.items():
        part = given[given["rater"] == rater]
        went = conduct(part)
        assert went.answers == (part["said"] >= 0).sum()
        assert went.skipped == Score(int((part["said"] == -1).sum()), len(part))
        assert went.cannot_tell == Score(int((part["said"] == 0).sum()), went.answers)
        assert went.consistency.value == pytest.approx(part["same"].mean())
        assert went.gold.value == pytest.approx(part["right"].mean())
        assert went.agreement.value == pytest.approx(part["agrees"].mean())
        assert went.response_s == pytest.approx(person.seconds, rel=0.3)


def test_the_careless_rater_differs_in_every_number(given: pd.DataFrame) -> None:
    ada, dee = (conduct(given[given["rater"] == name]) for name in ("Ada", "Dee"))
    for name in ("agreement", "consistency", "gold"):
        assert getattr(ada, name).value > getattr(dee, name).value + 0.1, name
    assert dee.left.interval[0] > 0.6 > ada.left.value
    assert ada.consistency.n == pytest.approx(24, abs=4)


def test_no_answers_are_no_numbers(given: pd.DataFrame) -> None:
    went = conduct(given[:0])
    assert went.answers == 0
    assert went.response_s is went.left.value is went.agreement.value is None
    assert trend(given[:0]) == []


def test_a_trend_is_by_day_where_there_are_days(given: pd.DataFrame) -> None:
    days = trend(given)
    assert [name for name, _ in days] == [f"2026-03-0{d}" for d in range(2, 8)]
    assert sum(went.answers for _, went in days) == (given["said"] >= 0).sum()


def test_a_trend_of_one_day_is_by_hundred_answers(given: pd.DataFrame) -> None:
    morning = given[given["at"] < "2026-03-03"]
    names = [name for name, _ in trend(morning)]
    assert names[0] == ("1 to 100" if len(morning) >= 100 else f"1 to {len(morning)}")
    parts = trend(pd.concat([morning] * 4))
    assert parts[1][0] == "101 to 200"
