from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, permutations

import numpy as np
import pytest

from workbench import Workspace
from workbench.errors import NotReadyError, UnknownNameError
from workbench.sampling.samplers import (
    MixedSampler,
    Proposal,
    RandomSampler,
    TagGuidedSampler,
    make_sampler,
)

Shown = tuple[int, int, int]


def shown(proposals: list[Proposal]) -> list[Shown]:
    return [(p.anchor, min(p.a, p.b), max(p.a, p.b)) for p in proposals]


def every_triplet(items: Sequence[int]) -> set[Shown]:
    return {(x, *sorted(pair)) for x in items for pair in combinations(set(items) - {x}, 2)}  # type: ignore[misc]


def by_parity(_dimension: str, ids: Sequence[int]) -> np.ndarray:
    """Even items are similar to even ones and odd to odd; nothing is known of multiples of 5."""
    known = np.array(ids) % 5 != 0
    same = np.equal.outer(np.array(ids) % 2, np.array(ids) % 2)
    relation = np.where(same, 1, -1) * np.outer(known, known)
    np.fill_diagonal(relation, 0)
    return relation.astype(np.int8)


def told_apart(items: Sequence[int]) -> set[Shown]:
    """The triplets to which `by_parity` has an answer, by trying all of them."""
    relation, row = by_parity("", items), {item: i for i, item in enumerate(items)}
    return {
        (x, min(a, b), max(a, b))
        for x, a, b in permutations(items, 3)
        if relation[row[x], row[a]] == 1 and relation[row[x], row[b]] == -1
    }


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


def test_a_mix_goes_on_at_random_where_tags_are_lacking(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws(5, tags=False)
    ids = ws.catalogue.items().index.tolist()
    proposals = make_sampler(ws, "mix", ids).propose("tempo", np.random.default_rng(9), 1000)
    assert set(shown(proposals)) == every_triplet(ids)
    assert {p.sampler for p in proposals} == {"random"}


def test_tag_guided_triplets_follow_the_catalogue(ws: Workspace) -> None:
    ids = ws.catalogue.items().index.tolist()
    genre = ws.catalogue.tags("genre").set_index("item_id")["value"]
    proposals = make_sampler(ws, "tags", ids).propose("genre", np.random.default_rng(10), 10_000)
    assert len(proposals) == 12 * 3 * 8  # anchors x others of the genre x items of other genres
    assert all((genre[p.anchor] == genre[p.a]) != (genre[p.anchor] == genre[p.b])
               for p in proposals)  # fmt: skip


def test_the_same_seed_proposes_the_same(ws: Workspace) -> None:
    sampler = make_sampler(ws, "mix", ws.catalogue.items().index.tolist())
    first, second = (sampler.propose("genre", np.random.default_rng(11), 50) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("items", [[], [1], [1, 2], [1, 2, 2]])
def test_fewer_than_three_items_are_explained(ws: Workspace, items: list[int]) -> None:
    for name in ("mix", "random", "tags"):
        with pytest.raises(NotReadyError, match="workbench import"):
            make_sampler(ws, name, items)


def test_an_unknown_sampler_is_explained(ws: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="mix, random, tags"):
        make_sampler(ws, "clever", [1, 2, 3])
