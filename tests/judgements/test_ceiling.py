"""The human ceiling counts pairs of raters who decided alike, and triplets for its interval."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from workbench.judgements.ceiling import FEWEST_SHARED, Ceiling, human_ceiling, pairs_that_agree

RNG = np.random.default_rng(5)


def log(rows: list[tuple[str, str, int, str]]) -> pd.DataFrame:
    """Return judgements from (rater, dimension, triplet, choice)."""
    table = pd.DataFrame(rows, columns=["rater", "dimension", "anchor_id", "choice"])
    at = pd.date_range("2026-03-01", periods=len(rows), freq="min", tz="UTC")
    return table.assign(a_id=1001, b_id=1002, at=at)


def random_log() -> pd.DataFrame:
    choices = ("a", "b", "cannot_tell", "skip")
    rows = {(r, d, t): str(RNG.choice(choices, p=[0.5, 0.3, 0.1, 0.1]))
            for r in ("Ada", "Ben", "Cid") for d in ("mood", "key") for t in range(40)
            if RNG.random() < 0.7}  # fmt: skip
    return log([(*asked, choice) for asked, choice in rows.items()])


def naive(table: pd.DataFrame, dimension: str) -> tuple[int, int, int]:
    """Count agreeing pairs, pairs, and triplets with a pair, by looking at each."""
    agreeing = pairs = triplets = 0
    own = table[(table["dimension"] == dimension) & table["choice"].isin(["a", "b"])]
    for _, rows in own.groupby("anchor_id"):
        found = [x == y for x, y in combinations(rows["choice"], 2)]
        agreeing, pairs, triplets = agreeing + sum(found), pairs + len(found), triplets + any(
            True for _ in found)  # fmt: skip
    return agreeing, pairs, triplets


def test_ceiling_counts_every_pair_that_decided():
    table = random_log()
    found = human_ceiling(table)
    assert set(found) == {"mood", "key"}
    for dimension, ceiling in found.items():
        assert (ceiling.k, ceiling.n, ceiling.triplets) == naive(table, dimension)


def test_interval_counts_triplets_so_that_many_raters_of_few_say_little():
    three_raters = Ceiling(k=48, n=60, triplets=20).as_dict()
    wilson = binomtest(16, 20).proportion_ci(method="wilson")  # the same share of the triplets
    assert (three_raters["low"], three_raters["high"]) == pytest.approx((wilson.low, wilson.high))
    assert three_raters["score"] == 0.8


def test_who_cannot_tell_agrees_with_nobody():
    rows = [(rater, "mood", t, "cannot_tell") for rater in ("Ada", "Ben") for t in range(20)]
    found = human_ceiling(log(rows))["mood"]
    assert found == Ceiling(0, 0, 0)
    assert found.as_dict()["score"] is None


def test_few_shared_triplets_are_no_ceiling():
    assert not Ceiling(k=9, n=9, triplets=FEWEST_SHARED - 1).known
    assert Ceiling(k=9, n=10, triplets=FEWEST_SHARED).known


def test_nobody_judged_is_no_ceiling():
    assert human_ceiling(log([])) == {}


def test_pairs_of_three_raters_are_three():
    assert pairs_that_agree(np.array([[0, 0, 1], [1, -1, 2]])).as_dict()["n"] == 3
