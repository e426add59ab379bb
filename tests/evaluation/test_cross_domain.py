from __future__ import annotations

import numpy as np
import pytest

from workbench.evaluation.cross_domain import ranks_of_own, recall_at, relation_scores


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_ranks_are_places_in_the_sorted_list() -> None:
    rng = np.random.default_rng(0)
    queries, targets = unit(rng.normal(size=(30, 5))), unit(rng.normal(size=(30, 5)))
    targets += queries
    for i, rank in enumerate(ranks_of_own(queries, targets)):
        order = sorted(range(30), key=lambda j: -float(queries[i] @ targets[j]))
        assert rank == order.index(i) + 1


def test_blocks_count_together() -> None:
    rng = np.random.default_rng(0)
    queries, targets = rng.normal(size=(10, 3, 4)), rng.normal(size=(10, 3, 4))
    flat = ranks_of_own(queries.reshape(10, 12), targets.reshape(10, 12))
    np.testing.assert_array_equal(ranks_of_own(queries, targets), flat)


def test_who_cannot_tell_targets_apart_finds_none() -> None:
    same = np.ones((8, 4))
    assert ranks_of_own(same, same).tolist() == [8] * 8
    assert recall_at(same, same, 1).k == 0
    assert (recall_at(np.eye(8), np.eye(8), 1).k, recall_at(np.eye(8), np.eye(8), 1).n) == (8, 8)


def test_scores_count_triplets_whose_related_item_is_nearer() -> None:
    angles = np.array([0.0, 0.1, 1.5, 1.6])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)])
    relation = np.full((4, 4), -1, np.int8)
    relation[:2, :2] = relation[2:, 2:] = 1
    np.fill_diagonal(relation, 0)
    assert relation_scores(vectors, vectors, relation).value == 1.0
    assert relation_scores(vectors, vectors, -relation).value == 0.0
    assert relation_scores(vectors, vectors, np.abs(relation)).n == 0


def test_across_domains_anchors_and_others_differ() -> None:
    rng = np.random.default_rng(0)
    sound = unit(rng.normal(size=(40, 6)))
    relation = np.where(np.eye(40, dtype=bool), 1, -1).astype(np.int8)
    assert relation_scores(sound, sound, relation).value == 1.0
    chance = relation_scores(sound, unit(rng.normal(size=(40, 6))), relation)
    assert chance.value == pytest.approx(0.5, abs=0.35)
