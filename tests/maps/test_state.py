from __future__ import annotations

import numpy as np
import pytest
from synthetic import ENCODER, add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, StorageError
from workbench.maps.state import map_state
from workbench.maps.store import Layout, MapFacts
from workbench.search.subspaces import read_subspaces
from workbench.training.initial import fit_initial


@pytest.fixture
def drawn(ws: Workspace) -> Workspace:
    """A workspace with maps of all that has vectors."""
    add_songs(ws, 20)
    fit_initial(ws)
    save(ws)
    return ws


def save(ws: Workspace) -> None:
    store, blocks = read_subspaces(ws)
    places = np.zeros((len(store.ids), 2), np.float32)
    facts = MapFacts("v0001", len(store.ids), generation=store.generation)
    ws.maps.save("v0001", {name: Layout(store.ids, places) for name in blocks}, facts)


def test_maps_of_the_present_vectors_are_fresh(drawn: Workspace) -> None:
    state = map_state(drawn)
    assert (state.kind, state.absent, state.text) == ("fresh", 0, "")


def test_items_embedded_since_are_counted(drawn: Workspace) -> None:
    store = drawn.vectors(ENCODER)
    more = np.concatenate([store.vectors, store.vectors[:3]])
    store.write(np.concatenate([store.ids, [1001, 1002, 1003]]), more)
    state = map_state(drawn)
    assert (state.kind, state.absent) == ("older", 3)
    assert "3 items are not on them; run `workbench map`" in state.text
    read_subspaces(drawn)  # which maps the new ones into the subspaces
    assert map_state(drawn) == state
    save(drawn)
    assert map_state(drawn).kind == "fresh"


def test_a_single_absent_item_is_told_in_the_singular(drawn: Workspace) -> None:
    store = drawn.vectors(ENCODER)
    store.write(np.append(store.ids, 1001), np.concatenate([store.vectors, store.vectors[:1]]))
    assert "1 item is not on them" in map_state(drawn).text


def test_vectors_written_again_make_the_maps_older(drawn: Workspace) -> None:
    store, _ = read_subspaces(drawn)
    store.write(store.ids, -store.vectors)
    state = map_state(drawn)
    assert (state.kind, state.absent) == ("older", 0)
    assert "older than the vectors" in state.text


def test_maps_that_do_not_know_their_vectors_are_believed(drawn: Workspace) -> None:
    drawn.maps.save("v0001", drawn.maps.load("v0001"))
    assert map_state(drawn).kind == "fresh"


def test_maps_that_are_not_there_are_missing(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="no model"):
        map_state(ws)
    add_songs(ws, 12)
    fit_initial(ws)
    state = map_state(ws)
    assert (state.kind, state.absent) == ("missing", 12)
    assert "run `workbench map`" in state.text


def test_damaged_maps_are_told(drawn: Workspace) -> None:
    (drawn.root / "maps" / "v0001.npz").write_bytes(b"")
    with pytest.raises(StorageError, match="delete it"):
        map_state(drawn)
