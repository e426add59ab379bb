from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from synthetic import add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.maps.placing import memberships, place, place_vectors, settle
from workbench.maps.store import Layout
from workbench.search.subspaces import read_subspaces
from workbench.training.initial import fit_initial


def islands(count: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors in three groups, each group an island of its own on the map, and their groups."""
    rng = np.random.default_rng(0)
    group = np.arange(count) % 3
    vectors = np.eye(6)[group] + 0.05 * rng.normal(size=(count, 6))
    xy = np.array([[0, 0], [10, 0], [0, 10]])[group] + rng.normal(scale=0.5, size=(count, 2))
    return vectors.astype(np.float32), xy.astype(np.float32), group


def test_new_items_lie_on_the_island_of_their_group() -> None:
    vectors, xy, group = islands()
    new = place(vectors[90:], vectors[:90], xy[:90])
    centres = np.stack([xy[:90][group[:90] == g].mean(axis=0) for g in range(3)])
    apart = np.linalg.norm(new[:, None] - centres, axis=2)
    np.testing.assert_array_equal(apart.argmin(axis=1), group[90:])
    assert apart.min(axis=1).max() < 1.5


def test_an_item_that_is_on_the_map_already_is_placed_where_it_lies() -> None:
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 10, (400, 2)).astype(np.float32)
    new = place(xy[:50], xy, xy)  # the map is the subspace
    assert np.linalg.norm(new - xy[:50], axis=1).max() < 0.75


def test_between_two_islands_an_item_goes_to_one_of_them() -> None:
    places = np.array([[[0, 0], [0.2, 0], [0, 0.2], [20, 0], [20, 0.2]]], np.float32)
    at = settle(places, np.array([[1, 1, 1, 1, 0.9]], np.float32))
    assert np.linalg.norm(at[0]) < 0.5


def test_memberships_sum_to_the_logarithm_of_their_number_as_umaps_do() -> None:
    umap_ = pytest.importorskip("umap.umap_")
    distances = np.sort(np.random.default_rng(0).uniform(0.1, 1, (20, 15)), axis=1)
    distances = distances.astype(np.float32)
    sigmas, rhos = umap_.smooth_knn_dist(distances, 15.0, local_connectivity=1.0)
    theirs = np.exp(-np.maximum(distances - rhos[:, None], 0) / sigmas[:, None])
    ours = memberships(distances)
    np.testing.assert_allclose(ours.sum(axis=1), np.log2(15), rtol=1e-3)
    # Theirs sums over all but the first, so weights differ a little and their order does not.
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("count", [1, 2, 5])
def test_equal_distances_and_few_neighbours_count_the_same(count: int) -> None:
    weights = memberships(np.full((3, count), 0.5, np.float32))
    assert (weights == 1).all()


@pytest.fixture
def mapped(ws: Workspace) -> Workspace:
    add_songs(ws, 30)
    fit_initial(ws)
    store, blocks = read_subspaces(ws)
    rng = np.random.default_rng(0)
    ws.maps.save(
        "v0001",
        {n: Layout(store.ids, rng.normal(size=(30, 2)).astype(np.float32)) for n in blocks},
    )
    return ws


def test_vectors_are_placed_on_the_maps_of_all_dimensions(mapped: Workspace) -> None:
    store, blocks = read_subspaces(mapped)
    places = place_vectors(mapped, store.vectors[:2])
    assert list(places) == list(blocks)
    for name, layout in mapped.maps.load("v0001").items():
        direct = place(store.vectors[:2, blocks[name]], store.vectors[:, blocks[name]], layout.xy)
        np.testing.assert_array_equal(places[name], direct)


def test_vectors_that_do_not_fit_are_told(mapped: Workspace) -> None:
    width = read_subspaces(mapped)[0].vectors.shape[1]
    for wrong in (np.zeros(3, np.float32), np.full(width, np.nan, np.float32)):
        with pytest.raises(WorkbenchError, match=f"a vector of {width} numbers"):
            place_vectors(mapped, wrong)


def test_without_maps_nothing_is_placed(ws: Workspace) -> None:
    add_songs(ws, 12)
    fit_initial(ws)
    with pytest.raises(NotReadyError, match="workbench map"):
        place_vectors(ws, read_subspaces(ws)[0].vectors[:1])


def test_placing_needs_no_umap(tmp_path: Path) -> None:
    import subprocess

    code = "import sys, workbench.maps.placing, workbench.maps.store, workbench.maps.state\n"
    code += "import workbench.maps.trails, workbench.search.neighbours\n"
    code += "print([m for m in ('umap', 'numba', 'pynndescent', 'torch') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
