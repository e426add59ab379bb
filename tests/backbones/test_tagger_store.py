from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from workbench.backbones.card import CARD, WEIGHTS
from workbench.backbones.tagger_card import (
    TaggerCard,
    TaggerShape,
    TagName,
    read_tagger_card,
    tagger_cards,
)
from workbench.backbones.tagger_store import build_tagger, load_tagger_network, save_tagger
from workbench.errors import StorageError

SHAPE = TaggerShape(channels=2, width=8, layers=1, heads=2, seconds=1.0)
TAGS = (TagName("genre", "jazz"), TagName("mood", "calm"))
PLAIN = TaggerCard("tiny", "2", SHAPE, TAGS, (0.5, 0.25), "CC0", teacher="tiny-1")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_tagger(tmp_path / "tiny-2", build_tagger(SHAPE, 2), PLAIN)
    return tmp_path / "tiny-2"


def edit(folder: Path, **values: object) -> None:
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | values))


def test_a_tagger_comes_back_as_it_was(saved: Path) -> None:
    torch.manual_seed(0)
    before = build_tagger(SHAPE, 2).eval()
    network, card = load_tagger_network(saved)
    assert card == replace(PLAIN, sha256=card.sha256)
    assert card.key == "tiny-2"
    mel = torch.randn(1, 128, 44)
    with torch.inference_mode():
        torch.testing.assert_close(network(mel), before(mel), atol=1e-2, rtol=1e-2)  # half


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": []},
        {"tags": [["genre", "jazz"], ["genre", "jazz"]]},
        {"thresholds": [0.5]},
        {"thresholds": ["a", "b"]},
        {"shape": {"channels": 10**9}},
        {"thresholds": [0.5, float("nan")]},
        {"thresholds": [0.5, 1.0]},
        {"shape": {"depth": 3}},
        {"shape": {"channels": 2.0}},
        {"shape": {"channels": True}},
        {"version": 2},
        {"licence": None},
        {"sha256": 5},
        {"training": []},
        {"scores": None},
        {"surprise": 1},
    ],
)
def test_a_card_that_makes_no_sense_is_named(saved: Path, changes: dict[str, object]) -> None:
    edit(saved, **changes)
    with pytest.raises(StorageError, match="not the card of a tagger"):
        read_tagger_card(saved)


def test_weights_of_another_shape_or_another_file_are_refused(saved: Path) -> None:
    edit(saved, shape={**vars(SHAPE), "layers": 2})
    with pytest.raises(StorageError, match="arrays differ"):
        load_tagger_network(saved)
    (saved / WEIGHTS).write_bytes(b"")
    with pytest.raises(StorageError, match="not the weights its card names"):
        load_tagger_network(saved)


def test_cards_are_listed_newest_first_without_what_is_damaged_or_unfinished(saved: Path) -> None:
    folder = saved.parent
    newer = replace(PLAIN, version="3")
    save_tagger(folder / "tiny-3", build_tagger(SHAPE, 2), newer)
    save_tagger(folder / "elsewhere", build_tagger(SHAPE, 2), newer)
    (folder / "begun-1").mkdir()
    (folder / "broken-1").mkdir()
    (folder / "broken-1" / CARD).write_text("{")
    assert [card.key for card in tagger_cards(folder)] == ["tiny-3", "tiny-2"]
    assert tagger_cards(folder / "nowhere") == []
