from __future__ import annotations

import numpy as np
import pytest

from workbench.maps.following import EarlierMaps, digest, follow
from workbench.maps.layout import Settings, extent, lay_out
from workbench.maps.store import Layout
from workbench.search.nearest import neighbour_graph
from workbench.search.neighbours import Neighbours


def units(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def near(ids: np.ndarray, vectors: np.ndarray) -> Neighbours:
    return Neighbours(ids, *neighbour_graph(vectors, 30))


def earlier(ids: np.ndarray, vectors: np.ndarray) -> EarlierMaps:
    """Maps of some vectors, drawn by nobody: any places will do."""
    xy = np.random.default_rng(1).normal(size=(len(ids), 2)).astype(np.float32)
    return EarlierMaps("v0001", {"mood": Layout(ids, xy)}, {"mood": near(ids, vectors)})


@pytest.mark.parametrize("count", [5, 41, 67, 101])
def test_a_subspace_that_did_not_change_keeps_its_map(count: int) -> None:
    ids, vectors = np.arange(count), units(count)
    before = earlier(ids, vectors)
    xy, drawing = follow("mood", vectors, near(ids, vectors), before, Settings())
    np.testing.assert_allclose(xy, before.layouts["mood"].xy, atol=1e-5)
    assert (drawing.aligned_to, drawing.known) == ("v0001", 1.0)


def test_neighbours_are_compared_by_item_and_not_by_row() -> None:
    ids, vectors = np.arange(60), units(60)
    fewer = near(ids[5:], vectors[5:])  # the same items, five rows up
    layout = Layout(fewer.ids, lay_out(vectors[5:], fewer.indices, fewer.distances, Settings()))
    before = EarlierMaps("v0001", {"mood": layout}, {"mood": fewer})
    xy, drawing = follow("mood", vectors, near(ids, vectors), before, Settings())
    far = np.linalg.norm(xy[5:] - layout.xy, axis=1) / extent(layout.xy)
    assert np.median(far) < 0.1
    assert drawing.known == pytest.approx(55 / 60)
    assert drawing.moved == pytest.approx(far.mean(), rel=1e-4)


def test_neighbours_by_chance_do_not_hold_a_map() -> None:
    ids = np.arange(30)  # of which each has ten neighbours: a third are the same by chance
    before = earlier(ids, units(30, seed=2))
    xy, drawing = follow("mood", units(30), near(ids, units(30)), before, Settings())
    assert drawing.moved > 0.1
    alone, _ = follow("mood", units(30), near(ids, units(30)), None, Settings())
    assert np.ptp(np.linalg.norm(xy - xy.mean(axis=0), axis=1)
                  - np.linalg.norm(alone - alone.mean(axis=0), axis=1)) < 1e-3  # fmt: skip


@pytest.mark.parametrize("where", ["nowhere", "another dimension", "other items"])
def test_without_an_earlier_map_a_map_lies_as_it_comes_out(where: str) -> None:
    ids, vectors = np.arange(40), units(40)
    before = earlier(ids + 100, vectors)
    _, drawing = follow(
        "tempo" if where == "another dimension" else "mood",
        vectors,
        near(ids, vectors),
        None if where == "nowhere" else before,
        Settings(),
    )
    assert drawing.aligned_to is None


def test_the_digest_tells_vectors_apart() -> None:
    vectors = units(9)
    assert digest(vectors) == digest(vectors.copy())
    assert digest(vectors) == digest(np.asfortranarray(vectors))
    assert digest(vectors) != digest(-vectors)
