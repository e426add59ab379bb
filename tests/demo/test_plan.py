"""The plans are balanced, and no dimension of the demo stands for another."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats.contingency import association

from workbench.demo.plan import TEMPO_CLASSES, Plan, cramers_v, make_plans
from workbench.demo.recipe import read_recipe

PIECES = read_recipe()
PLANS = make_plans(PIECES, seed=0)


def labels(plans: list[Plan]) -> dict[str, list[str]]:
    return {
        "genre": [plan.piece.genre for plan in plans],
        "era": [plan.piece.era for plan in plans],
        "lead": [plan.lead for plan in plans],
        "companion": [plan.companion for plan in plans],
        "tempo": [str(plan.tempo_class) for plan in plans],
        "key": [plan.key for plan in plans],
        "pace": [str(plan.pace) for plan in plans],
        "dynamic": [plan.dynamic for plan in plans],
    }


def test_cramers_v_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    a = rng.choice(list("abcd"), 200)
    b = np.where(rng.random(200) < 0.5, a, rng.choice(list("xyz"), 200))
    rows, columns = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1), dtype=int)
    np.add.at(table, (rows, columns), 1)
    assert cramers_v(list(a), list(b)) == pytest.approx(association(table, method="cramer"))
    assert cramers_v(["x"] * 5, list("abcde")) == 0.0


def test_a_seed_gives_the_same_plans_and_another_seed_others() -> None:
    assert make_plans(PIECES, seed=0) == PLANS
    assert make_plans(PIECES, seed=1) != PLANS


@pytest.mark.parametrize("seed", [0, 1])
def test_dealt_dimensions_are_no_more_associated_than_by_chance(seed: int) -> None:
    """Against 200 permutations; genre with era, and the two families, are related by design."""
    columns = labels(make_plans(PIECES, seed=seed))
    rng = np.random.default_rng(0)
    related = {("genre", "era"), ("lead", "companion"), ("era", "key")}
    for one, other in combinations(columns, 2):
        if (one, other) in related:
            continue
        a, b = columns[one], columns[other]
        chance = [cramers_v(a, list(rng.permutation(b))) for _ in range(200)]
        assert cramers_v(a, b) <= np.quantile(chance, 0.99), (one, other)


def test_no_dimension_tells_another() -> None:
    """Knowing one value leaves the other open: adjusted mutual information, 0 chance, 1 same."""
    from sklearn.metrics import adjusted_mutual_info_score

    columns = labels(PLANS)
    assert adjusted_mutual_info_score(columns["genre"], columns["era"]) < 0.4
    for one, other in combinations(columns, 2):
        if (one, other) not in {("genre", "era"), ("lead", "companion")}:
            assert adjusted_mutual_info_score(columns[one], columns[other]) < 0.1, (one, other)


def test_every_value_is_shared_by_several_pieces() -> None:
    columns = labels(PLANS)
    families = Counter(f for plan in PLANS for f in {plan.lead, plan.companion})
    assert len(families) >= 8
    assert min(families.values()) >= 6
    assert min(Counter(columns["tempo"]).values()) >= 10
    keys = Counter(key for key in columns["key"] if key)
    assert len(keys) >= 10
    assert min(keys.values()) >= 4


@pytest.mark.parametrize("count", [12, 20, 33])
def test_every_beginning_of_the_recipe_is_balanced(count: int) -> None:
    columns = labels(PLANS[:count])
    assert len(set(columns["genre"])) == 8
    assert len(set(columns["era"])) >= 6
    assert len(set(columns["lead"])) == 10
    for name in ("tempo", "pace", "dynamic", "lead"):
        counts = Counter(columns[name])
        assert max(counts.values()) - min(counts.values()) <= 2, name


def test_tempi_of_a_class_are_neighbours_and_those_of_two_classes_are_not() -> None:
    tempi = {(plan.tempo_class, plan.tempo_class + plan.shade) for plan in PLANS}
    for (class_a, a), (class_b, b) in combinations(sorted(tempi), 2):
        distance = min(abs(a - b * octave) for octave in (0.5, 1, 2))
        assert (2 * distance <= 5) == (class_a == class_b), (a, b)
    assert len(TEMPO_CLASSES) >= 4


def test_a_piece_keeps_its_mode_in_its_new_key() -> None:
    for plan in PLANS:
        assert plan.key.partition(" ")[2] == plan.piece.mode
