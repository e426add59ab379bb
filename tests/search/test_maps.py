from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, StorageError
from workbench.search import maps
from workbench.search.maps import Layout, MapStore, compute_maps
from workbench.training.initial import fit_initial, store_model


def test_layouts_come_back_as_they_were_saved(tmp_path: Path) -> None:
    store, rng = MapStore(tmp_path / "maps"), np.random.default_rng(0)
    layouts = {n: Layout(np.arange(5), rng.random((5, 2)).astype(np.float32)) for n in ("a", "b")}
    store.save("v0001", layouts)
    assert store.exists("v0001")
    for name, layout in store.load("v0001").items():
        np.testing.assert_array_equal(layout.ids, layouts[name].ids)
        np.testing.assert_array_equal(layout.xy, layouts[name].xy)


def test_maps_not_computed_yet_are_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="workbench map"):
        MapStore(tmp_path).load("v0001")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x80\x04K\x01."])
def test_a_damaged_file_is_told_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v0001.npz").write_bytes(content)
    with pytest.raises(StorageError, match="delete it and run `workbench map`"):
        MapStore(tmp_path).load("v0001")


def places_agree(first: np.ndarray, second: np.ndarray) -> float:
    """How well the axes of two maps correlate; turning a map round breaks it."""
    return float(np.mean([np.corrcoef(first[:, i], second[:, i])[0, 1] for i in range(2)]))


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    ws = Workspace.create(tmp_path_factory.mktemp("maps") / "workspace")
    add_songs(ws, 40)
    ws.catalogue.add_item(kind="song", domain="symbolic", title="A score")
    fit_initial(ws)
    compute_maps(ws)
    return ws


def test_every_dimension_has_a_place_for_every_sound(mapped: Workspace) -> None:
    found = mapped.maps.load("v0001")
    assert list(found) == mapped.models.card().dimensions
    sounds = mapped.catalogue.items(domain="audio").index.to_numpy()
    for layout in found.values():
        np.testing.assert_array_equal(layout.ids, sounds)
        assert layout.xy.shape == (len(sounds), 2)
        assert np.isfinite(layout.xy).all()


def test_items_that_share_a_genre_lie_together_on_its_map(mapped: Workspace) -> None:
    layout = mapped.maps.load("v0001")["genre"]
    tags = mapped.catalogue.tags("genre").set_index("item_id")["value"].loc[layout.ids].to_numpy()
    apart = np.linalg.norm(layout.xy[:, None] - layout.xy[None], axis=2)
    same = tags[:, None] == tags[None, :]
    np.fill_diagonal(apart, np.nan)
    assert np.nanmean(apart[same]) < 0.7 * np.nanmean(apart[~same])


def test_one_seed_gives_one_map(mapped: Workspace) -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    first, second, other = (maps._umap(vectors, None, neighbours=10, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert not np.allclose(first, other)


def test_the_map_of_a_new_version_starts_from_its_parents(mapped: Workspace) -> None:
    parent = mapped.models.load("v0001")
    child = replace(parent, card=replace(parent.card, parent="v0001"))
    stranger = replace(parent, card=replace(parent.card, parent=None))
    before = mapped.maps.load("v0001")
    likeness = {}
    for kind, model in (("child", child), ("stranger", stranger)):
        card = store_model(mapped, model, promote=False)
        compute_maps(mapped, version=card.version, seed=5)
        after = mapped.maps.load(card.version)
        likeness[kind] = [places_agree(before[n].xy, after[n].xy) for n in before]
    assert min(likeness["child"]) > 0.9
    assert np.mean(likeness["stranger"]) < 0.5


def test_turning_undoes_a_rotation_a_mirror_and_a_shift() -> None:
    target = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    angle = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    moved = target @ angle * [1, -1] + [5, 7]
    np.testing.assert_allclose(maps._turned(moved, target), target, atol=1e-5)


def test_new_items_start_in_the_middle_and_old_ones_where_they_were() -> None:
    rng = np.random.default_rng(0)
    previous = Layout(np.arange(10), rng.normal(size=(10, 2)).astype(np.float32))
    places = maps._previous_places(previous, np.array([3, 7, 99, 0]))
    assert places is not None
    np.testing.assert_allclose(places[[0, 1, 3]], previous.xy[[3, 7, 0]], atol=0.05)
    np.testing.assert_allclose(places[2], previous.xy.mean(axis=0), atol=0.05)
    assert maps._previous_places(previous, np.array([50, 51, 3])) is None
    assert maps._previous_places(None, np.array([1])) is None


@pytest.mark.parametrize("count", [4, 7])
def test_a_handful_of_items_can_be_drawn(count: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    assert np.isfinite(maps._umap(vectors, None, neighbours=15, seed=0)).all()


def test_fewer_than_four_items_make_no_map(mapped: Workspace, ws: Workspace) -> None:
    model = mapped.models.load("v0001")
    songs = add_songs(ws, 3)
    ws.models.save(replace(model, card=replace(model.card, held_out=songs.tolist())), promote=True)
    with pytest.raises(NotReadyError, match="at least four"):
        compute_maps(ws)
