"""Strict leakage asks only what a subspace's own tags cannot answer."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.evaluation.answers import answers
from workbench.evaluation.leakage import (
    leakage,
    off_diagonal_mean,
    same_under,
    sample_controlled,
    strict_leakage,
)
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets, sample_triplets

BLOCKS = {"genre": slice(0, 4), "era": slice(4, 8)}


def relation_of(values: np.ndarray) -> np.ndarray:
    relation = np.where(values[:, None] == values[None, :], 1, -1).astype(np.int8)
    relation[values < 0, :] = relation[:, values < 0] = 0
    np.fill_diagonal(relation, 0)
    return relation


@pytest.fixture
def tangled() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """120 items whose era follows their genre in four of five; each subspace holds its own tags."""
    rng = np.random.default_rng(0)
    genre = rng.integers(0, 4, 120)
    era = np.where(rng.random(120) < 0.8, genre, rng.integers(0, 4, 120))
    noise = rng.normal(scale=0.2, size=(120, 8))
    vectors = np.concatenate([np.eye(4)[genre], np.eye(4)[era]], axis=1) + noise
    return vectors, {"genre": relation_of(genre), "era": relation_of(era)}


def test_tags_that_go_together_look_like_leakage_and_are_none(tangled) -> None:
    vectors, relations = tangled
    rng = np.random.default_rng(1)
    asked = {name: sample_triplets(r, 500, rng) for name, r in relations.items()}
    plain = leakage(vectors, BLOCKS, asked)
    strict = strict_leakage(vectors, BLOCKS, relations, rng=rng)
    assert plain["genre"]["era"].value > 0.75
    low, high = strict["genre"]["era"].interval
    assert low < 0.5 < high
    assert strict["genre"]["genre"].value > 0.9
    assert off_diagonal_mean(strict) < 0.55 < off_diagonal_mean(plain)


def test_a_real_leak_is_seen(tangled) -> None:
    vectors, relations = tangled
    leaking = vectors.copy()
    leaking[:, 0:4] += vectors[:, 4:8]
    found = strict_leakage(leaking, BLOCKS, relations, rng=np.random.default_rng(1))
    assert found["genre"]["era"].interval[0] > 0.6


def test_a_controlled_triplet_is_alike_under_the_other_dimension(tangled) -> None:
    _, relations = tangled
    drawn = sample_controlled(relations["era"], relations["genre"], 300, np.random.default_rng(0))
    assert 200 < len(drawn) <= 300
    seen = set()
    for anchor, a, b in drawn.rows:
        assert relations["era"][anchor, a] == 1
        assert relations["era"][anchor, b] == -1
        assert relations["genre"][anchor, a] == relations["genre"][anchor, b] != 0
        seen.add(int(relations["genre"][anchor, a]))
    assert seen == {1, -1}
    assert (drawn.share == 1).all()


def test_unknown_tags_take_no_part() -> None:
    genre = relation_of(np.array([0, 0, 1, -1, 1]))
    triplets = Triplets(np.array([[0, 2, 4], [0, 1, 2], [0, 3, 3], [2, 0, 1]]), np.ones(4))
    assert same_under(genre, triplets).tolist() == [True, False, False, True]
    nothing = np.zeros((5, 5), np.int8)
    assert len(sample_controlled(genre, nothing, 50, np.random.default_rng(0))) == 0


def test_given_triplets_are_chosen_from(tangled) -> None:
    vectors, relations = tangled
    rng = np.random.default_rng(2)
    rows = np.array([rng.choice(120, 3, replace=False) for _ in range(200)])
    asked = {"era": Triplets(rows, rng.choice([0.0, 1.0], 200).astype(np.float32))}
    found = strict_leakage(vectors, BLOCKS, relations, asked)
    right = answers(vectors[:, BLOCKS["genre"]], asked["era"])
    k = n = 0
    for number, (anchor, a, b) in enumerate(rows):
        if relations["genre"][anchor, a] == relations["genre"][anchor, b] != 0:
            k, n = k + bool(right[number]), n + 1
    assert found["genre"] == {"era": Score(k, n)}
    assert 0 < n < 200
    own = answers(vectors[:, BLOCKS["era"]], asked["era"])
    assert found["era"]["era"] == count_right(own)


def test_a_subspace_without_tags_is_asked_nothing(tangled) -> None:
    vectors, relations = tangled
    found = strict_leakage(vectors, BLOCKS, {"era": relations["era"]})
    assert found["genre"]["era"] == Score()
    assert strict_leakage(vectors, BLOCKS, {}, {"era": NO_TRIPLETS})["genre"]["era"] == Score()


def test_the_mean_leaves_the_diagonal_and_empty_cells_out() -> None:
    table = {
        "a": {"a": Score(9, 10), "b": Score(6, 10), "c": Score()},
        "b": {"a": Score(4, 8), "b": Score(1, 1), "c": Score(1, 2)},
    }
    assert off_diagonal_mean(table) == pytest.approx((0.6 + 0.5 + 0.5) / 3)
    assert off_diagonal_mean({"a": {"a": Score(1, 1)}}) is None
