from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from synthetic import ENCODER, add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.search.find import find
from workbench.search.rankings import rate
from workbench.subspaces.declare import add_dimension
from workbench.subspaces.heads import apply_head
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import Triplets
from workbench.training.initial import (
    _masks,
    _own_block,
    block_weights,
    fit_initial,
    hold_out,
    principal_directions,
)


def test_items_held_out_are_whole_artists_and_about_a_quarter() -> None:
    artists = [f"Artist {i % 12}" for i in range(60)] + [""] * 4
    songs = pd.DataFrame({"artist": artists, "parent_id": np.nan}, index=range(100, 164))
    for seed in range(5):
        chosen = hold_out(songs, np.random.default_rng(seed))
        assert 0.15 * 64 <= len(chosen) <= 0.28 * 64
        inside = set(songs.loc[chosen, "artist"]) - {""}
        outside = set(songs.drop(chosen)["artist"]) - {""}
        assert not inside & outside


@pytest.mark.parametrize("artists", [1, 2])
def test_few_artists_hold_out_single_songs(artists: int) -> None:
    names = [f"Artist {i % artists}" for i in range(20)]
    songs = pd.DataFrame({"artist": names, "parent_id": np.nan}, index=range(20))
    assert 3 <= len(hold_out(songs, np.random.default_rng(0))) <= 6


def test_held_out_songs_and_their_parts_take_no_part_in_the_fit(fitted: Workspace) -> None:
    """Other vectors and tags of the held-out items lead to the same normaliser and heads."""
    card = fitted.models.card()
    items = fitted.catalogue.items()
    held_out = np.isin(song_groups(items), card.held_out)
    assert 0 < held_out.sum() < len(items)
    assert set(items["artist"][held_out]).isdisjoint(items["artist"][~held_out])
    source = fitted.vectors(ENCODER)
    vectors = np.array(source.vectors)
    chance = np.random.default_rng(9)
    vectors[held_out] = chance.normal(50, 9, vectors[held_out].shape)
    fitted.vectors(ENCODER).write(source.ids, vectors)
    with fitted.database.write() as session:
        import sqlalchemy as sa

        from workbench.catalogue.tables import Tag

        ids = items.index[held_out].tolist()
        session.execute(sa.delete(Tag).where(Tag.item_id.in_(ids)))
    again = fit_initial(fitted)
    assert again.held_out == card.held_out
    first, second = (fitted.models.load(v) for v in (card.version, again.version))
    np.testing.assert_array_equal(first.normaliser.mean, second.normaliser.mean)
    np.testing.assert_array_equal(first.normaliser.scale, second.normaliser.scale)
    for name in card.dimensions:
        np.testing.assert_array_equal(first.heads[name]["weight"], second.heads[name]["weight"])


