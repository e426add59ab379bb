from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from workbench.subspaces.heads import Parameters, apply_head, widen_to_mlp
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets
from workbench.training.fit import (
    TEMPERATURE,
    Problem,
    Pull,
    fit_heads,
    item_folds,
    seen_and_unseen,
)

N, WIDTH, DIM = 8, 5, 3
rng = np.random.default_rng(0)
X = rng.normal(size=(N, WIDTH)).astype(np.float32)
START = {"weight": rng.normal(size=(DIM, WIDTH)).astype(np.float32)}


def random_triplets(count: int, seed: int) -> Triplets:
    """Triplets whose shares are those of raters who weigh the columns in another way."""
    chance = np.random.default_rng(seed)
    rows = np.array([chance.choice(N, 3, replace=False) for _ in range(count)])
    y = X * [2.0, 1.0, 0.5, 1.5, 0.7] @ START["weight"].T
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    to_a, to_b = (((y[rows[:, 0]] - y[rows[:, i]]) ** 2).sum(axis=1) for i in (1, 2))
    return Triplets(rows, (1 / (1 + np.exp(to_a - to_b))).astype(np.float32))


JUDGED, TAGGED = random_triplets(12, 1), random_triplets(9, 2)
VOTES = np.random.default_rng(3).integers(0, 3, 12).astype(np.float32)


def problem(fits: int = 1, *, votes: np.ndarray = VOTES) -> Problem:
    return Problem(X, JUDGED, TAGGED, np.tile(votes, (fits, 1)), np.ones((fits, len(TAGGED))))


def naive_data_loss(weight: np.ndarray) -> float:
    """Triplet by triplet: how badly the head's distances say what raters and tags say."""

    def place(item: int) -> np.ndarray:
        y = weight.astype(float) @ X[item].astype(float)
        return y / math.sqrt(float(y @ y))

    def surprise(triplets: Triplets, votes: np.ndarray) -> float:
        total = 0.0
        for (anchor, a, b), share, vote in zip(triplets.rows, triplets.share, votes, strict=True):
            to_a = float(((place(anchor) - place(a)) ** 2).sum())
            to_b = float(((place(anchor) - place(b)) ** 2).sum())
            for_a, for_b = (math.log1p(math.exp(s * TEMPERATURE * (to_a - to_b))) for s in (1, -1))
            total += float(vote) * (float(share) * for_a + (1 - float(share)) * for_b)
        return total / float(votes.sum())

    return surprise(JUDGED, VOTES) + 0.3 * surprise(TAGGED, np.ones(len(TAGGED)))


def test_the_loss_is_that_of_a_loop_over_triplets() -> None:
    told: list[float] = []
    fit_heads(
        "linear", START, problem(), [Pull()], steps=1, on_step=lambda *step: told.append(step[2])
    )
    assert told[0] == pytest.approx(naive_data_loss(START["weight"]), rel=1e-5)


def numerical_gradient(loss: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    gradient = np.zeros_like(at, dtype=float)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at, dtype=float)
        nudge[index] = 1e-5
        gradient[index] = (loss(at + nudge) - loss(at - nudge)) / 2e-5
    return gradient


def test_the_first_step_goes_down_the_gradient_of_the_loss() -> None:
    """Adam's first step has one length for all numbers: only its direction tells."""
    fitted = fit_heads("linear", START, problem(), [Pull(weights=1.0)], steps=1)["weight"][0]
    gradient = numerical_gradient(naive_data_loss, START["weight"].astype(float))
    clear = np.abs(gradient) > 1e-3 * np.abs(gradient).max()
    assert clear.sum() >= 12
    steps = START["weight"] - fitted
    np.testing.assert_array_equal(np.sign(steps[clear]), np.sign(gradient[clear]))


def naive_loss(pull: Pull) -> Callable[[np.ndarray], float]:
    start = START["weight"].astype(float)

    def of_weights(flat: np.ndarray) -> float:
        weight = flat.reshape(start.shape)
        moved = ((weight - start) ** 2).sum() / (start**2).sum()
        return naive_data_loss(weight) + pull.weights * moved

    def of_gains(gains: np.ndarray) -> float:
        return naive_data_loss(start * np.exp(gains)) + pull.gains * (gains**2).mean()

    return of_weights if math.isfinite(pull.weights) else of_gains


@pytest.mark.parametrize("pull", [Pull(weights=1.0), Pull(gains=0.3)])
def test_the_fit_finds_the_minimum_that_another_optimiser_finds(pull: Pull) -> None:
    loss, start = naive_loss(pull), START["weight"].astype(float)
    by_gains = math.isfinite(pull.gains)
    best = minimize(loss, np.zeros(WIDTH) if by_gains else start.ravel(), method="L-BFGS-B")
    fitted = fit_heads("linear", START, problem(), [pull], steps=1000)["weight"][0].astype(float)
    found = np.log(np.mean(fitted / start, axis=0)) if by_gains else fitted.ravel()
    assert loss(found) == pytest.approx(best.fun, abs=5e-4)
    assert best.fun < loss(np.zeros(WIDTH) if by_gains else start.ravel()) - 0.02


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_what_may_not_move_stays_and_gains_are_the_same_for_every_row(kind: str) -> None:
    start: Parameters = dict(START)
    if kind == "mlp":
        start = widen_to_mlp(START["weight"], np.random.default_rng(0))
    held, by_gains = (
        {k: v[0] for k, v in fit_heads(kind, start, problem(), [pull]).items()}
        for pull in (Pull(), Pull(gains=0.1))
    )
    for name, array in start.items():
        np.testing.assert_array_equal(held[name], array)
    ratio = by_gains["weight"] / start["weight"]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape), rtol=1e-4)
    assert np.ptp(ratio[0]) > 0.05


