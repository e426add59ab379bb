"""Every combination of subspaces is scored, and the best one is chosen on other items."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from workbench.errors import UnknownNameError
from workbench.evaluation.answers import answers
from workbench.evaluation.combinations import (
    all_combinations,
    best_combination,
    choose_combination,
    combination_answers,
    combination_scores,
    split_triplets,
)
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import Triplets

BLOCKS = {"genre": slice(0, 3), "mood": slice(3, 7), "tempo": slice(7, 9), "key": slice(9, 12)}


def random_vectors(n: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 12)).astype(np.float32)


def random_triplets(n: int, count: int, seed: int = 0) -> Triplets:
    rng = np.random.default_rng(seed)
    rows = np.array([rng.choice(n, 3, replace=False) for _ in range(count)])
    return Triplets(rows, rng.choice([0, 0.25, 0.75, 1], count).astype(np.float32))


@pytest.mark.parametrize("count", range(1, 7))
def test_all_combinations_are_two_to_the_k_less_one(count: int) -> None:
    names = [f"d{i}" for i in range(count)]
    found = all_combinations(names)
    assert len(found) == len(set(found)) == 2**count - 1
    assert {frozenset(c) for c in found} == {
        frozenset(c) for size in range(1, count + 1) for c in combinations(names, size)
    }


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_a_combination_is_its_subspaces_laid_side_by_side(distance: str) -> None:
    vectors, triplets = random_vectors(), random_triplets(30, 200)
    for names, score in combination_scores(vectors, BLOCKS, triplets, distance=distance).items():
        joined = np.concatenate([vectors[:, BLOCKS[name]] for name in names], axis=1)
        right = 0
        for (anchor, a, b), share in zip(triplets.rows, triplets.share, strict=True):
            x, p, q = joined[anchor], joined[a], joined[b]
            if distance == "euclidean":
                nearer = np.sum((x - p) ** 2) < np.sum((x - q) ** 2)
            else:
                nearer = x @ p / np.linalg.norm(p) > x @ q / np.linalg.norm(q)
            right += nearer == (share > 0.5)
        assert score == Score(right, 200)


def test_one_dimension_and_all_of_them_score_as_they_do_alone() -> None:
    vectors, triplets = random_vectors(seed=3), random_triplets(30, 300, seed=3)
    found = combination_answers(vectors, BLOCKS, triplets)
    np.testing.assert_array_equal(found[("mood",)], answers(vectors[:, 3:7], triplets))
    np.testing.assert_array_equal(found[tuple(BLOCKS)], answers(vectors, triplets))


def test_of_equally_good_combinations_the_smallest_is_the_best() -> None:
    scores = {("a",): Score(5, 9), ("b",): Score(6, 9), ("a", "b"): Score(6, 9)}
    assert best_combination(scores) == ("b",)


def test_an_unknown_distance_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no distance 'manhattan'"):
        combination_scores(random_vectors(), BLOCKS, random_triplets(30, 2), distance="manhattan")


def test_halves_share_no_group() -> None:
    groups = np.arange(60) // 2
    triplets = random_triplets(60, 400)
    first, second = split_triplets(triplets, groups, np.random.default_rng(0))
    assert first.any()
    assert second.any()
    assert not (first & second).any()
    assert not set(groups[triplets.rows[first]].flat) & set(groups[triplets.rows[second]].flat)


def test_triplets_that_share_no_items_are_all_used() -> None:
    triplets = Triplets(np.random.default_rng(0).permutation(300).reshape(-1, 3), np.ones(100))
    first, second = split_triplets(triplets, np.arange(300), np.random.default_rng(0))
    assert first.sum() == second.sum() == 50


def test_the_best_of_many_is_lucky_and_the_chosen_one_is_not() -> None:
    """On pure noise the best of fifteen is above chance; chosen on other items it is not."""
    lucky, honest = Score(), Score()
    for seed in range(40):
        vectors = random_vectors(90, seed)
        triplets = Triplets(np.arange(90).reshape(-1, 3), np.ones(30, np.float32))
        found = combination_answers(vectors, BLOCKS, triplets)
        scores = {c: count_right(right) for c, right in found.items()}
        lucky += scores[best_combination(scores)]
        choice = choose_combination(found, triplets, np.arange(90), np.random.default_rng(seed))
        assert choice is not None
        assert choice.score.n + choice.left_out == 30
        honest += choice.score
    assert lucky.interval[0] > 0.55
    assert honest.interval[0] < 0.5 < honest.interval[1]


def test_a_choice_is_made_on_the_other_half() -> None:
    vectors, triplets = random_vectors(60, 1), random_triplets(60, 900, 1)
    groups = np.arange(60)
    found = combination_answers(vectors, BLOCKS, triplets)
    choice = choose_combination(found, triplets, groups, np.random.default_rng(5))
    halves = split_triplets(triplets, groups, np.random.default_rng(5))
    expected = 0
    for chosen_on, scored_on, chosen in zip(halves, halves[::-1], choice.chosen, strict=True):
        best = max(np.count_nonzero(right[chosen_on]) for right in found.values())
        assert np.count_nonzero(found[chosen][chosen_on]) == best
        expected += np.count_nonzero(found[chosen][scored_on])
    assert choice.score == Score(expected, int(sum(half.sum() for half in halves)))
    assert choice.left_out == 900 - choice.score.n


def test_one_group_leaves_nothing_to_choose_by() -> None:
    triplets = random_triplets(30, 20)
    found = combination_answers(random_vectors(), BLOCKS, triplets)
    rng = np.random.default_rng(0)
    assert choose_combination(found, triplets, np.zeros(30, int), rng) is None
