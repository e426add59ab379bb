from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from workbench.evaluation.scores import (
    Score,
    compare,
    count_right,
    grouped_p_value,
    holm,
    paired_difference,
    paired_p_value,
)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (7, 19), (357, 426)])
def test_intervals_are_wilsons(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert Score(k, n).interval == pytest.approx((expected.low, expected.high), abs=1e-9)
    low, high = Score(k, n).interval or (None, None)
    assert 0 <= low <= k / n <= high <= 1


def test_nothing_asked_has_no_score() -> None:
    empty = Score()
    assert empty.value is None
    assert empty.interval is None
    assert str(empty) == "no triplets"
    assert empty.as_dict() == {"k": 0, "n": 0, "score": None, "low": None, "high": None}


def test_scores_add_up() -> None:
    assert Score(3, 5) + Score(1, 4) == Score(4, 9)
    assert sum([Score(3, 5), Score(1, 4)], Score()) == Score(4, 9)


def test_a_score_reads_as_people_write_it() -> None:
    assert str(Score(357, 426)) == "0.838 [0.800, 0.870] (357/426)"


def test_right_answers_are_counted() -> None:
    assert count_right(np.array([True, False, True])) == Score(2, 3)
    assert count_right(np.zeros(0, bool)) == Score()


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (12, 5), (300, 250), (1400, 1500)])
def test_paired_p_values_are_those_of_the_binomial(gained: int, lost: int) -> None:
    first = np.r_[np.zeros(gained, bool), np.ones(lost, bool), True]
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert paired_p_value(first, ~first | np.r_[np.zeros(gained + lost, bool), True]) == (
        pytest.approx(expected)
    )


def test_intervals_of_differences_hold_what_they_promise() -> None:
    """Two models drawn again and again: 95 % of the intervals hold the true difference."""
    rng = np.random.default_rng(0)
    cells = [0.5, 0.08, 0.2, 0.22]  # both right, only the first, only the second, neither
    drawn = rng.choice(4, size=(2000, 40), p=cells)
    held = 0
    for row in drawn:
        found = paired_difference((row == 0) | (row == 1), (row == 0) | (row == 2))
        held += found.low <= 0.12 <= found.high
        assert found.low <= found.value <= found.high
    assert 0.93 < held / len(drawn) < 0.98
    assert np.isnan(paired_difference(np.zeros(0, bool), np.zeros(0, bool)).value)


def test_models_are_compared_by_the_triplets_on_which_they_differ() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random(200) < 0.6, rng.random(200) < 0.75
    only_second = sum(bool(s and not f) for f, s in zip(first, second, strict=True))
    only_first = sum(bool(f and not s) for f, s in zip(first, second, strict=True))
    expected = binomtest(only_second, only_first + only_second, 0.5).pvalue
    assert paired_p_value(first, second) == pytest.approx(expected)
    assert paired_p_value(second, first) == pytest.approx(expected)
    assert expected < 0.05


def test_equal_models_do_not_differ() -> None:
    right = np.array([True, False, True])
    assert paired_p_value(right, right) == 1.0


def test_a_comparison_says_what_is_gained_and_lost() -> None:
    first = np.array([True, True, False, False, False])
    second = np.array([True, False, True, True, False])
    assert compare(first, second) == {"n": 5, "gained": 2, "lost": 1, "p": 1.0}
    grouped = compare(first, second, groups=np.arange(5))
    assert grouped["p_grouped"] == 1.0


@pytest.mark.parametrize("groups", [4, 9])
def test_the_grouped_test_tries_every_pattern_of_signs(groups: int) -> None:
    rng = np.random.default_rng(groups)
    first, second = rng.random(60) < 0.5, rng.random(60) < 0.7
    group = rng.integers(0, groups, 60)
    gains = [int((second.astype(int) - first)[group == g].sum()) for g in range(groups)]
    patterns = list(product((-1, 1), repeat=groups))
    extreme = sum(
        abs(sum(s * g for s, g in zip(signs, gains, strict=True))) >= abs(sum(gains))
        for signs in patterns
    )
    assert grouped_p_value(first, second, group) == pytest.approx(extreme / len(patterns))


def test_with_many_groups_of_one_the_grouped_test_is_mcnemars() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random(200) < 0.6, rng.random(200) < 0.7
    found = grouped_p_value(first, second, np.arange(200))
    assert found == pytest.approx(paired_p_value(first, second), abs=0.02)


def test_copies_of_a_triplet_convince_mcnemar_and_not_the_grouped_test() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random(12) < 0.4, rng.random(12) < 0.8
    many = [np.repeat(x, 20) for x in (first, second, np.arange(12))]
    assert paired_p_value(many[0], many[1]) < 1e-6
    assert grouped_p_value(*many) == grouped_p_value(first, second, np.arange(12)) > 0.005


def test_holm_steps_down() -> None:
    """Computed by hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, 1 x 0.04 raised to the one before."""
    found = holm({"w": 0.03, "x": 0.005, "y": 0.04, "z": 0.01})
    assert list(found) == ["w", "x", "y", "z"]
    assert found == pytest.approx({"x": 0.02, "z": 0.03, "w": 0.06, "y": 0.06})
    assert holm({"a": 0.7, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
