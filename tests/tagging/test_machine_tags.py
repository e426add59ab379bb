from __future__ import annotations

import json

import numpy as np
import pytest
from tone_tagger import KEY, TAGS

from workbench import Workspace
from workbench.errors import NotReadyError, StorageError, UnknownNameError
from workbench.tagging.machine_tags import (
    MachineTags,
    TagCard,
    all_machine_tags,
    machine_taggers,
    newest,
    tags_folder,
)
from workbench.tagging.taggers import TagName


def store(ws: Workspace, key: str, scores: np.ndarray) -> MachineTags:
    tags = MachineTags(ws, key)
    tags.write_card(TagCard(key, "CC0", 0.5, TAGS, ""))
    tags.store.write(np.arange(1, len(scores) + 1), scores)
    return tags


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(0).random((7, len(TAGS))).astype(np.float32)


def test_scores_come_back_by_item_and_by_tag(ws: Workspace, scores: np.ndarray) -> None:
    store(ws, KEY, scores)
    tags = MachineTags(ws, KEY)
    np.testing.assert_array_equal(tags.scores([5, 2]), scores[[4, 1]])
    calm = tags.of("mood", "calm")
    assert calm.index.tolist() == tags.ids.tolist() == [1, 2, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(calm.to_numpy(), scores[:, TAGS.index(TagName("mood", "calm"))])
    with pytest.raises(UnknownNameError, match="knows no tag mood=blue"):
        tags.of("mood", "blue")
    with pytest.raises(NotReadyError, match=f"Item 8 has no machine tag .*--tagger {KEY}"):
        tags.scores([8])


@pytest.mark.parametrize("threshold", [None, 0.0, 0.9])
def test_the_table_holds_every_score_from_the_threshold_on(
    ws: Workspace, scores: np.ndarray, threshold: float | None
) -> None:
    found = store(ws, KEY, scores).table([3, 1], threshold=threshold)
    lowest = 0.5 if threshold is None else threshold
    expected = []
    for item in (3, 1):
        said = sorted(zip(-scores[item - 1], range(5), strict=True))
        expected += [(item, *TAGS[i], -s) for s, i in said if -s >= lowest]
    columns = ["item_id", "dimension", "value", "score"]
    assert [tuple(row) for row in found[columns].to_numpy()] == expected
    assert set(found["tagger"]) <= {KEY}


def test_the_tagger_that_ran_last_comes_first(ws: Workspace, scores: np.ndarray) -> None:
    assert machine_taggers(ws) == []
    with pytest.raises(NotReadyError, match="workbench tag"):
        newest(ws)
    assert all_machine_tags(ws).empty
    for key in ("b-1", "a-1"):
        store(ws, key, scores)
    assert machine_taggers(ws) == ["a-1", "b-1"]
    store(ws, "b-1", scores)
    assert newest(ws).key == "b-1"
    assert set(all_machine_tags(ws)["tagger"]) == {"a-1", "b-1"}
    (tags_folder(ws) / "b-1" / "card.json").write_text("{")  # keeps nobody from the other
    assert machine_taggers(ws) == ["a-1"]
    assert newest(ws).key == "a-1"


def test_a_tagger_that_was_not_run_is_told(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench tag --tagger nobody-1"):
        MachineTags(ws, "nobody-1").table()


@pytest.mark.parametrize(
    "damage",
    [
        "not json",
        "[]",
        "null",
        '"card"',
        "fewer tags",
        {"at": "yesterday"},
        {"at": "2026-01-01T00:00:00"},  # of no time zone, which cannot be compared
        {"threshold": "high"},
        {"threshold": None},
        {"licence": None},
    ],
)
def test_a_card_that_cannot_be_read_or_does_not_fit_is_told(
    ws: Workspace, scores: np.ndarray, damage: str | dict[str, object]
) -> None:
    file = store(ws, KEY, scores).store.folder / "card.json"
    card = json.loads(file.read_text())
    if damage == "fewer tags":
        damage = json.dumps(card | {"tags": card["tags"][1:]})
    elif isinstance(damage, dict):
        damage = json.dumps(card | damage)
    file.write_text(damage)
    with pytest.raises(StorageError, match=f"run `workbench tag --tagger {KEY} --again`"):
        MachineTags(ws, KEY).table()
