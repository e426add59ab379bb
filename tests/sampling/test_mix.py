from __future__ import annotations

from collections import Counter

import numpy as np
from triplet_sets import by_parity, every_triplet, shown, told_apart

from workbench.sampling.chance import RandomSampler, TagGuidedSampler
from workbench.sampling.mix import MixedSampler
from workbench.sampling.proposals import Proposal


def test_a_mix_keeps_to_its_shares_and_names_each_sampler() -> None:
    items = list(range(1, 60))
    parts = [(RandomSampler(items), 1.0), (TagGuidedSampler(items, by_parity), 3.0)]
    proposals = MixedSampler(parts).propose("x", np.random.default_rng(8), 1000)
    names = Counter(p.sampler for p in proposals)
    assert len(set(shown(proposals))) == 1000
    assert abs(names["tags"] / 1000 - 0.75) < 0.06
    possible = told_apart(items)
    assert all(t in possible for p, t in zip(proposals, shown(proposals), strict=True)
               if p.sampler == "tags")  # fmt: skip


def test_one_sampler_makes_up_for_anothers_lack() -> None:
    items = list(range(1, 8))
    parts = [(TagGuidedSampler(items, by_parity), 0.9), (RandomSampler(items), 0.1)]
    proposals = MixedSampler(parts).propose("x", np.random.default_rng(9), 1000)
    assert len(proposals) == len(every_triplet(items))
    assert set(shown(proposals)) == every_triplet(items)


class Ranked:
    """Proposes the same triplets in the same order, the best first."""

    batch = 5

    def __init__(self, name: str, triplets: list[tuple[int, int, int]]) -> None:
        self.name, self._triplets = name, triplets

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        triplets = self._triplets[:count]
        return [Proposal(*t, self.name, score=-float(i)) for i, t in enumerate(triplets)]


def test_the_best_come_first_whatever_the_shares() -> None:
    items = list(range(2, 40))
    ranked = Ranked("ranked", [(1, a, 50) for a in items])
    mix = MixedSampler([(RandomSampler(items), 0.3), (ranked, 0.7)])
    proposals = [p for p in mix.propose("x", np.random.default_rng(1), 20) if p.sampler == "ranked"]
    assert [p.a for p in proposals] == items[: len(proposals)]
    assert len(proposals) > 5


def test_what_two_propose_is_the_first_ones_but_no_more_than_its_share() -> None:
    triplets = [(1, a, 50) for a in range(2, 50)]
    mix = MixedSampler([(Ranked("random", triplets), 0.25), (Ranked("ranked", triplets), 0.75)])
    names = Counter(p.sampler for s in range(50) for p in mix.propose("x", _rng(s), 40))
    first = [p.triplet for p in mix.propose("x", _rng(0), 40) if p.sampler == "random"]
    assert first == triplets[: len(first)]
    assert abs(names["random"] / 2000 - 0.25) < 0.04


def test_a_mix_is_asked_again_as_often_as_its_most_particular_part() -> None:
    parts = [(RandomSampler([1, 2, 3]), 1.0), (Ranked("ranked", []), 1.0)]
    assert MixedSampler(parts).batch == 5


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)
