from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from synthetic import add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError
from workbench.search import neighbours
from workbench.search.find import explain
from workbench.search.neighbours import make_neighbours, neighbours_of, stored_neighbours
from workbench.search.subspaces import read_subspaces
from workbench.training.initial import fit_initial


@pytest.fixture
def songs(ws: Workspace) -> np.ndarray:
    songs = add_songs(ws, 60)
    fit_initial(ws)
    return songs


def test_stored_neighbours_come_back_and_are_not_found_twice(
    ws: Workspace, songs: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored_neighbours(ws, "genre") is None
    made = make_neighbours(ws)
    assert list(made) == ws.models.card().dimensions
    monkeypatch.setattr(neighbours, "neighbour_graph", None)  # calling it would fail
    for name, near in make_neighbours(ws).items():
        np.testing.assert_array_equal(near.ids, songs)
        np.testing.assert_array_equal(near.indices, made[name].indices)
        np.testing.assert_array_equal(near.distances, made[name].distances)


def test_neighbours_of_older_vectors_are_never_read_and_go_away(
    ws: Workspace, songs: np.ndarray
) -> None:
    make_neighbours(ws)
    store, _ = read_subspaces(ws)
    store.write(store.ids, np.roll(store.vectors, 1, axis=0))
    assert stored_neighbours(ws, "genre") is None
    make_neighbours(ws)
    assert stored_neighbours(ws, "genre") is not None
    files = list((ws.cache_folder / "neighbours" / "v0001").iterdir())
    assert len(files) == len(ws.models.card().dimensions)


def damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:50])


def shorter(file: Path) -> None:
    np.save(file, np.load(file)[:-1])


@pytest.mark.parametrize("harm", [damaged, shorter])
def test_damaged_neighbours_are_found_again(ws: Workspace, songs: np.ndarray, harm) -> None:
    before = make_neighbours(ws)["genre"].indices.copy()
    harm(next((ws.cache_folder / "neighbours" / "v0001").glob("genre-*.npy")))
    assert stored_neighbours(ws, "genre") is None
    np.testing.assert_array_equal(make_neighbours(ws)["genre"].indices, before)


@pytest.mark.parametrize("stored", [False, True])
def test_neighbours_of_an_item_are_those_of_its_subspace(
    ws: Workspace, songs: np.ndarray, stored: bool
) -> None:
    if stored:
        make_neighbours(ws)
    song = int(songs[7])
    tables = neighbours_of(ws, song, count=5)
    assert list(tables) == ws.models.card().dimensions
    store, blocks = read_subspaces(ws)
    for name, table in tables.items():
        vectors = store.vectors[:, blocks[name]]
        far = np.linalg.norm(vectors - vectors[7], axis=1)
        order = [i for i in far.argsort() if i != 7][:5]
        assert table.index.tolist() == songs[order].tolist()
        np.testing.assert_allclose(table["relevance"], 1 - far[order] / 2, atol=1e-6)
        nearest = explain(ws, song, table.index[0]).loc[name]
        assert table["relevance"].iloc[0] == pytest.approx(nearest["relevance"], abs=1e-3)
        assert table["percentile"].iloc[0] == pytest.approx(nearest["percentile"])


def test_stored_neighbours_and_a_product_say_the_same(ws: Workspace, songs: np.ndarray) -> None:
    before = neighbours_of(ws, int(songs[0]), count=30)
    make_neighbours(ws)
    after = neighbours_of(ws, int(songs[0]), count=30)
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_more_are_found_than_are_stored(ws: Workspace, songs: np.ndarray) -> None:
    make_neighbours(ws)
    table = neighbours_of(ws, int(songs[0]), count=500, dimensions=["mood"])["mood"]
    assert sorted(table.index) == songs[1:].tolist()
    assert table["relevance"].is_monotonic_decreasing
    assert table["percentile"].iloc[-1] == 0


def test_only_those_asked_for_are_found(ws: Workspace, songs: np.ndarray) -> None:
    make_neighbours(ws)
    table = neighbours_of(ws, int(songs[3]), among=songs[:10], count=20)["key"]
    assert sorted(table.index) == np.delete(songs[:10], 3).tolist()


def test_items_that_sound_the_same_come_in_the_order_they_were_added(
    ws: Workspace, songs: np.ndarray
) -> None:
    store, _ = read_subspaces(ws)
    store.write(store.ids, np.repeat(store.vectors[:1], len(songs), axis=0))
    table = neighbours_of(ws, int(songs[4]), count=4)["era"]
    assert table.index.tolist() == songs[:4].tolist()
    assert (table["relevance"] == 1).all()


def test_a_single_item_has_no_neighbours(ws: Workspace, songs: np.ndarray) -> None:
    store = ws.vectors(ws.models.card().encoder)
    store.write(songs[:1], store.rows(songs[:1]))
    make_neighbours(ws)
    assert all(table.empty for table in neighbours_of(ws, int(songs[0])).values())


def test_what_is_not_there_is_told(ws: Workspace, songs: np.ndarray) -> None:
    with pytest.raises(UnknownNameError, match=r"no dimension 'sadness'; it has genre, mood"):
        neighbours_of(ws, int(songs[0]), dimensions=["sadness"])
    with pytest.raises(NotReadyError, match="Item 999 has no vector yet"):
        neighbours_of(ws, 999)