@pytest.mark.parametrize("way", ["weights", "gains"])
def test_a_stronger_pull_keeps_the_head_nearer_to_its_start(way: str) -> None:
    pulls = [Pull(**{way: strength}) for strength in (0.1, 1.0, 10.0, 100.0, 1e6)]
    fitted = fit_heads("linear", START, problem(len(pulls)), pulls, steps=400)["weight"]
    moved = [float(np.linalg.norm(w - START["weight"])) for w in fitted]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0.1
    assert moved[-1] < 0.005 * np.linalg.norm(START["weight"])


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_fits_side_by_side_equal_the_same_fits_alone(kind: str) -> None:
    start: Parameters = dict(START)
    if kind == "mlp":
        start = widen_to_mlp(START["weight"], np.random.default_rng(0))
    pulls = [Pull(weights=1.0), Pull(gains=0.3), Pull(weights=10.0)]
    votes = np.random.default_rng(5).integers(0, 3, (3, 12)).astype(np.float32)
    tags = np.random.default_rng(6).integers(0, 2, (3, 9)).astype(np.float32)
    together = fit_heads(kind, start, Problem(X, JUDGED, TAGGED, votes, tags), pulls)
    for i, pull in enumerate(pulls):
        mine = Problem(X, JUDGED, TAGGED, votes[i : i + 1], tags[i : i + 1])
        alone = fit_heads(kind, start, mine, [pull])
        for name in start:
            np.testing.assert_allclose(together[name][i], alone[name][0], atol=2e-3)


def test_triplets_of_weight_zero_teach_nothing() -> None:
    rows = np.array([[0, 1, 2], [3, 4, 5]])
    both = Triplets(rows, np.array([1.0, 1.0], np.float32))
    first = both.subset(np.array([True, False]))
    empty = np.zeros((1, 0))
    weighted, single = (
        fit_heads("linear", START, Problem(X, t, NO_TRIPLETS, w, empty), [Pull(weights=1.0)])
        for t, w in ((both, np.array([[2.0, 0.0]])), (first, np.array([[1.0]])))
    )
    np.testing.assert_allclose(weighted["weight"], single["weight"], atol=1e-5)


def test_evenly_split_raters_draw_the_candidates_to_one_distance() -> None:
    """A soft label is a place to come to rest, not a direction to run away in."""
    rows = np.repeat([[0, 1, 2]], 3, axis=0)
    each = Problem(
        X,
        Triplets(rows, np.array([0.5, 0.75, 1.0], np.float32)),
        NO_TRIPLETS,
        np.eye(3),
        np.zeros((3, 0)),
    )
    fitted = fit_heads("linear", START, each, [Pull(weights=0.001)] * 3, steps=1000)
    y = apply_head("linear", fitted, X)
    to_a, to_b = (((y[:, 0] - y[:, i]) ** 2).sum(axis=1) for i in (1, 2))
    margins = dict(zip((0.5, 0.75, 1.0), to_b - to_a, strict=True))
    assert margins[0.5] == pytest.approx(0, abs=0.01)
    assert margins[0.75] == pytest.approx(math.log(3) / TEMPERATURE, abs=0.02)
    assert margins[1.0] > 2 * margins[0.75]


def test_many_items_and_few_give_the_same_loss() -> None:
    """Cosines come from one product of all items or from gathered rows, whichever costs less."""
    told: dict[int, float] = {}
    for extra in (0, 500):
        x = np.vstack([X, np.random.default_rng(9).normal(size=(extra, WIDTH))]).astype(np.float32)
        larger = Problem(x, JUDGED, TAGGED, VOTES[None], np.ones((1, len(TAGGED))))

        def note(step: int, of: int, loss: float, y: np.ndarray, extra: int = extra) -> None:
            told.setdefault(extra, loss)

        fit_heads("linear", START, larger, [Pull()], steps=1, on_step=note)
    assert told[500] == pytest.approx(told[0], rel=1e-5)


def test_fitting_leaves_the_number_of_threads_as_it_was() -> None:
    before = torch.get_num_threads()
    fit_heads("linear", START, problem(), [Pull(gains=1.0)], steps=2)
    assert torch.get_num_threads() == before


def test_a_step_that_raises_ends_the_fit() -> None:
    def stop(step: int, *_: object) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_heads("linear", START, problem(), [Pull(gains=1.0)], on_step=stop)


def test_folds_keep_groups_whole_and_are_about_equal() -> None:
    groups = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 8, 30))
    folds = item_folds(groups, 3, np.random.default_rng(0))
    for group in range(30):
        assert len(set(folds[groups == group])) == 1
    sizes = np.bincount(folds, minlength=3)
    assert np.ptp(sizes) <= 7


def test_folds_depend_on_chance_and_one_seed_gives_one_deal() -> None:
    groups = np.arange(30)
    deals = [item_folds(groups, 3, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(deals[0], deals[1])
    assert not np.array_equal(deals[0], deals[2])
    assert np.bincount(deals[0]).tolist() == [10, 10, 10]


def test_triplets_are_seen_unseen_or_neither_as_a_loop_says() -> None:
    folds = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    triplets = random_triplets(200, 4)
    for fold in range(3):
        seen, unseen = seen_and_unseen(triplets, folds, fold)
        for i, row in enumerate(triplets.rows):
            held_out = sum(int(folds[item] == fold) for item in row)
            assert seen[i] == (held_out == 0)
            assert unseen[i] == (held_out == 3)
        assert seen.any()


def test_how_many_cores_share_the_fits_changes_nothing() -> None:
    pulls = [Pull(weights=1.0), Pull(gains=0.3)] * 5
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(fit_heads("linear", START, problem(len(pulls)), pulls)["weight"])
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
