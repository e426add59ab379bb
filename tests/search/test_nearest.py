from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from workbench.search.nearest import nearest, neighbour_graph


def units(count: int, width: int = 16, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("count", [2, 5, 40, 129, 1500])
def test_the_graph_is_that_of_scikit_learn(count: int) -> None:
    vectors = units(count)
    indices, distances = neighbour_graph(vectors, 10)
    there = NearestNeighbors(n_neighbors=min(10, count - 1), algorithm="brute").fit(vectors)
    far, rows = there.kneighbors()
    np.testing.assert_array_equal(indices, rows)
    np.testing.assert_allclose(distances, far, atol=1e-5)
    assert indices.dtype == np.int32
    assert distances.dtype == np.float32


def test_vectors_of_any_length_are_ordered_by_their_distance() -> None:
    vectors = units(300) * np.random.default_rng(1).uniform(0, 5, (300, 1)).astype(np.float32)
    indices, _ = neighbour_graph(vectors, 7)
    rows = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(vectors).kneighbors()[1]
    np.testing.assert_array_equal(indices, rows)


def test_queries_from_elsewhere_may_find_everything() -> None:
    vectors, queries = units(200), units(9, seed=3)
    indices, distances = nearest(queries, vectors, 500)
    far = np.linalg.norm(queries[:, None] - vectors[None], axis=2)
    np.testing.assert_array_equal(indices, far.argsort(axis=1))
    np.testing.assert_allclose(distances, np.sort(far, axis=1), atol=1e-5)


def test_equal_vectors_are_nearest_in_the_order_of_their_rows() -> None:
    vectors = np.repeat(units(50), 4, axis=0)  # rows 0 to 3 are equal, and so on
    indices, distances = neighbour_graph(vectors, 5)
    assert indices[5, :3].tolist() == [4, 6, 7]
    assert (distances[:, :3] == 0).all()
    assert (distances[:, 3] > 0).all()


@pytest.mark.parametrize("exact_up_to", [10, 10_000])
def test_when_all_vectors_are_equal_everybody_has_neighbours_and_nobody_is_its_own(
    exact_up_to: int,
) -> None:
    indices, distances = neighbour_graph(np.ones((400, 3), np.float32), 9, exact_up_to=exact_up_to)
    assert (distances == 0).all()
    assert all(len(set(row)) == 9 and i not in row for i, row in enumerate(indices.tolist()))


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_has_neighbours_where_nobody_else_is(count: int) -> None:
    indices, distances = neighbour_graph(units(count), 10)
    assert indices.shape == distances.shape == (count, 0)


def test_descent_finds_nearly_all_that_are_nearest_and_the_same_each_time() -> None:
    centres = units(20, seed=5).repeat(100, axis=0)
    vectors = centres + 0.3 * units(2000, seed=6)
    exact, _ = neighbour_graph(vectors, 15)
    found, distances = neighbour_graph(vectors, 15, exact_up_to=100)
    again, _ = neighbour_graph(vectors, 15, exact_up_to=100)
    shared = [len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True)]
    assert np.mean(shared) > 0.99 * 15
    np.testing.assert_array_equal(found, again)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert not (found == np.arange(2000)[:, None]).any()
