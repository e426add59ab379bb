from __future__ import annotations

import numpy as np
import pytest

from workbench.subspaces.heads import apply_head
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets
from workbench.training.posterior import chance_of_a, fit_gains, margins_and_slopes


@pytest.fixture
def weight() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 6)).astype(np.float32)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(20, 6)).astype(np.float32)


def triplets(count: int, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(20)[:3] for _ in range(count)])


def margins(
    weight: np.ndarray, x: np.ndarray, log_gains: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Differences of squared distances, by the definition and in double precision."""
    head = {"weight": weight.astype(float) * np.exp(log_gains)}
    anchor, a, b = apply_head("linear", head, x.astype(float))[rows].transpose(1, 0, 2)
    return ((anchor - b) ** 2).sum(1) - ((anchor - a) ** 2).sum(1)


def test_slopes_are_the_derivatives_of_the_margins(weight: np.ndarray, x: np.ndarray) -> None:
    rows, gains = triplets(15), np.random.default_rng(3).normal(scale=0.4, size=6)
    margin, slope = margins_and_slopes(weight, x, gains, rows)
    assert margin == pytest.approx(margins(weight, x, gains, rows), abs=1e-5)
    for column in range(6):
        step = 1e-5 * np.eye(6)[column]
        up, down = (margins(weight, x, gains + s, rows) for s in (step, -step))
        assert slope[:, column] == pytest.approx((up - down) / 2e-5, abs=1e-4)


def test_without_answers_gains_are_as_uncertain_as_before(
    weight: np.ndarray, x: np.ndarray
) -> None:
    found = fit_gains(weight, x, NO_TRIPLETS, np.zeros(0), spread=0.5)
    drawn = found.draw(4000, np.random.default_rng(4))
    assert drawn.shape == (4000, 6)
    assert drawn.mean(0) == pytest.approx(np.zeros(6), abs=0.04)
    assert np.cov(drawn.T) == pytest.approx(0.25 * np.eye(6), abs=0.03)


def test_draws_have_the_covariance_that_the_root_stands_for(
    weight: np.ndarray, x: np.ndarray
) -> None:
    rows = triplets(30)
    asked = Triplets(rows, (margins(weight, x, np.zeros(6), rows) > 0).astype(np.float32))
    found = fit_gains(weight, x, asked, np.ones(30))
    drawn = found.draw(6000, np.random.default_rng(5))
    assert drawn.mean(0) == pytest.approx(found.mean, abs=0.05)
    expected = np.linalg.inv(found.root @ found.root.T)
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.05 * expected.max())


def test_the_best_gains_cannot_be_bettered(weight: np.ndarray, x: np.ndarray) -> None:
    """The loss, written out: errors, soft answers and votes included."""
    rows, rng = triplets(60), np.random.default_rng(6)
    share = rng.choice([0.0, 0.5, 1.0], 60).astype(np.float32)
    votes = rng.integers(1, 4, 60).astype(np.float32)

    def loss(gains: np.ndarray) -> float:
        p = chance_of_a(margins(weight, x, gains, rows))
        likelihood = share * np.log(p) + (1 - share) * np.log(1 - p)
        return float(-(votes * likelihood).sum() + (gains**2).sum() / (2 * 0.6**2))

    best = fit_gains(weight, x, Triplets(rows, share), votes, spread=0.6).mean
    assert loss(best) < loss(np.zeros(6))
    for _ in range(50):
        assert loss(best) <= loss(best + rng.normal(scale=0.1, size=6)) + 0.02


def test_what_a_rater_attends_to_is_found_although_one_answer_in_ten_is_wrong(
    weight: np.ndarray, x: np.ndarray
) -> None:
    rows, rng = triplets(600), np.random.default_rng(7)
    emphasis = np.array([1.0, -1.0, 0.5, 0.0, -0.5, 0.8])
    heard = margins(weight, x, emphasis, rows) > 0
    answers = (heard ^ (rng.random(600) < 0.1)).astype(np.float32)
    found = fit_gains(weight, x, Triplets(rows, answers), np.ones(600), spread=1.0).mean
    assert np.corrcoef(found, emphasis)[0, 1] > 0.95


def test_more_answers_leave_less_open(weight: np.ndarray, x: np.ndarray) -> None:
    spreads = []
    for count in (0, 50, 500):
        rows = triplets(count, 8) if count else np.zeros((0, 3), np.int64)
        share = (margins(weight, x, np.zeros(6), rows) > 0).astype(np.float32)
        found = fit_gains(weight, x, Triplets(rows, share), np.ones(count))
        spreads.append(np.trace(np.linalg.inv(found.root @ found.root.T)))
    assert spreads[0] > spreads[1] > spreads[2]


def test_a_rater_who_errs_is_never_certain() -> None:
    assert chance_of_a(np.array([-9.0, 0.0, 9.0]), error=0.1) == pytest.approx([0.1, 0.5, 0.9])
