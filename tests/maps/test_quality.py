from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from workbench.maps.quality import measure


def cloud(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors, and a map that shows two of their columns and some noise."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 8)).astype(np.float32)
    xy = 7 * vectors[:, :2] + rng.normal(size=(count, 2))
    return vectors, xy.astype(np.float32)


@pytest.mark.parametrize(("count", "k"), [(5, 2), (20, 5), (400, 15)])
def test_both_are_those_of_scikit_learn(count: int, k: int) -> None:
    vectors, xy = cloud(count)
    found = measure(vectors, xy, neighbourhood=k)
    assert found is not None
    assert found.trustworthiness == pytest.approx(trustworthiness(vectors, xy, n_neighbors=k))
    assert found.continuity == pytest.approx(trustworthiness(xy, vectors, n_neighbors=k))
    assert found.sample == count


def test_a_sample_comes_near_the_whole_and_is_the_same_each_time() -> None:
    vectors, xy = cloud(1200)
    whole, some = measure(vectors, xy), measure(vectors, xy, sample=300, seed=4)
    assert some is not None
    assert whole is not None
    assert some.sample == 300
    assert some.trustworthiness == pytest.approx(whole.trustworthiness, abs=0.02)
    assert some.continuity == pytest.approx(whole.continuity, abs=0.02)
    assert some == measure(vectors, xy, sample=300, seed=4)
    assert some != measure(vectors, xy, sample=300, seed=5)


def test_a_map_that_is_the_subspace_is_perfect() -> None:
    _, xy = cloud(100)
    assert measure(xy, 3 * xy + 5)[:2] == (1.0, 1.0)  # type: ignore[index]


def test_equal_vectors_cannot_be_mapped_wrongly() -> None:
    _, xy = cloud(60)
    found = measure(np.ones((60, 4), np.float32), xy)
    assert found is not None
    assert found.trustworthiness == 1.0


@pytest.mark.parametrize("count", [1, 4])
def test_very_few_items_are_not_measured(count: int) -> None:
    assert measure(*cloud(count)) is None


def test_small_catalogues_are_measured_over_less_than_half_of_them() -> None:
    found = measure(*cloud(11))
    assert found is not None
    assert found.neighbourhood == 5
