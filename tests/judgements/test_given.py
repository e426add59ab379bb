from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from workbench.judgements.given import given_answers

ODD = {"answer_id": "odd"}


def row(rater: str = "Ada", choice: str = "a", **changes: Any) -> dict[str, Any]:
    """A row of the log about the triplet (genre, 1, 2, 3), a on the left."""
    return {
        "answer_id": None, "rater": rater, "session_id": f"{rater}'s", "task": "",
        "dimension": "genre", "anchor_id": 1, "a_id": 2, "b_id": 3, "a_is_left": True,
        "choice": choice, "purpose": "new", "response_ms": 9000, "clips": None,
    } | changes  # fmt: skip


def log(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(row()))
    return frame.assign(at=pd.date_range("2026-01-01", periods=len(frame), freq="min", tz="UTC"))


def same(values: pd.Series, expected: list[float | None]) -> bool:
    return [None if math.isnan(v) else v for v in values] == expected


def test_who_was_on_the_left_does_not_change_what_was_said() -> None:
    given = given_answers(
        log(
            row(choice="a"),
            row(choice="b", a_is_left=False),
            row(choice="b", a_id=3, b_id=2),
            row(choice="cannot_tell"),
            row(choice="skip"),
        )
    )
    assert given["said"].tolist() == [2, 3, 2, 0, -1]
    assert given["place"].tolist() == [0, 0, 1, -1, -1]


def test_an_odd_one_out_answer_is_one_answer_at_its_place() -> None:
    places = {"anchor": {"place": 2}, "a": {"place": 0}, "b": {"place": 1}}
    turned = {"anchor": {"place": 0}, "a": {"place": 2}, "b": {"place": 1}}
    given = given_answers(
        log(
            row(clips=places, **ODD),  # 1 is nearer to 2 than to 3: 3 is odd
            row(anchor_id=2, a_id=1, b_id=3, clips=turned, **ODD),
        )
    )
    assert given["said"].tolist() == [3]
    assert given[["place", "places"]].to_numpy().tolist() == [[1, 3]]


def test_a_repeat_is_compared_with_the_raters_own_last_answer() -> None:
    given = given_answers(
        log(
            row("Ada", "a"),
            row("Bo", "b"),
            row("Bo", "a", purpose="repeat", a_is_left=False),
            row("Ada", "skip", purpose="repeat"),
            row("Ada", "b", purpose="repeat", a_id=3, b_id=2),  # again the item 2
            row("Cy", "a", purpose="repeat"),  # the first was undone
            row("Ada", "cannot_tell", purpose="repeat"),
        )
    )
    assert same(given["same"], [None, None, 0, None, 1, None, None])


def test_first_answers_are_compared_with_what_most_others_said() -> None:
    given = given_answers(
        log(
            row("Ada", "a"),
            row("Bo", "a"),
            row("Cy", "b"),
            row("Cy", "a", purpose="repeat"),
            row("Dee", "skip"),
            row("Ada", "a", dimension="tempo"),
        )
    )
    # Ada: of Bo and Cy, a tie; Bo: a tie; Cy: both others say a.
    assert same(given["agrees"], [None, None, 0, None, None, None])


def test_agreement_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(3)
    rows = [
        row(rater, str(rng.choice(["a", "b", "cannot_tell"])), anchor_id=10 + t)
        for t in range(30)
        for rater in "ABCDE"
        if rng.random() < 0.8
    ]
    given = given_answers(log(*rows))
    for i, own in enumerate(rows):
        others = Counter(
            r["choice"]
            for r in rows
            if r["anchor_id"] == own["anchor_id"] and r["rater"] != own["rater"]
        )
        top = [c for c, n in others.items() if n == max(others.values())]
        expected = None if len(top) != 1 else float(own["choice"] == top[0])
        assert same(given["agrees"].iloc[[i]], [expected])


def test_gold_is_right_whichever_way_round_and_whatever_it_was_asked_for() -> None:
    gold = pd.DataFrame(
        [("genre", 1, 2, 3, "b", "me")],
        columns=["dimension", "anchor_id", "a_id", "b_id", "choice", "source"],
    )
    rows = [
        row(choice="b", purpose="gold"),
        row("Bo", "a", a_id=3, b_id=2),
        row("Cy", "cannot_tell", purpose="gold"),
        row("Dee", "skip", purpose="gold"),
        row("Eve", "b", dimension="tempo", purpose="gold"),
    ]
    given = given_answers(log(*rows), gold)
    assert same(given["right"], [1, 1, 0, None, None])
    assert given_answers(log(*rows))["right"].isna().all()


def test_the_clip_heard_least_counts() -> None:
    heard = {
        "anchor": {"heard_ms": 900, "needed_ms": 1500},
        "a": {"heard_ms": 150, "needed_ms": 200},
        "b": {},
    }
    given = given_answers(log(row(clips=heard), row(clips={}), row()))
    assert same(given["heard_share"], [0.6, None, None])
    assert same(given["needed_s"], [2.2, None, None])


def test_no_judgements_are_no_answers() -> None:
    given = given_answers(log())
    assert given.empty
    assert {"same", "agrees", "right", "said", "place"} <= set(given.columns)
