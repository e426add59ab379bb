"""What a model has learned is not asked of it, whoever answered."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import add_songs, judge

from workbench import Workspace
from workbench.judgements.learned import unlearned, was_learned
from workbench.subspaces.store import ModelCard


@pytest.fixture
def songs(ws: Workspace) -> list[int]:
    return [int(song) for song in add_songs(ws, 6)]


def card(ws: Workspace, last: int | None, *, excluded: tuple[str, ...] = ()) -> ModelCard:
    """Return a model that learned up to the judgement in row `last` of the history."""
    learned = None if last is None else ws.judgements.history()["id"].iloc[last]
    return ModelCard("v0002", "descriptors-1", "linear", ["genre", "tempo"], 4, watermark=learned,
                     metrics={"finetune": {"excluded": list(excluded)}})  # fmt: skip


def test_judgements_up_to_the_watermark_were_learned(ws: Workspace, songs: list[int]) -> None:
    judge(ws, [("genre", *songs[i : i + 3], "a") for i in range(4)], rater="Ada")
    table = ws.judgements.table()
    assert was_learned(ws, card(ws, 1), table).tolist() == [True, True, False, False]
    assert not was_learned(ws, card(ws, None), table).any()


def test_sittings_that_were_left_out_were_not_learned(ws: Workspace, songs: list[int]) -> None:
    judge(ws, [("genre", *songs[:3], "a")], rater="Ada")
    judge(ws, [("genre", *songs[1:4], "a")], rater="Ben")
    table = ws.judgements.table()
    without = card(ws, 1, excluded=(table["session_id"].iloc[0],))
    assert was_learned(ws, without, table).tolist() == [False, True]


def test_a_learned_triplet_stays_known_whoever_answers_it_later(
    ws: Workspace, songs: list[int]
) -> None:
    x, a, b, c = songs[:4]
    judge(ws, [("genre", x, a, b, "a"), ("genre", x, a, c, "b")], rater="Ada")
    judge(
        ws,
        [("genre", x, b, a, "a"), ("tempo", x, a, b, "a"), ("genre", a, x, b, "a")],
        rater="Ben",
    )
    table = ws.judgements.table()
    left = unlearned(ws, [card(ws, 1)], table)
    assert left["dimension"].tolist() == ["tempo", "genre"]  # not the first one turned round
    assert left["anchor_id"].tolist() == [x, a]


def test_all_models_count(ws: Workspace, songs: list[int]) -> None:
    judge(ws, [("genre", *songs[i : i + 3], "a") for i in range(4)], rater="Ada")
    table = ws.judgements.table()
    both = unlearned(ws, [card(ws, 0), card(ws, 2)], table)
    assert np.array_equal(both.index, [3])
    assert len(unlearned(ws, [card(ws, None)], table)) == 4
