from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from workbench.maps.layout import Settings, extent, go_on, kept_neighbours, lay_out, turned
from workbench.search.nearest import neighbour_graph

SEED = Settings()


def groups(count: int = 300, seed: int = 0) -> np.ndarray:
    """Unit vectors in six groups, each with directions of its own."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(6, 12))
    ways = 0.4 * rng.normal(size=(6, 2, 12))
    group = np.arange(count) % 6
    vectors = centres[group] + np.einsum("nk,nkd->nd", rng.normal(size=(count, 2)), ways[group])
    vectors += 0.05 * rng.normal(size=vectors.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def drawn(vectors: np.ndarray, settings: Settings = SEED) -> np.ndarray:
    return lay_out(vectors, *neighbour_graph(vectors, 30), settings)


def followed(vectors: np.ndarray, before: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Draw vectors going on from a map of other vectors of the same items."""
    indices, distances = neighbour_graph(vectors, 30)
    kept = kept_neighbours(indices[:, :15], neighbour_graph(before, 30)[0][:, :15])
    return go_on(start, kept, indices, distances, SEED)


def test_a_map_is_as_trustworthy_as_umaps_own() -> None:
    import umap

    vectors = groups(600)
    plain = umap.UMAP(n_neighbors=15, min_dist=0.15, random_state=0, n_jobs=1)
    theirs = trustworthiness(vectors, plain.fit_transform(vectors), n_neighbors=15)
    ours = trustworthiness(vectors, drawn(vectors), n_neighbors=15)
    assert ours == pytest.approx(theirs, abs=0.01)


def test_what_did_not_change_stays_and_what_moved_moves() -> None:
    before = groups()
    after, moved = before.copy(), np.zeros(len(before), bool)
    moved[0:90:6] = True  # fifteen of the first group sound like the second now
    after[moved] = before[1:91:6]
    start = drawn(before)
    size = extent(start)
    far = np.linalg.norm(followed(after, before, start) - start, axis=1) / size
    fresh = drawn(after, Settings(seed=1))
    fresh = turned(fresh, np.arange(len(fresh)), start)
    unaligned = np.linalg.norm(fresh - start, axis=1) / size
    gap = np.linalg.norm(start[:90:6].mean(axis=0) - start[1:91:6].mean(axis=0)) / size
    assert np.median(far[~moved]) < 0.03
    assert np.quantile(far[~moved], 0.9) < 0.06
    assert np.median(far[moved]) > 0.7 * gap > 0.1
    assert np.median(unaligned[~moved]) > 3 * np.median(far[~moved])


def test_a_map_that_goes_on_is_as_trustworthy_as_a_fresh_one() -> None:
    before = groups()
    after = before.copy()
    after[0:90:6] = before[1:91:6]
    scores = [
        trustworthiness(after, xy, n_neighbors=15)
        for xy in (followed(after, before, drawn(before)), drawn(after))
    ]
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


def test_a_turned_subspace_has_the_same_map() -> None:
    before = groups()
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(12, 12)))[0].astype(np.float32)
    start = drawn(before)
    far = np.linalg.norm(followed(before @ turn, before, start) - start, axis=1) / extent(start)
    assert far.max() < 0.03


def test_where_nothing_changed_nothing_moves() -> None:
    vectors = groups(80)
    start = drawn(vectors)
    np.testing.assert_array_equal(followed(vectors, vectors, start), start)


def test_new_items_come_in_beside_their_neighbours() -> None:
    vectors = groups()
    start = drawn(vectors)
    kept = np.ones(len(vectors), np.float32)
    kept[-30:] = 0
    unknown = start.copy()
    unknown[-30:] = np.nan
    xy = go_on(unknown, kept, *neighbour_graph(vectors, 30), SEED)
    assert np.isfinite(xy).all()
    far = np.linalg.norm(xy - start, axis=1) / extent(start)
    assert np.median(far[:-30]) < 0.03
    assert np.median(far[-30:]) < 0.1


@pytest.mark.slow
def test_one_seed_gives_one_map_in_every_process() -> None:
    code = """
import hashlib, sys
import numpy as np
from test_layout import drawn, followed, groups
before = groups(120)
after = before.copy()
after[:20] = before[20:40]
start = drawn(before)
print(hashlib.sha256(start.tobytes() + followed(after, before, start).tobytes()).hexdigest())
"""
    here = os.path.dirname(__file__)
    paths = os.environ | {"PYTHONPATH": os.pathsep.join([here, *sys.path])}
    command = [sys.executable, "-c", code]
    found = [
        subprocess.run(command, capture_output=True, text=True, check=True, env=paths).stdout
        for _ in range(2)
    ]
    assert found[0] == found[1] != ""
    assert not np.allclose(drawn(groups(120)), drawn(groups(120), Settings(seed=1)))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 49, 51])
def test_any_number_of_items_can_be_drawn(count: int) -> None:
    xy = drawn(groups(count))
    assert xy.shape == (count, 2)
    assert np.isfinite(xy).all()


def test_three_items_lie_as_far_apart_as_in_their_subspace() -> None:
    vectors = groups(3)
    xy = drawn(vectors)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        far = np.linalg.norm(vectors[i] - vectors[j])
        assert np.linalg.norm(xy[i] - xy[j]) == pytest.approx(far, rel=1e-4)


@pytest.mark.parametrize("count", [2, 20, 80])
def test_equal_vectors_can_be_drawn_and_gone_on_from(count: int) -> None:
    equal = np.ones((count, 4), np.float32)
    start = drawn(equal)
    assert np.isfinite(start).all()
    assert np.isfinite(followed(equal, equal, start)).all()


def test_turning_undoes_a_rotation_a_mirror_and_a_shift() -> None:
    target = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    angle = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]])
    moved = target @ angle * [1, -1] + [5, 7]
    everyone = np.arange(20)
    np.testing.assert_allclose(turned(moved, everyone, target), target, atol=1e-5)
    np.testing.assert_allclose(turned(3 * moved, everyone, target, scaled=True), target, atol=1e-5)
    some = turned(moved, everyone[:5], target[:5])
    np.testing.assert_allclose(some, target, atol=1e-4)


def test_a_single_known_item_shifts_the_map() -> None:
    xy = np.array([[1, 1], [2, 2]], np.float32)
    for scaled in (False, True):
        found = turned(xy, np.array([1]), np.array([[5, 5]], np.float32), scaled=scaled)
        np.testing.assert_allclose(found[1], [5, 5])
        assert np.linalg.norm(found[0] - found[1]) == pytest.approx(np.sqrt(2))


def test_the_share_of_kept_neighbours_is_counted() -> None:
    now = np.array([[1, 2], [0, 2], [0, 1]])
    before = np.array([[2, 1], [0, 9], [-1, -1]])
    assert kept_neighbours(now, before).tolist() == [1.0, 0.5, 0.0]
    assert kept_neighbours(np.array([[-1]]), np.array([[-1]])).tolist() == [0.0]


def test_the_extent_is_the_longer_side() -> None:
    assert extent(np.array([[0, 0], [3, 8]])) == 8
    assert extent(np.ones((4, 2))) == 1
