from __future__ import annotations

import itertools
import math
from itertools import product

import numpy as np
import pandas as pd
import pytest

from workbench.errors import WorkbenchError
from workbench.evaluation.scores import Score
from workbench.judgements.agreement import (
    agreement_by_dimension,
    agreement_table,
    agreement_with_others,
    bootstrap_interval,
    evaluate,
    krippendorff_alpha,
    majority_share,
)
from workbench.judgements.answer_table import AnswerTable
from workbench.judgements.consensus import dawid_skene


def coders(*rows: str) -> np.ndarray:
    """Labels as papers print them: a line per rater, a star where one gave none."""
    table = [[-1 if mark == "*" else int(mark) - 1 for mark in row.split()] for row in rows]
    return np.array(table).T


# The worked examples of Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), and of
# the article on it in Wikipedia.
THREE = coders(
    "* * * * * 3 4 1 2 1 1 3 3 * 3",
    "1 * 2 1 3 3 4 3 * * * * * * *",
    "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
)
FOUR = coders(
    "1 2 3 3 2 1 4 1 2 * * *",
    "1 2 3 3 2 2 4 1 2 5 * 3",
    "* 3 3 3 2 3 4 2 2 5 1 *",
    "1 2 3 3 2 4 4 1 2 5 1 *",
)


@pytest.mark.parametrize(("labels", "published"), [(THREE, 0.691), (FOUR, 0.743)])
def test_alpha_is_the_published_one(labels: np.ndarray, published: float) -> None:
    assert krippendorff_alpha(labels) == pytest.approx(published, abs=5e-4)


def some_labels(seed: int, tasks: int = 12, raters: int = 5, kinds: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1, kinds, (tasks, raters))


def naive_alpha(labels: np.ndarray) -> float:
    """One minus observed over expected disagreement, pair by pair."""
    units = [[v for v in row if v >= 0] for row in labels.tolist()]
    units = [unit for unit in units if len(unit) > 1]
    values = [v for unit in units for v in unit]
    observed = sum(
        sum(x != y for x, y in itertools.permutations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(values)
    pairs = list(itertools.permutations(values, 2))
    return 1 - observed / (sum(x != y for x, y in pairs) / len(pairs))


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_a_loop_over_pairs(seed: int) -> None:
    labels = some_labels(seed)
    assert krippendorff_alpha(labels) == pytest.approx(naive_alpha(labels))


def test_alpha_is_one_for_twins_and_about_zero_for_dice() -> None:
    twin = some_labels(0, 200, 1, 2)
    assert krippendorff_alpha(np.hstack([twin, twin])) == pytest.approx(1.0)
    dice = np.random.default_rng(0).integers(0, 2, (2000, 3))
    assert krippendorff_alpha(dice) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((0, 3), int),
        np.zeros((4, 0), int),
        np.full((4, 2), -1),
        np.array([[0, -1], [-1, 1]]),
        np.ones((4, 2), int),
    ],
)
def test_where_nothing_can_disagree_there_is_no_alpha(labels: np.ndarray) -> None:
    assert krippendorff_alpha(labels) is None
    assert bootstrap_interval(labels, krippendorff_alpha, draws=20) is None
    dawid_skene(labels)
    agreement_with_others(labels)


def test_the_majority_share_counts_tasks_of_two_raters_and_more() -> None:
    labels = np.array([[0, 0, 1], [1, 1, -1], [2, -1, -1], [0, 1, 2]])
    assert majority_share(labels) == pytest.approx((2 / 3 + 1 + 1 / 3) / 3)
    assert majority_share(labels[2:3]) is None


def simulated(accuracy: list[float], tasks: int, *, answered: float = 0.7) -> tuple:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, tasks)
    right = rng.random((tasks, len(accuracy))) < np.array(accuracy)
    labels = np.where(right, truth[:, None], 1 - truth[:, None])
    return np.where(rng.random(labels.shape) < answered, labels, -1), truth


def test_a_rater_is_compared_with_what_most_others_say() -> None:
    labels = np.array([[0, 0, 0], [1, 0, 0], [0, 1, -1], [0, 0, 1], [-1, 1, 1]])
    # For the first rater: 0 of 00, 0 of 00, 1 alone, a tie of 0 and 1.
    assert agreement_with_others(labels)[0] == Score(1, 3)
    assert agreement_with_others(labels)[2] == Score(2, 3)


