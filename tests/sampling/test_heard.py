"""Triplets by machine tags: what they are, against loops, and that they are only questions."""

from __future__ import annotations

import numpy as np
import pytest
from heard import store_heard
from songs_workspace import songs_ws  # noqa: F401
from triplet_sets import shown

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask
from workbench.sampling.heard import heard_relation
from workbench.sampling.samplers import make_sampler


@pytest.mark.parametrize("seed", range(5))
def test_sharing_a_tag_and_lacking_all_are_told_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.choice(np.float32([0.1, 0.4, 0.8, np.nan]), (9, 3), p=[0.5, 0.2, 0.2, 0.1])
    relation = heard_relation(scores, 0.6)
    for i in range(9):
        mine = [tag for tag in range(3) if scores[i, tag] >= 0.6]
        for j in range(9):
            if i == j:
                expected = 0
            elif any(scores[j, tag] >= 0.6 for tag in mine):
                expected = 1
            elif mine and all(scores[j, tag] < 0.3 for tag in mine):
                expected = -1
            else:
                expected = 0
            assert relation[i, j] == expected, (i, j)


def heard_by(ws: Workspace, dimension: str, values: list[str], seed: int = 0) -> dict:
    """Store random scores of tags; return them by tag and item."""
    ids = ws.catalogue.items().index.tolist()
    scores = np.random.default_rng(seed).random((len(values), len(ids))).astype(np.float32)
    store_heard(ws, {(dimension, v): row for v, row in zip(values, scores, strict=True)})
    return {v: dict(zip(ids, row, strict=True)) for v, row in zip(values, scores, strict=True)}


def test_anchor_and_one_candidate_share_a_tag_the_other_lacks(ws: Workspace) -> None:
    ids = ws.catalogue.items().index.tolist()
    scores = heard_by(ws, "texture", ["thin", "thick"])
    proposals = make_sampler(ws, "machine_tags", ids).propose(
        "texture", np.random.default_rng(0), 10_000
    )
    assert proposals
    assert {p.sampler for p in proposals} == {"machine_tags"}

    def alike(one: int, other: int) -> bool:
        return any(by[one] >= 0.5 and by[other] >= 0.5 for by in scores.values())

    def unlike(anchor: int, other: int) -> bool:
        mine = [by for by in scores.values() if by[anchor] >= 0.5]
        return bool(mine) and all(by[other] < 0.25 for by in mine)

    expected = {
        (anchor, min(a, b), max(a, b))
        for anchor in ids
        for a in ids
        for b in ids
        if len({anchor, a, b}) == 3 and alike(anchor, a) and unlike(anchor, b)
    }
    assert set(shown(proposals)) == expected


def test_parts_of_one_song_are_no_answer_and_what_was_not_heard_is_not_asked(
    fitted: Workspace,
) -> None:
    items = fitted.catalogue.items()
    store_heard(fitted, {("genre", "jazz"): [0.9] * 10 + [0.1] * 10}, ids=items.index[:20].tolist())
    ids = items.index[:30].tolist()
    proposals = make_sampler(fitted, "machine_tags", ids).propose(
        "genre", np.random.default_rng(0), 1000
    )
    songs = items["parent_id"].fillna(items.index.to_series()).astype(int)
    heard = set(items.index[:20])
    assert proposals
    for proposal in proposals:
        assert {proposal.anchor, proposal.a, proposal.b} <= heard
        assert songs[proposal.anchor] not in (songs[proposal.a], songs[proposal.b])


def test_without_machine_tags_the_sampler_says_what_to_run(ws: Workspace) -> None:
    ids = ws.catalogue.items().index.tolist()
    sampler = make_sampler(ws, "machine_tags", ids)
    with pytest.raises(NotReadyError, match="run `workbench tag` first"):
        sampler.propose("genre", np.random.default_rng(0), 5)
    heard_by(ws, "texture", ["thin"])
    assert sampler.propose("genre", np.random.default_rng(0), 5) == []


def test_a_rater_answers_what_a_machine_chose_and_the_log_says_who_chose(ws: Workspace) -> None:
    heard_by(ws, "mood", ["calm", "tense"])
    task = RatingTask(dimensions=("mood",), sampler="machine_tags", repeats=0, gold=0)
    session = RatingSession(ws, rater="Ada", task=task)
    assert ws.judgements.table().empty  # nothing is answered before somebody answers
    session.answer(session.next(), "left")
    row = ws.judgements.table().iloc[0]
    assert (row["sampler"], row["rater"]) == ("machine_tags", "Ada")
