from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench import Workspace
from workbench.backbones.tagger_card import TaggerCard, TaggerShape, TagName, read_tagger_card
from workbench.backbones.tagger_store import build_tagger, save_tagger
from workbench.corpus.manifest import is_shippable
from workbench.encoders.registry import find_encoder, load_encoder
from workbench.encoders.tagger import SHIPPED, heard
from workbench.errors import NotReadyError, UnknownNameError
from workbench.tagging import shipped
from workbench.tagging.taggers import find_tagger, list_taggers, load_tagger
from workbench.tagging.trained import (
    moved,
    newest_tagger,
    next_version,
    taggers_folder,
    trained_cards,
)

SHAPE = TaggerShape(channels=2, width=8, layers=1, heads=2, seconds=1.0)
TAGS = (TagName("genre", "jazz"), TagName("mood", "calm"))
CARD = TaggerCard("ours", "1", SHAPE, TAGS, (0.4, 0.6), "CC0", training={"parameters": 1234})


def save(ws: Workspace, card: TaggerCard = CARD) -> Path:
    torch.manual_seed(0)
    folder = taggers_folder(ws) / card.key
    save_tagger(folder, build_tagger(SHAPE, 2), card)
    return folder


def noise(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(scale=0.1, size=round(seconds * 22050)).astype(np.float32)


def test_trained_taggers_are_listed_before_those_that_are_built_in(ws: Workspace) -> None:
    before = [info.key for info in list_taggers(ws)]
    save(ws)
    time.sleep(0.01)
    save(ws, replace(CARD, version="2", teacher="ours-1"))
    assert [info.key for info in list_taggers(ws)] == ["ours-2", "ours-1", *before]
    info = find_tagger(ws)
    assert (info.key, info.tags_count, info.installed) == ("ours-2", 2, True)
    assert "taught by ours-1" in info.description
    assert newest_tagger(ws).key == "ours-2"


def test_a_trained_tagger_scores_tags_with_their_thresholds_at_one_half(ws: Workspace) -> None:
    from workbench.backbones.tagger_store import load_tagger_network

    folder = save(ws)
    tagger = load_tagger("ours-1", ws)
    assert tagger.tags == TAGS
    network, _ = load_tagger_network(folder)
    plain = heard(network, noise(2.5), 1.0)
    found = tagger.scores(noise(2.5))
    np.testing.assert_allclose(found, moved(plain, (0.4, 0.6)), atol=1e-6)
    assert ((found >= 0.5) == (plain >= np.array([0.4, 0.6]))).all()


def test_moving_keeps_the_order_and_puts_the_threshold_at_one_half() -> None:
    for threshold in (0.01, 0.3, 0.9):
        p = np.linspace(0, 1, 101)
        found = moved(p, (threshold,) * 101)
        assert (np.diff(found) >= 0).all()
        assert moved(np.array([threshold]), (threshold,))[0] == pytest.approx(0.5)
        assert found[[0, -1]].tolist() == [0.0, 1.0]
    np.testing.assert_allclose(moved(p, (0.5,) * 101), p, atol=1e-6)


def test_versions_count_trainings_that_have_not_ended(ws: Workspace) -> None:
    assert next_version(ws, "ours") == "1"
    save(ws)
    (taggers_folder(ws) / "ours-2").mkdir()
    assert next_version(ws, "ours") == "3"
    assert [card.key for card in trained_cards(ws)] == ["ours-1"]


def test_what_is_not_there_is_said_in_a_sentence(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench train tagger"):
        newest_tagger(ws)
    with pytest.raises(UnknownNameError, match="There is no tagger 'ours-1'"):
        load_tagger("ours-1", ws)


def test_a_trained_tagger_is_an_encoder_as_well(ws: Workspace) -> None:
    folder = save(ws)
    info = find_encoder("ours", ws)
    assert (info.key, info.source, info.licence) == ("ours-1", "trained here", "CC0")
    encoder = load_encoder("ours-1", ws.root)
    assert (encoder.dim, encoder.blocks) == (8, {"tags": slice(0, 8)})
    vectors = encoder.encode([noise(2.0), noise(0.3)])
    assert vectors.shape == (2, 8)
    from workbench.backbones.tagger_store import load_tagger_network
    from workbench.features.spectral import mel_decibels

    network, _ = load_tagger_network(folder)
    with torch.inference_mode():
        halves = torch.from_numpy(noise(2.0)).view(2, -1)
        naive = torch.stack([network.embed(mel_decibels(h[None]))[0] for h in halves]).mean(0)
    np.testing.assert_allclose(vectors[0], naive.numpy(), atol=1e-5)


def test_only_the_newest_version_has_the_short_name(ws: Workspace) -> None:
    save(ws)
    time.sleep(0.01)
    save(ws, replace(CARD, version="2"))
    assert find_encoder("ours", ws).key == "ours-2"
    assert find_encoder("ours-1", ws).key == "ours-1"


def test_the_shipped_tagger_hears_without_anything_installed(ws: Workspace) -> None:
    assert shipped.KEY == "music-tagger-1" == read_tagger_card(SHIPPED).key
    tagger = load_tagger("music-tagger-1", ws)
    assert tagger.licence == "BSD-3-Clause"
    assert {name.dimension for name in tagger.tags} == {"genre", "era", "mood", "instrument"}
    found = tagger.scores(noise(4.0))
    assert found.shape == (len(tagger.tags),)
    assert find_encoder("music-tagger", ws).source == "built in"


def test_the_shipped_taggers_card_says_what_it_was_made_from() -> None:
    card = read_tagger_card(SHIPPED)
    assert card.data["licences"]
    assert all(is_shippable(licence) for licence in card.data["licences"])
    assert card.scores["macro_roc_auc"]["value"] > 0.7
    assert any("tests.benchmarks.tagged_corpus" in line for line in card.reproduce)


def test_a_card_with_odd_facts_does_not_keep_the_others_from_being_listed(ws: Workspace) -> None:
    save(ws, replace(CARD, training={"parameters": "many"}))
    info = find_tagger(ws, "ours-1")
    assert info.description == "transformer"
