from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from workbench.evaluation.areas import Ranked, drawn_areas


@pytest.mark.parametrize("seed", range(20))
def test_areas_of_counted_items_are_those_of_items_written_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 60))
    truth, scores = rng.random(n) < rng.random(), rng.integers(0, 8, n) / 4
    truth[:2] = [True, False]
    counts = rng.integers(0, 4, size=(n, 7))
    counts[:2] = 1
    found = Ranked(truth, scores, np.arange(n)).areas(counts.astype(float))
    for draw, times in enumerate(counts.T):
        written = np.repeat(np.arange(n), times)
        assert found[0, draw] == pytest.approx(roc_auc_score(truth[written], scores[written]))
        expected = average_precision_score(truth[written], scores[written])
        assert found[1, draw] == pytest.approx(expected)


def test_a_draw_without_positives_or_without_negatives_has_no_area() -> None:
    ranked = Ranked(np.array([True, False, False]), np.array([0.3, 0.2, 0.1]), np.arange(3))
    found = ranked.areas(np.array([[1.0, 0.0, 2.0], [1.0, 2.0, 0.0], [0.0, 1.0, 0.0]]))
    assert np.isfinite(found).all(axis=0).tolist() == [True, False, False]


def test_groups_are_drawn_whole_and_items_of_none_never() -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.random((30, 1)) < 0.5, rng.random((30, 1))
    truth[::5], truth[1::5] = True, False
    known = np.ones((30, 1), bool)
    known[20:] = False
    members = np.where(known[:, 0], np.arange(30) // 5, -1)
    areas = drawn_areas(truth, [scores], known, members, draws=300, seed=1)[0, 0, 1:, 0]
    possible = set()
    for times in np.ndindex(5, 5, 5, 5):
        if sum(times) == 4:
            rows = np.concatenate([np.repeat(np.arange(5) + 5 * g, k) for g, k in enumerate(times)])
            possible.add(round(float(roc_auc_score(truth[rows, 0], scores[rows, 0])), 9))
    assert {round(float(area), 9) for area in areas} <= possible


def test_draws_do_not_depend_on_how_many_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.random((40, 3)) < 0.3, rng.random((40, 3))
    known, members = np.ones((40, 3), bool), np.arange(40)
    whole = drawn_areas(truth, [scores], known, members, draws=25, seed=3)
    monkeypatch.setattr("workbench.evaluation.areas._DRAWN_AT_ONCE", 160)
    parts = drawn_areas(truth, [scores], known, members, draws=25, seed=3)
    np.testing.assert_allclose(parts, whole)