@pytest.mark.parametrize("by", ["task", "rater"])
def test_the_bootstrap_holds_the_value_and_narrows_with_more(by: str) -> None:
    labels, _ = simulated([0.95, 0.65] * 12, 400, answered=1.0)
    few = labels[:40] if by == "task" else labels[:, :6]
    value = krippendorff_alpha(labels)
    low, high = bootstrap_interval(labels, krippendorff_alpha, by=by, draws=200)
    assert low < value < high
    wide = bootstrap_interval(few, krippendorff_alpha, by=by, draws=200)
    assert wide[1] - wide[0] > 1.3 * (high - low)


def test_the_interval_over_raters_is_as_wide_as_the_spread_of_fresh_raters() -> None:
    rng = np.random.default_rng(0)
    skills = rng.uniform(0.6, 0.95, 400)
    labels, _ = simulated(skills.tolist(), 300, answered=1.0)
    fresh = [krippendorff_alpha(part) for part in np.split(labels, 40, axis=1)]
    widths = []
    for part in np.split(labels, 40, axis=1)[:8]:
        low, high = bootstrap_interval(part, krippendorff_alpha, by="rater", draws=200)
        widths.append(high - low)
    assert np.mean(widths) / (4 * np.std(fresh)) == pytest.approx(1.0, abs=0.35)


def test_three_raters_say_nothing_of_others() -> None:
    labels, _ = simulated([0.8] * 3, 50)
    assert bootstrap_interval(labels, krippendorff_alpha, by="rater") is None


def test_the_bootstrap_over_tasks_is_as_wide_as_the_spread_of_fresh_samples() -> None:
    labels, _ = simulated([0.8] * 3, 20000, answered=1.0)
    fresh = [majority_share(part) for part in np.split(labels, 100)]
    low, high = bootstrap_interval(labels[:200], majority_share, draws=400)
    assert (high - low) / (4 * np.std(fresh)) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("labels", [np.zeros(3, int), np.zeros((2, 2)), np.full((2, 2), -2)])
def test_what_is_no_table_of_labels_is_refused(labels: np.ndarray) -> None:
    with pytest.raises(WorkbenchError, match=r"whole numbers|numbered from 0"):
        krippendorff_alpha(labels)


def test_no_judgements_are_an_empty_table() -> None:
    found = evaluate(AnswerTable(np.zeros((0, 0), int), [], []), draws=5)
    assert (found["tasks"], found["answers"], found["alpha"], found["raters"]) == (0, 0, None, {})


def test_everything_at_once_is_plain_numbers() -> None:
    labels, _ = simulated([0.9, 0.9, 0.5], 100)
    names = ["Ada", "Bo", "Cy"]
    found = evaluate(AnswerTable(labels, [("genre", i, 0, 0) for i in range(100)], names), draws=50)
    assert found["answers"] == int((labels >= 0).sum())
    assert found["shared_tasks"] == int(((labels >= 0).sum(1) > 1).sum())
    assert found["alpha_by_task"][0] < found["alpha"] < found["alpha_by_task"][1]
    assert found["raters"]["Cy"]["accuracy"] < found["raters"]["Ada"]["accuracy"]
    assert found["raters"]["Ada"]["agreement"]["n"] > 30
    assert all(math.isfinite(rater["accuracy"]) for rater in found["raters"].values())


def test_table_in_short_says_what_the_long_one_does() -> None:
    rng = np.random.default_rng(4)
    asked = product(("Ada", "Ben"), ("mood", "key"), range(40))
    rows = [(*each, str(rng.choice(["a", "b"], p=[0.8, 0.2]))) for each in asked]
    table = pd.DataFrame(rows, columns=["rater", "dimension", "anchor_id", "choice"])
    at = pd.date_range("2026-03-01", periods=len(rows), freq="min", tz="UTC")
    table = table.assign(a_id=1001, b_id=1002, at=at)
    short, long = agreement_table(table, draws=400), agreement_by_dimension(table, draws=400)
    for name in ("mood", "key"):
        assert short.loc[name, "alpha"] == pytest.approx(long[name]["alpha"])
        low, high = long[name]["alpha_by_task"]
        assert short.loc[name, "alpha_low"] == pytest.approx(low)
        assert short.loc[name, "alpha_high"] == pytest.approx(high)
        wide = table[table["dimension"] == name].pivot(
            index="anchor_id", columns="rater", values="choice"
        )
        assert short.loc[name, "same"] == (wide["Ada"] == wide["Ben"]).mean()
        assert short.loc[name, "triplets"] == 40
