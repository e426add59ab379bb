from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from workbench.errors import WorkbenchError
from workbench.judgements.consensus import agreed_triplets, dawid_skene, soft_labels


def some_labels(seed: int, tasks: int = 12, raters: int = 5, kinds: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1, kinds, (tasks, raters))


def simulated(
    accuracy: list[float], tasks: int, *, answered: float = 0.7, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, tasks)
    right = rng.random((tasks, len(accuracy))) < np.array(accuracy)
    labels = np.where(right, truth[:, None], 1 - truth[:, None])
    return np.where(rng.random(labels.shape) < answered, labels, -1), truth


def test_dawid_skene_finds_how_good_raters_are_and_beats_the_majority() -> None:
    accuracy = [0.95, 0.9, 0.55, 0.55, 0.5]
    labels, truth = simulated(accuracy, 800)
    found = dawid_skene(labels)
    assert found.accuracy == pytest.approx(accuracy, abs=0.06)
    counts = (labels[..., None] == np.arange(2)).sum(1)
    by_majority = (counts.argmax(1) == truth).mean()
    assert (found.chances.argmax(1) == truth).mean() > by_majority + 0.05
    assert found.chances.sum(1) == pytest.approx(np.ones(800))


def test_dawid_skene_settles_where_a_loop_does() -> None:
    labels = some_labels(3, 30, 4)
    found = dawid_skene(labels)
    chances, accuracy = found.chances.tolist(), found.accuracy.tolist()
    prior = np.mean(chances, axis=0).tolist()
    for t, row in enumerate(labels.tolist()):
        weights = []
        for label in range(3):
            chance = prior[label]
            for r, given in enumerate(row):
                if given >= 0:
                    chance *= accuracy[r] if given == label else (1 - accuracy[r]) / 2
            weights.append(chance)
        assert chances[t] == pytest.approx([w / sum(weights) for w in weights], abs=1e-3)
    for r in range(4):
        given = [(t, labels[t, r]) for t in range(30) if labels[t, r] >= 0]
        right = sum(chances[t][label] for t, label in given)
        assert accuracy[r] == pytest.approx((right + 1) / (len(given) + 2), abs=1e-3)


def test_nobody_is_infallible() -> None:
    found = dawid_skene(np.zeros((1, 2), int))
    assert (found.accuracy < 1).all()
    assert np.isfinite(found.chances).all()


def shares(labels: np.ndarray) -> np.ndarray:
    """The share of votes for the first candidate, one by one; half a vote for who cannot tell."""
    worth = {0: 1.0, 1: 0.0, 2: 0.5}
    votes = [[worth[label] for label in row if label >= 0] for row in labels.tolist()]
    return np.array([sum(v) / len(v) if v else 0.5 for v in votes])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("answered", [1.0, 0.5])
def test_soft_labels_are_nearer_the_truth_than_shares_of_votes(seed: int, answered: float) -> None:
    labels, truth = simulated([0.95, 0.85, 0.7, 0.55, 0.5], 400, answered=answered, seed=seed)
    labels, truth = labels[(labels >= 0).any(1)], truth[(labels >= 0).any(1)]
    first = truth == 0
    soft, plain = soft_labels(labels), shares(labels)
    assert np.mean((soft - first) ** 2) < 0.75 * np.mean((plain - first) ** 2)
    assert np.mean((soft > 0.5) == first) >= np.mean((plain > 0.5) == first)


def test_soft_labels_are_honest() -> None:
    """Of the triplets that get 0.7 to 0.9, about so many are right."""
    labels, truth = simulated([0.9, 0.8, 0.7, 0.6], 4000, answered=0.6)
    labels, truth = labels[(labels >= 0).any(1)], truth[(labels >= 0).any(1)]
    soft = soft_labels(labels)
    chosen = (soft > 0.7) & (soft < 0.9)
    assert chosen.sum() > 300
    assert np.mean(truth[chosen] == 0) == pytest.approx(soft[chosen].mean(), abs=0.05)


def test_soft_labels_do_not_depend_on_which_candidate_is_the_first() -> None:
    labels, _ = simulated([0.9, 0.8, 0.6], 60)
    turned = np.where(labels >= 0, 1 - labels, -1)
    assert soft_labels(turned) == pytest.approx(1 - soft_labels(labels))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([[0, -1, -1]] * 30 + [[-1, 1, -1]] * 30),  # nobody overlaps
        np.array([[0, 1, 2]] * 9),  # too few triplets to know anybody
        np.array([[2, 2, -1], [0, -1, 2]]),
        np.zeros((0, 2), int),
    ],
)
def test_without_overlap_soft_labels_are_shares_of_votes(labels: np.ndarray) -> None:
    assert soft_labels(labels) == pytest.approx(shares(labels))


def test_who_cannot_tell_says_one_half() -> None:
    labels, _ = simulated([0.9, 0.9], 40, answered=1.0)
    unsure = np.array([[2, 2], [0, 2], [1, 2]])
    soft = soft_labels(np.vstack([labels, unsure]))
    alone = soft_labels(np.vstack([labels, [[0, -1], [1, -1]]]))
    assert soft[-3] == 0.5
    assert soft[-2:] == pytest.approx(alone[-2:] / 2 + 0.25)


def test_a_rater_who_shares_little_counts_as_the_others_do() -> None:
    labels, _ = simulated([0.9, 0.9, 0.9], 60, answered=1.0)
    labels[:, 2] = -1
    labels[0, 2] = 1 - labels[0, 0]  # one shared answer, against the others
    alone = np.array([[-1, -1, 0]])
    assert soft_labels(np.vstack([labels, alone]))[-1] > 0.7


# -- triplets that raters agree on ----------------------------------------------------------------


def judgements(*said: str) -> pd.DataFrame:
    """A triplet per word; its letters are what raters 0, 1, ... said: a, b, ? or -."""
    choices = {"a": "a", "b": "b", "?": "cannot_tell", "-": "skip"}
    rows = [
        (f"r{i}", "genre", 1, 2, 10 + t, choices[letter])
        for t, word in enumerate(said)
        for i, letter in enumerate(word)
    ]
    frame = pd.DataFrame(
        rows, columns=["rater", "dimension", "anchor_id", "a_id", "b_id", "choice"]
    )
    return frame.assign(at=pd.date_range("2026-01-01", periods=len(frame), tz="UTC"))


def naive(said: tuple[str, ...], agreement: float, raters: int) -> list[int]:
    kept = []
    for t, word in enumerate(said):
        votes = word.replace("-", "")
        for_a, for_b = votes.count("a"), votes.count("b")
        enough = len(votes) >= raters and for_a != for_b
        if enough and max(for_a, for_b) / len(votes) >= agreement:
            kept.append(10 + t)
    return kept


@pytest.mark.parametrize(
    ("agreement", "raters"), list(itertools.product((0.5, 0.75, 0.9, 1), (1, 2, 4)))
)
def test_agreed_triplets_are_those_of_a_loop(agreement: float, raters: int) -> None:
    said = ("aaaa", "aaab", "aabb", "bb??", "b", "aa-", "bbb?", "????", "--", "abbbbbbbbb")
    found = agreed_triplets(judgements(*said), agreement=agreement, raters=raters)
    assert [row[3] for row in found] == naive(said, agreement, raters)
    assert all(("a" if said[row[3] - 10].count("a") > 1 else "b") == row[4] for row in found)


def test_agreement_is_a_share() -> None:
    with pytest.raises(WorkbenchError, match="between 0 and 1, not 90"):
        agreed_triplets(judgements("aa"), agreement=90)
