from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from triplet_sets import by_parity, every_triplet, shown, told_apart

from workbench.sampling.chance import RandomSampler, TagGuidedSampler


@pytest.mark.parametrize("items", [[7, 3, 5], [1, 2, 3, 4], list(range(10, 18))])
def test_random_yields_every_triplet_exactly_once(items: list[int]) -> None:
    proposals = RandomSampler(items).propose("tempo", np.random.default_rng(0), 10_000)
    assert Counter(shown(proposals)) == Counter(every_triplet(items))


def test_random_triplets_are_equally_likely() -> None:
    sampler, rng = RandomSampler([1, 2, 3, 4]), np.random.default_rng(1)
    drawn = Counter(shown([p for _ in range(6000) for p in sampler.propose("tempo", rng, 1)]))
    assert set(drawn) == every_triplet([1, 2, 3, 4])
    expected = 6000 / 12
    assert sum((n - expected) ** 2 / expected for n in drawn.values()) < 31.3  # p = 0.001, 11 df


def test_random_works_on_a_large_catalogue() -> None:
    proposals = RandomSampler(range(300_000)).propose("tempo", np.random.default_rng(2), 500)
    assert len(set(shown(proposals))) == 500
    assert all(len({p.anchor, p.a, p.b}) == 3 for p in proposals)
    assert max(max(p.anchor, p.a, p.b) for p in proposals) < 300_000


def test_tags_yield_exactly_the_triplets_they_tell_apart() -> None:
    items = list(range(1, 12))
    sampler = TagGuidedSampler(items, by_parity)
    proposals = sampler.propose("tempo", np.random.default_rng(3), 10_000)
    assert Counter(shown(proposals)) == Counter(told_apart(items))


def test_the_similar_candidate_is_not_always_on_the_same_side() -> None:
    items = list(range(1, 12))
    proposals = TagGuidedSampler(items, by_parity).propose("x", np.random.default_rng(4), 200)
    first_is_similar = Counter((p.anchor - p.a) % 2 == 0 for p in proposals)
    assert min(first_is_similar.values()) > 60


def test_anchors_of_small_classes_are_asked_about_as_often_as_others() -> None:
    def relation(_dimension: str, ids: Sequence[int]) -> np.ndarray:
        rare = np.array(ids) > 27  # three of thirty
        matrix = np.where(np.equal.outer(rare, rare), 1, -1).astype(np.int8)
        np.fill_diagonal(matrix, 0)
        return matrix

    sampler = TagGuidedSampler(range(1, 31), relation)
    rng = np.random.default_rng(5)
    drawn = [p for _ in range(400) for p in sampler.propose("x", rng, 3)]
    share = np.mean([p.anchor > 27 for p in drawn])
    assert abs(share - 3 / 30) < 0.03


def test_tags_of_a_large_catalogue_are_compared_a_part_at_a_time() -> None:
    sizes = []

    def relation(_dimension: str, ids: Sequence[int]) -> np.ndarray:
        sizes.append(len(ids))
        return by_parity("", ids)

    proposals = TagGuidedSampler(range(50_000), relation).propose("x", np.random.default_rng(6), 64)
    assert len(set(shown(proposals))) == 64
    assert max(sizes) <= 400


def test_nothing_is_proposed_where_tags_tell_nothing_apart() -> None:
    unknown = TagGuidedSampler([1, 2, 3], lambda _name, ids: np.zeros((len(ids),) * 2, np.int8))
    assert unknown.propose("tempo", np.random.default_rng(7), 10) == []