def test_the_normaliser_is_that_of_the_items_learned_from(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    items = fitted_once.catalogue.items()
    learned = items.index[~np.isin(song_groups(items), model.card.held_out)]
    vectors = fitted_once.vectors(ENCODER).rows(learned)
    np.testing.assert_allclose(model.normaliser.mean, vectors.mean(axis=0), atol=1e-5)


def test_a_model_scores_above_chance_on_songs_it_has_not_seen(fitted_once: Workspace) -> None:
    overall = fitted_once.models.card().metrics["scores"]["overall"]
    assert overall["n"] > 100
    assert overall["low"] > 0.55


def test_one_seed_gives_one_model(fitted: Workspace) -> None:
    again = fit_initial(fitted, promote=False)
    assert fitted.models.current() == "v0001"
    first, second = fitted.models.load("v0001"), fitted.models.load(again.version)
    vectors = fitted.vectors(ENCODER).vectors
    np.testing.assert_allclose(first.transform(vectors), second.transform(vectors), atol=1e-5)


def test_an_mlp_starts_as_the_linear_model(fitted: Workspace) -> None:
    fit_initial(fitted, head="mlp")
    vectors = fitted.vectors(ENCODER).vectors
    linear, mlp = fitted.models.load("v0001"), fitted.models.load("v0002")
    assert mlp.card.head == "mlp"
    np.testing.assert_allclose(linear.transform(vectors), mlp.transform(vectors), atol=1e-5)


def test_masks_need_a_width_that_divides(fitted: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="does not divide by 6"):
        fit_initial(fitted, head="mask")
    assert len(fitted.models.versions()) == 1


class Trained:
    """Stands for a network that was trained end to end, its dimensions in an order of its own."""

    dim = 8
    blocks: ClassVar = {"key": slice(0, 4), "genre": slice(4, 8)}


def test_masks_are_the_blocks_a_network_was_trained_with() -> None:
    masks = _masks(Trained(), ["genre", "key"])  # type: ignore[arg-type]
    assert masks.tolist() == [[4, 5, 6, 7], [0, 1, 2, 3]]
    with pytest.raises(WorkbenchError, match="not trained for tempo"):
        _masks(Trained(), ["genre", "tempo"])  # type: ignore[arg-type]


def test_too_few_songs_are_told(ws: Workspace) -> None:
    add_songs(ws, 5)
    with pytest.raises(NotReadyError, match="at least 12 songs"):
        fit_initial(ws)


def test_without_vectors_the_sentence_names_the_command(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench embed"):
        fit_initial(ws)


def test_an_unknown_head_is_answered_with_the_known_ones(ws: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="mask, linear, mlp"):
        fit_initial(ws, head="forest")


def test_the_block_that_tells_items_apart_gets_the_weight() -> None:
    rng = np.random.default_rng(0)
    kind = np.arange(40) % 4
    raw = rng.normal(size=(40, 30)).astype(np.float32)
    raw[:, 10:14] += 4 * np.eye(4)[kind]
    blocks = {"first": slice(0, 10), "telling": slice(10, 20), "last": slice(20, 30)}
    normaliser = Normaliser.fit(raw, blocks)
    rows = [
        (a, rng.choice(np.flatnonzero((kind == kind[a]) & (np.arange(40) != a))), far)
        for a in range(40)
        for far in rng.choice(np.flatnonzero(kind != kind[a]), 5)
    ]
    triplets = Triplets(np.array(rows), np.ones(len(rows), np.float32))
    weights = block_weights(normaliser(raw), normaliser.edges, triplets)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.6
    none = triplets.subset(np.zeros(len(rows), bool))
    np.testing.assert_allclose(block_weights(normaliser(raw), normaliser.edges, none), 1 / 3)


def test_principal_directions_keep_the_most_of_the_vectors() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 8)) * [5, 4, 3, 1, 1, 1, 1, 1]
    found = principal_directions(vectors.astype(np.float32), 3)
    np.testing.assert_allclose(found @ found.T, np.eye(3), atol=1e-5)
    eigenvalues = np.sort(np.linalg.eigvalsh(vectors.T @ vectors))[::-1]
    assert ((vectors @ found.T) ** 2).sum() == pytest.approx(eigenvalues[:3].sum(), rel=1e-4)


def test_with_fewer_items_than_directions_the_rest_is_zero() -> None:
    found = principal_directions(np.random.default_rng(0).normal(size=(3, 8)), 5)
    assert found.shape == (5, 8)
    assert not found[3:].any()


def test_loaded_and_fitted_models_are_the_same(fitted_once: Workspace) -> None:
    model = fitted_once.models.load()
    assert isinstance(model, Model)
    assert model.card.dimensions == list(model.heads)


def test_a_relation_starts_as_what_the_encoder_was_trained_for() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(50, 14)) * rng.uniform(0.1, 3.0, 14)).astype(np.float32)
    block = slice(6, 14)
    normaliser = Normaliser.fit(vectors, {"key": slice(0, 6), "related composition": block})
    weight = _own_block(normaliser, block, 10)
    found = apply_head("linear", {"weight": weight}, normaliser(vectors))
    centred = vectors[:, block] - vectors[:, block].mean(axis=0)
    expected = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:, :8], expected, atol=1e-5)
    assert not found[:, 8:].any()


def test_what_was_liked_counts_more_if_that_is_asked_for(ws: Workspace) -> None:
    ids = add_songs(ws, 24)
    plain = fit_initial(ws, promote=False)
    same = fit_initial(ws, by_use=True, promote=False)
    for item in ids[:6]:
        rate(ws, item, 5)
    liked = fit_initial(ws, by_use=True, promote=False)
    heads = [ws.models.load(card.version).heads["genre"]["weight"] for card in (plain, same, liked)]
    np.testing.assert_allclose(heads[0], heads[1], atol=1e-6)
    assert np.abs(heads[0] - heads[2]).max() > 1e-4


def test_what_no_tag_speaks_of_is_not_passed_off_as_learned(ws: Workspace) -> None:
    ids = add_songs(ws, 24)
    add_dimension(ws, "nonsense")
    card = fit_initial(ws)
    assert "nonsense" in card.dimensions
    assert "nonsense" not in card.taught
    assert "genre" in card.taught
    found = find(ws, ids[0], count=5)
    asked = find(ws, ids[0], weights=dict.fromkeys(card.taught, 1.0), count=5)
    assert found.index.tolist() == asked.index.tolist()
    with pytest.raises(UnknownNameError, match=r"has not learned 'nonsense'.*judge triplets"):
        find(ws, ids[0], weights={"nonsense": 1.0})
