from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.stats import binomtest

from workbench.evaluation import scores
from workbench.evaluation.scores import Score, count_right, paired_p_value


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


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(scores)
    assert result.attempted > 0
    assert result.failed == 0
