from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.sampling.information import (
    binary_entropy,
    information_gain,
    likeness,
    uncertainty,
)


def entropy(p: float) -> float:
    return -sum(q * math.log2(q) for q in (p, 1 - p) if q > 0)


@pytest.fixture
def chances() -> np.ndarray:
    return np.random.default_rng(0).random((50, 7))


def test_entropy_is_in_bits_and_none_at_certainty() -> None:
    p = [0.0, 0.1, 0.25, 0.5, 0.9, 1.0]
    assert binary_entropy(np.array(p)) == pytest.approx([entropy(q) for q in p], abs=1e-9)


def test_uncertainty_and_gain_agree_with_a_plain_loop(chances: np.ndarray) -> None:
    for row, open_, gain in zip(
        chances, uncertainty(chances), information_gain(chances), strict=True
    ):
        mean = sum(row) / len(row)
        assert open_ == pytest.approx(entropy(mean))
        assert gain == pytest.approx(entropy(mean) - sum(map(entropy, row)) / len(row))


def test_gain_is_the_mutual_information_of_answer_and_head(chances: np.ndarray) -> None:
    for row, gain in zip(chances, information_gain(chances), strict=True):
        joint = np.stack([row, 1 - row]) / len(row)
        independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        assert gain == pytest.approx((joint * np.log2(joint / independent)).sum())


def test_a_toss_up_is_open_and_tells_nothing() -> None:
    toss_up, contradiction, agreed = [0.5] * 4, [0.95, 0.95, 0.05, 0.05], [0.95] * 4
    chances = np.array([toss_up, contradiction, agreed])
    assert uncertainty(chances)[0] == uncertainty(chances)[1] == pytest.approx(1)
    assert information_gain(chances)[0] == pytest.approx(0)
    assert information_gain(chances).argmax() == 1


def test_likeness_is_the_squared_correlation(chances: np.ndarray) -> None:
    expected = [np.corrcoef(chances[3], row)[0, 1] ** 2 for row in chances]
    assert likeness(chances, 3) == pytest.approx(expected)
    assert likeness(1 - chances, 3) == pytest.approx(expected)


def test_nothing_is_like_a_triplet_on_which_all_agree() -> None:
    chances = np.array([[0.5, 0.5], [0.2, 0.8]])
    assert likeness(chances, 0) == pytest.approx([0, 0])
