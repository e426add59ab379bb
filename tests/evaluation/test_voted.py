"""Votes on a triplet are joined, and how far raters agree decides what is asked."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import add_songs, judge

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.evaluation.voted import Vote, VotedTriplets, judged_votes


def test_votes_are_joined_whichever_way_round_they_were_asked() -> None:
    voted = VotedTriplets.of(
        [
            Vote(1, 2, 3, for_a=4, for_b=1, dimension="genre"),
            Vote(1, 3, 2, for_a=2, for_b=3, undecided=1, dimension="genre"),
            Vote(1, 2, 3),
            Vote(2, 1, 3, for_a=0, for_b=1, dimension="genre"),
        ]
    )
    assert voted.dimensions == ["genre", "overall", "genre"]
    assert voted.items.tolist() == [[1, 2, 3], [1, 2, 3], [2, 1, 3]]
    assert voted.votes.tolist() == [[7, 3, 1], [1, 0, 0], [0, 1, 0]]
    assert voted.agreement.tolist() == pytest.approx([7 / 11, 1, 1])


def votes(*pairs: tuple[int, int, int]) -> VotedTriplets:
    return VotedTriplets.of(
        Vote(10 * n, 10 * n + 1, 10 * n + 2, for_a, for_b, undecided, "mood")
        for n, (for_a, for_b, undecided) in enumerate(pairs, start=1)
    )


@pytest.mark.parametrize(
    ("agreement", "raters", "anchors"),
    [
        (0.0, 1, [10, 20, 30, 50]),
        (0.6, 1, [10, 20, 30, 50]),
        (0.9, 1, [20, 50]),
        (0.9, 2, [20]),
        (1.0, 1, [50]),
        (0.0, 99, []),
    ],
)
def test_agreement_and_raters_are_thresholds(
    agreement: float, raters: int, anchors: list[int]
) -> None:
    voted = votes((3, 2, 0), (1, 9, 0), (6, 1, 3), (2, 2, 0), (1, 0, 0))
    asked = voted.agreed(agreement=agreement, raters=raters)
    assert asked.ids[asked.pooled.rows[:, 0]].tolist() == anchors
    assert asked.pooled.rows.shape == (len(anchors), 3)


def test_triplets_keep_what_the_majority_said() -> None:
    asked = votes((1, 9, 0), (6, 1, 3)).agreed()
    assert asked.triplets["mood"].share.tolist() == pytest.approx([0.1, 6 / 7])
    assert asked.ids.tolist() == [10, 11, 12, 20, 21, 22]


def test_agreement_is_a_share() -> None:
    with pytest.raises(WorkbenchError, match="between 0 and 1, not 80"):
        votes((1, 0, 0)).agreed(agreement=80)


def test_the_judgement_log_is_votes(ws: Workspace) -> None:
    a, b, c, d = add_songs(ws, 4).tolist()
    judge(ws, [("genre", a, b, c, "a"), ("genre", a, b, d, "cannot_tell")], rater="Ada")
    judge(ws, [("genre", a, c, b, "b"), ("genre", a, b, d, "skip")], rater="Ben")
    judge(ws, [("genre", a, b, c, "a"), ("tempo", a, b, c, "b")], rater="Cid")
    judge(ws, [("genre", a, c, b, "a")], rater="Cid")  # a repeat: the first answer counts
    voted = judged_votes(ws)
    found = {
        (name, *items): tuple(count)
        for name, items, count in zip(
            voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True
        )
    }
    assert found == {
        ("genre", a, b, c): (3, 0, 0),
        ("genre", a, b, d): (0, 0, 1),
        ("tempo", a, b, c): (0, 1, 0),
    }
    assert len(voted.agreed(agreement=0.8, raters=2)) == 1


def test_an_empty_log_has_no_votes(ws: Workspace) -> None:
    voted = judged_votes(ws)
    assert len(voted) == len(voted.agreed()) == 0
    assert voted.votes.shape == (0, 3)
    assert np.array_equal(voted.agreement, [])
