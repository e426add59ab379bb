from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from triplet_sets import every_triplet, shown

from workbench.sampling.adaptive import (
    AdaptiveSampler,
    CoverageSampler,
    InformationSampler,
    UncertaintySampler,
    varied_batch,
)
from workbench.sampling.chance import RandomSampler
from workbench.sampling.ensemble import Ensemble
from workbench.sampling.information import information_gain, uncertainty
from workbench.training.posterior import chance_of_a

IDS = np.arange(10, 22)
KINDS = [UncertaintySampler, InformationSampler, CoverageSampler]


@pytest.fixture
def ensemble() -> Ensemble:
    y = np.random.default_rng(0).normal(size=(6, len(IDS), 4)).astype(np.float32)
    return Ensemble(IDS, y / np.linalg.norm(y, axis=2, keepdims=True), "v0001")


def sampler(kind: type[AdaptiveSampler], found: Ensemble | None) -> AdaptiveSampler:
    return kind(IDS.tolist(), lambda _dimension, _items: found, RandomSampler(IDS.tolist()))


def test_chances_come_from_squared_distances(ensemble: Ensemble) -> None:
    rows = np.array([[0, 1, 2], [5, 3, 9]])
    for row, chances in zip(rows, ensemble.chances(rows), strict=True):
        for y, chance in zip(ensemble.vectors, chances, strict=True):
            anchor, a, b = y[row].astype(float)
            margin = ((anchor - b) ** 2).sum() - ((anchor - a) ** 2).sum()
            assert chance == pytest.approx(0.05 + 0.9 / (1 + np.exp(-8 * margin)), abs=1e-5)
            assert chance == pytest.approx(chance_of_a(margin), abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "count_bits"),
    [(UncertaintySampler, uncertainty), (InformationSampler, information_gain)],
)
def test_the_highest_score_of_all_triplets_comes_first(
    ensemble: Ensemble,
    kind: type[AdaptiveSampler],
    count_bits: Callable[[np.ndarray], np.ndarray],
) -> None:
    everything = sorted(every_triplet(IDS.tolist()))
    bits = count_bits(ensemble.chances(np.array(everything) - IDS[0]))
    proposals = sampler(kind, ensemble).propose("tempo", np.random.default_rng(1), 10)
    assert [p.score for p in proposals] == pytest.approx(np.sort(bits)[::-1][:10].tolist())
    assert {p.sampler for p in proposals} == {kind.name}
    assert {p.model_version for p in proposals} == {"v0001"}


def test_information_asks_what_certain_heads_contradict_each_other_on() -> None:
    """To item 0, heads put 1 or 2 nearest; 3 is between them for all, a toss-up against 4."""
    angles = {0: (0, 0), 1: (10, 100), 2: (100, 10), 3: (60, 60), 4: (-60, -60)}
    radians = np.radians([angles[i] for i in range(5)]).T
    y = np.stack([np.cos(radians), np.sin(radians)], axis=2).astype(np.float32)
    found = Ensemble(np.arange(5), np.repeat(y, 4, axis=0), "v0001")
    chances = found.chances(np.array([[0, 1, 2], [0, 3, 4]]))
    assert uncertainty(chances) == pytest.approx([1, 1], abs=1e-5)
    information = InformationSampler(range(5), lambda *_: found, RandomSampler(range(5)))
    everything = information.propose("tempo", np.random.default_rng(0), 99)
    assert {everything[0].a, everything[0].b} == {1, 2}
    by_triplet = {p.triplet: p.score for p in everything}
    assert by_triplet[0, 1, 2] == pytest.approx(information_gain(chances)[0], abs=1e-5)
    assert by_triplet[0, 1, 2] > 0.5
    assert by_triplet[0, 3, 4] == pytest.approx(0, abs=1e-6)


def test_a_varied_batch_gives_no_item_more_than_twice_its_share() -> None:
    rng = np.random.default_rng(2)
    rows = np.stack([rng.permutation(29)[:3] for _ in range(400)])
    rows[:200, 0] = 29  # in the most telling half
    scores = np.linspace(1, 0.1, 400)
    chosen = varied_batch(scores, rng.random((400, 8)), rows, 20)
    asked = Counter(rows[chosen].ravel().tolist())
    assert len(chosen) == len(set(chosen.tolist())) == 20
    assert max(asked.values()) <= 2 * 3 * 20 / 30
    assert chosen[0] == 0


def test_a_varied_batch_does_not_ask_the_same_thing_twice() -> None:
    rng = np.random.default_rng(3)
    split, other = rng.random(8), rng.random(8)
    chances = np.array([split, split, 1 - split, other])
    rows = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
    assert varied_batch(np.array([1.0, 0.9, 0.8, 0.5]), chances, rows, 2).tolist() == [0, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_asking_for_all_yields_every_triplet_once(
    ensemble: Ensemble, kind: type[AdaptiveSampler]
) -> None:
    proposals = sampler(kind, ensemble).propose("tempo", np.random.default_rng(4), 10_000)
    assert Counter(shown(proposals)) == Counter(every_triplet(IDS.tolist()))


@pytest.mark.parametrize("kind", KINDS)
def test_items_outside_the_ensemble_are_asked_about_last(
    ensemble: Ensemble, kind: type[AdaptiveSampler]
) -> None:
    items = [*IDS.tolist(), 90, 91]
    found = kind(items, lambda *_: ensemble, RandomSampler(items))
    proposals = found.propose("tempo", np.random.default_rng(5), 10_000)
    assert Counter(shown(proposals)) == Counter(every_triplet(items))
    names = [p.sampler for p in proposals]
    assert names.index("random") == len(every_triplet(IDS.tolist()))


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_ensemble_another_sampler_stands_in_under_its_own_name(
    kind: type[AdaptiveSampler],
) -> None:
    proposals = sampler(kind, None).propose("tempo", np.random.default_rng(6), 20)
    assert len(proposals) == 20
    assert {(p.sampler, p.score, p.model_version) for p in proposals} == {("random", None, None)}


@pytest.mark.parametrize("kind", KINDS)
def test_an_ensemble_of_other_items_is_not_asked(
    ensemble: Ensemble, kind: type[AdaptiveSampler]
) -> None:
    items = [10, 11, 50, 51]
    found = kind(items, lambda *_: ensemble, RandomSampler(items))
    proposals = found.propose("tempo", np.random.default_rng(7), 100)
    assert set(shown(proposals)) == every_triplet(items)


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_gives_one_batch(ensemble: Ensemble, kind: type[AdaptiveSampler]) -> None:
    found = sampler(kind, ensemble)
    first, again, other = (
        found.propose("tempo", np.random.default_rng(seed), 16) for seed in (8, 8, 9)
    )
    assert first == again
    assert len(other) == 16
