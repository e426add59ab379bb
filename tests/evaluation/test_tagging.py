from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from workbench.errors import WorkbenchError
from workbench.evaluation.scores import Estimate
from workbench.evaluation.tagging import paired_difference, tag_scores


def random_tags(
    seed: int, n: int = 80, tags: int = 6, skill: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Tags of several prevalences and scores with many ties that tell something of them."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, tags)) < rng.uniform(0.1, 0.9, tags)
    truth[0], truth[1] = True, False
    scores = np.round(rng.random((n, tags)) + skill * truth, 1).astype(np.float32)
    return truth, scores


@pytest.mark.parametrize("seed", range(10))
def test_areas_are_those_of_scikit_learn_ties_included(seed: int) -> None:
    truth, scores = random_tags(seed)
    found = tag_scores(truth, scores, draws=0)
    assert found.macro_roc.value == pytest.approx(roc_auc_score(truth, scores, average="macro"))
    expected = average_precision_score(truth, scores, average="macro")
    assert found.macro_pr.value == pytest.approx(expected)
    each = roc_auc_score(truth, scores, average=None)
    np.testing.assert_allclose(found.roc_auc[:, 0], each)


@pytest.mark.parametrize("seed", range(10))
def test_unknown_entries_do_not_count(seed: int) -> None:
    truth, scores = random_tags(seed)
    known = np.random.default_rng(seed).random(truth.shape) < 0.6
    known[:2] = True
    found = tag_scores(truth, np.where(known, scores, np.nan), known, draws=0)
    for tag in range(truth.shape[1]):
        rows = known[:, tag]
        expected = roc_auc_score(truth[rows, tag], scores[rows, tag])
        assert found.roc_auc[tag, 0] == pytest.approx(expected)
        expected = average_precision_score(truth[rows, tag], scores[rows, tag])
        assert found.pr_auc[tag, 0] == pytest.approx(expected)
        assert found.positives[tag] == np.count_nonzero(truth[rows, tag])
        assert found.negatives[tag] == np.count_nonzero(~truth[rows, tag])
    assert found.macro_roc.value == pytest.approx(found.roc_auc[:, 0].mean())


def test_a_tag_that_all_or_no_items_have_is_counted_and_left_out() -> None:
    truth, scores = random_tags(0, tags=4)
    truth[:, 0], truth[:, 3] = True, False
    found = tag_scores(truth, scores, draws=50)
    assert np.isnan(found.roc_auc[[0, 3]]).all()
    assert np.isnan(found.pr_auc[[0, 3]]).all()
    assert found.scored.tolist() == [False, True, True, False]
    expected = roc_auc_score(truth[:, 1:3], scores[:, 1:3], average="macro")
    assert found.macro_roc.value == pytest.approx(expected)
    assert found.pr_floor == pytest.approx(truth[:, 1:3].mean())
    assert (found.as_dict()["tags"], found.as_dict()["tags_left_out"]) == (2, 2)


def test_nothing_to_score_is_no_number_rather_than_zero() -> None:
    found = tag_scores(np.zeros((3, 2), bool), np.zeros((3, 2)))
    assert np.isnan(found.macro_roc.value)
    assert found.as_dict()["macro_pr_auc"] == {
        "value": None,
        "low": None,
        "high": None,
        "floor": None,
    }
    assert str(found.macro_roc) == "nothing to score"
    empty = tag_scores(np.zeros((0, 2), bool), np.zeros((0, 2)))
    assert empty.items == 0


def test_the_table_names_tags_and_gives_the_floor_beside_pr_auc() -> None:
    truth, scores = random_tags(1, tags=2)
    table = tag_scores(truth, scores, names=[("genre", "jazz"), ("mood", "calm")]).table()
    assert table["value"].tolist() == ["jazz", "calm"]
    np.testing.assert_allclose(table["prevalence"], truth.mean(axis=0))
    assert (table["roc_low"] <= table["roc_auc"]).all()
    assert (table["roc_auc"] <= table["roc_high"]).all()


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    truths, inside = [], 0
    for _ in range(100):
        truth = rng.random((120, 1)) < 0.5
        scores = rng.normal(size=(120, 1)) + truth
        estimate = tag_scores(truth, scores, draws=300, seed=int(rng.integers(1000))).macro_roc
        inside += estimate.low <= 0.7602 <= estimate.high  # Phi(1 / sqrt 2)
        truths.append(estimate.value)
    assert np.mean(truths) == pytest.approx(0.7602, abs=0.02)
    assert 87 <= inside <= 100


def test_artists_whose_items_are_alike_make_intervals_wider() -> None:
    truth, scores = random_tags(2, n=40)
    truth, scores = np.repeat(truth, 5, axis=0), np.repeat(scores, 5, axis=0)
    artists = np.repeat(np.arange(40).astype(str), 5)
    single = tag_scores(truth, scores).macro_roc
    grouped = tag_scores(truth, scores, groups=artists)
    assert grouped.macro_roc.value == single.value
    assert grouped.groups == 40
    wider = (grouped.macro_roc.high - grouped.macro_roc.low) / (single.high - single.low)
    assert wider == pytest.approx(np.sqrt(5), rel=0.2)


def test_items_of_no_artist_stand_alone_and_one_artist_says_nothing() -> None:
    truth, scores = random_tags(3)
    nobody = tag_scores(truth, scores, groups=np.full(len(truth), ""))
    assert nobody.macro_roc == tag_scores(truth, scores).macro_roc
    one = tag_scores(truth, scores, groups=np.full(len(truth), "Ada")).macro_roc
    assert np.isfinite(one.value)
    assert np.isnan([one.low, one.high]).all()


def test_the_same_seed_gives_the_same_interval() -> None:
    truth, scores = random_tags(4)
    assert tag_scores(truth, scores, seed=7).macro_pr == tag_scores(truth, scores, seed=7).macro_pr
    assert tag_scores(truth, scores, seed=7).macro_pr != tag_scores(truth, scores, seed=8).macro_pr


def test_models_are_compared_on_the_same_draws() -> None:
    truth, worse = random_tags(5, n=150)
    better = worse + 0.1 * truth
    gain = paired_difference(truth, better, worse)
    apart = tag_scores(truth, better).macro_roc.value - tag_scores(truth, worse).macro_roc.value
    assert gain.macro_roc.value == pytest.approx(apart)
    assert gain.macro_roc.low > 0
    single = tag_scores(truth, worse).macro_roc
    assert gain.macro_roc.high - gain.macro_roc.low < (single.high - single.low) / 2
    same = paired_difference(truth, worse, worse)
    assert same.macro_pr == Estimate(0.0, 0.0, 0.0)


def test_what_cannot_be_scored_is_said_in_a_sentence() -> None:
    truth, scores = random_tags(6)
    with pytest.raises(WorkbenchError, match="one shape"):
        tag_scores(truth, scores[:, :2])
    with pytest.raises(WorkbenchError, match="no number"):
        tag_scores(truth, np.where(truth, np.nan, scores))
    with pytest.raises(WorkbenchError, match="one group per item"):
        tag_scores(truth, scores, groups=np.array(["a"]))
    with pytest.raises(WorkbenchError, match="names"):
        tag_scores(truth, scores, names=[("genre", "jazz")])


def test_fifty_tags_of_five_hundred_items_take_seconds() -> None:
    truth, scores = random_tags(7, n=500, tags=50)
    begun = time.process_time()
    tag_scores(truth, scores, draws=1000)
    assert time.process_time() - begun < 5
