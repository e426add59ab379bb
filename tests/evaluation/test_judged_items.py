"""Judgements per item, and those the model contradicts, counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from example_workspace import add_model, add_songs, judge

from workbench import Workspace
from workbench.evaluation.judged_items import judged_items
from workbench.search.subspaces import read_subspaces


@pytest.fixture
def judged(tmp_path) -> Workspace:
    """Two raters' answers in two dimensions, and a model of random vectors."""
    ws = Workspace.create(tmp_path / "ws")
    songs = add_songs(ws)
    add_model(ws, 40)
    counts = {("Ada", "genre", "a"): 9, ("Bo", "genre", "b"): 8, ("Ada", "key", "a"): 5}
    judge(ws, songs, counts | {("Bo", "key", "cannot_tell"): 4, ("Bo", "genre", "skip"): 3})
    return ws


def test_counts_are_those_of_a_walk_through_the_log(judged: Workspace) -> None:
    found = judged_items(judged)
    store, blocks = read_subspaces(judged)
    row = {int(item): place for place, item in enumerate(store.ids)}
    expected: dict[tuple[str, int], list[int]] = {}
    for answer in judged.judgements.table().itertuples():
        if answer.choice == "skip":
            continue
        trio = (answer.anchor_id, answer.a_id, answer.b_id)
        anchor, a, b = (store.vectors[row[i]][blocks[answer.dimension]] for i in trio)
        near, far = (a, b) if answer.choice == "a" else (b, a)
        is_wrong = np.sum((anchor - near) ** 2) >= np.sum((anchor - far) ** 2)
        for item in trio:
            counts = expected.setdefault((answer.dimension, item), [0, 0, 0])
            counts[0] += 1
            if answer.choice != "cannot_tell":
                counts[1] += 1
                counts[2] += bool(is_wrong)
    assert {
        key: list(counts) for key, counts in zip(found.index, found.to_numpy(), strict=True)
    } == (expected)
    assert 0 < found["against"].sum() < found["decided"].sum() < found["judgements"].sum()


def test_without_judgements_the_table_is_empty(tmp_path) -> None:
    ws = Workspace.create(tmp_path / "ws")
    add_songs(ws)
    add_model(ws, 40)
    assert judged_items(ws).empty


def test_items_without_vectors_are_counted_and_not_compared(judged: Workspace) -> None:
    songs = judged.catalogue.items(domain="audio").index
    encoded = judged.vectors(judged.models.card().encoder)
    mapped = judged.vectors(f"model-{judged.models.current()}")
    kept = encoded.ids != songs[0]
    ids, rows, old = (
        encoded.ids[kept],
        np.array(encoded.vectors)[kept],
        np.array(mapped.vectors)[kept],
    )
    before = judged_items(judged)
    encoded.write(ids, rows)
    mapped.write(ids, old)
    found = judged_items(judged)
    assert (found["judgements"] == before["judgements"]).all()
    assert found.xs(songs[0], level="item_id")["decided"].sum() == 0
    assert found["decided"].sum() < before["decided"].sum()
