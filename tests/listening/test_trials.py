from __future__ import annotations

from itertools import permutations

import pytest

from workbench.errors import UnknownNameError
from workbench.judgements.claims import OpenTriplet
from workbench.judgements.rows import Triplet
from workbench.listening.clips import Clip
from workbench.listening.trials import Trial, places


def clip(item_id: int) -> Clip:
    return Clip(item_id, "", "", "", float(item_id), 10.0, -item_id / 2, [])


def make(anchor: int, a: int, b: int, **layout: object) -> Trial:
    chosen = {"a_is_left": True, "sampler": "random", "anchor_place": None} | layout
    asked = OpenTriplet(Triplet("tempo", anchor, a, b), "session", "Ada", **chosen)  # type: ignore[arg-type]
    first, second, third = places(asked)
    return Trial(asked, "How fast?", (clip(first), clip(second), clip(third)))


def rows(trial: Trial, answer: str, **more: object) -> list:
    return trial.rows(answer, id="x", session_id="session", rater="Ada", **more)


def test_the_anchor_is_leftmost_unless_the_odd_one_out_is_asked_for() -> None:
    assert places(make(9, 1, 5).open) == (9, 1, 5)
    assert places(make(9, 1, 5, a_is_left=False).open) == (9, 5, 1)


def test_every_order_of_three_clips_can_be_shown() -> None:
    orders = {
        places(make(1, 2, 3, a_is_left=left, anchor_place=place).open)
        for left in (True, False)
        for place in range(3)
    }
    assert orders == set(permutations((1, 2, 3)))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("answer", ["first", "second", "third"])
def test_the_odd_one_is_farther_from_both_others(place: int, answer: str) -> None:
    trial = make(1, 2, 3, a_is_left=False, anchor_place=place)
    odd = trial.clips[["first", "second", "third"].index(answer)].item_id
    given = rows(trial, answer)
    assert {row.anchor_id for row in given} == {1, 2, 3} - {odd}
    for row in given:
        farther = row.b_id if row.choice == "a" else row.a_id
        assert farther == odd
        assert row.answer_id == given[0].id == "x"
        assert row.claimed == trial.open.triplet
    assert given[0].id != given[1].id


def test_three_that_cannot_be_told_apart_are_two_ties() -> None:
    given = rows(make(1, 2, 3, anchor_place=1), "cannot_tell")
    assert [(row.anchor_id, row.choice) for row in given] == [
        (1, "cannot_tell"),
        (2, "cannot_tell"),
    ]


def test_what_was_presented_follows_the_item_and_not_the_place() -> None:
    trial = make(9, 1, 5, a_is_left=False)
    trace = [{"heard_ms": 100 * i, "plays": i, "switches": 0, "more": "ignored"} for i in range(3)]
    [row] = rows(trial, "left", trace=trace)
    assert row.choice == "b"
    names = ("place", "start_s", "gain_db", "heard_ms", "plays", "switches")
    heard = {role: tuple(clip[name] for name in names) for role, clip in (row.clips or {}).items()}
    assert heard == {
        "anchor": (0, 9.0, -4.5, 0, 0, 0),
        "a": (2, 1.0, -0.5, 200, 2, 0),
        "b": (1, 5.0, -2.5, 100, 1, 0),
    }


@pytest.mark.parametrize("value", [None, "x", -5, float("nan"), float("inf"), 1e300, [], {}])
def test_nonsense_in_a_trace_does_no_harm(value: object) -> None:
    [row] = rows(make(9, 1, 5), "right", trace=[{"heard_ms": value}] * 3)
    assert row.clips is not None
    assert 0 <= row.clips["a"]["heard_ms"] <= 10**8


@pytest.mark.parametrize("answer", ["left", "a", "b", "", "fourth"])
def test_an_answer_to_another_question_is_refused(answer: str) -> None:
    with pytest.raises(UnknownNameError, match="is no answer"):
        rows(make(1, 2, 3, anchor_place=0), answer)


def test_confidence_is_one_of_three() -> None:
    with pytest.raises(UnknownNameError, match="Confidence"):
        rows(make(9, 1, 5), "left", confidence=4)
