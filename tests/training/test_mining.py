from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from workbench.training import mining
from workbench.training.fit import one_thread
from workbench.training.mining import Triplets, distances, mine, unit

METRICS = ("cosine", "euclidean")
KINDS = ("semihard", "random", "hard", "all")
ONE_PER_PAIR = ("semihard", "random", "hard")
BATCHES = [(n, seed) for n in (2, 3, 7, 12) for seed in (0, 1)]


@pytest.fixture(autouse=True)
def _seeded_and_on_one_thread() -> Iterator[None]:
    torch.manual_seed(0)
    with one_thread():
        yield


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Distances and a relation with unknown pairs, which need not be symmetric."""
    generator = chance(seed)
    distance = torch.rand(n, n, generator=generator)
    kind = torch.randint(0, 4, (n, n), generator=generator)
    return distance, kind == 0, (kind == 1) | (kind == 2)


def naive_candidates(distance, similar, dissimilar, margin, kind) -> dict[tuple[int, int], set]:
    """The negatives a pair may get, pair by pair and item by item."""
    found: dict[tuple[int, int], set] = {}
    n = len(distance)
    for a in range(n):
        for p in range(n):
            if a == p or not similar[a, p]:
                continue
            near = float(distance[a, p])
            fit = {}
            for other in range(n):
                if other == a or not dissimilar[a, other] or similar[a, other]:
                    continue
                far = float(distance[a, other])
                semihard, hard = near < far < near + margin, far < near + margin
                if {"semihard": semihard, "hard": hard}.get(kind, True):
                    fit[other] = far
            if kind == "hard" and fit:
                fit = {min(fit, key=fit.__getitem__): 0.0}
            if fit:
                found[a, p] = set(fit)
    return found


def as_list(triplets: Triplets) -> list[tuple[int, int, int]]:
    return list(zip(*(t.tolist() for t in triplets), strict=True))


def naive_distance(u: list[float], v: list[float], metric: str) -> float:
    if metric == "euclidean":
        return math.sqrt(sum((s - t) ** 2 for s, t in zip(u, v, strict=True)))
    lengths = math.sqrt(sum(s * s for s in u)) * math.sqrt(sum(t * t for t in v))
    return 1 - sum(s * t for s, t in zip(u, v, strict=True)) / lengths


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "m", "width"), [(1, 1, 1), (4, 3, 5), (9, 9, 2)])
def test_distances_are_those_of_a_loop(metric: str, n: int, m: int, width: int) -> None:
    x, y = torch.randn(2, n, width, generator=chance(0)), torch.randn(2, m, width)
    found = distances(x, y, metric=metric)
    assert found.shape == (2, n, m)
    for b in range(2):
        for i in range(n):
            for j in range(m):
                expected = naive_distance(x[b, i].tolist(), y[b, j].tolist(), metric)
                assert float(found[b, i, j]) == pytest.approx(expected, abs=1e-5)
    torch.testing.assert_close(distances(x, metric=metric), distances(x, x.clone(), metric=metric))


def test_cosine_normalises_a_block_anew_and_euclidean_does_not() -> None:
    x = torch.randn(5, 4, generator=chance(0))
    shorter = x * torch.rand(5, 1, generator=chance(1))
    torch.testing.assert_close(distances(x, metric="cosine"), distances(shorter, metric="cosine"))
    assert not torch.allclose(
        distances(x, metric="euclidean"), distances(shorter, metric="euclidean")
    )


@pytest.mark.parametrize("metric", METRICS)
def test_close_neighbours_keep_their_distance(metric: str) -> None:
    x = torch.nn.functional.normalize(torch.randn(1, 64, generator=chance(0)), dim=1)
    near = torch.cat([x, x + 1e-4 / 8])
    expected = naive_distance(near[0].tolist(), near[1].tolist(), metric)
    assert float(distances(near, metric=metric)[0, 1]) == pytest.approx(
        expected, rel=0.01, abs=2e-7
    )


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("x", [torch.zeros(3, 4), torch.ones(3, 4), torch.eye(4)[[0, 0, 1]]])
def test_gradients_are_finite_at_distance_zero(metric: str, x: torch.Tensor) -> None:
    x = x.clone().requires_grad_()
    distance = distances(x, metric=metric)
    distance.sum().backward()
    assert distance.isfinite().all()
    assert x.grad is not None
    assert x.grad.abs().max() < 100


def test_a_silent_block_is_at_distance_one_and_gets_no_gradient() -> None:
    x = torch.randn(3, 4, generator=chance(0))
    x[1] = 0
    x.requires_grad_()
    distance = distances(x, metric="cosine")
    (distance[1] * torch.randn(3)).sum().backward()
    assert distance[1].tolist() == [1, 1, 1]
    assert x.grad is not None
    assert x.grad[1].eq(0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_gradients_are_those_of_finite_differences(metric: str) -> None:
    x, y = (torch.randn(4, 3, dtype=torch.float64, generator=chance(s)) for s in (0, 1))
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda v: distances(v, y, metric=metric), x)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_half_precision_is_measured_in_single(metric: str, half: torch.dtype) -> None:
    x = torch.randn(6, 8, generator=chance(0)).to(half)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = distances(x, metric=metric)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, distances(x.float(), metric=metric))


def test_unit_vectors_have_length_one() -> None:
    x = torch.randn(5, 4, generator=chance(0)) * torch.tensor([1e-4, 1e-2, 1, 1e2, 1e4])[:, None]
    torch.testing.assert_close(unit(x).norm(dim=1), torch.ones(5))


@pytest.mark.parametrize("margin", [0.05, 0.3])
@pytest.mark.parametrize("kind", ONE_PER_PAIR)
@pytest.mark.parametrize(("n", "seed"), BATCHES)
def test_one_fitting_negative_for_every_pair_that_has_one(
    n: int, seed: int, kind: str, margin: float
) -> None:
    distance, similar, dissimilar = batch(n, seed)
    expected = naive_candidates(distance, similar, dissimilar, margin, kind)
    found = as_list(
        mine(distance, similar, dissimilar, margin=margin, kind=kind, generator=chance(seed))
    )
    assert sorted((a, p) for a, p, _ in found) == sorted(expected)
    assert all(negative in expected[a, p] for a, p, negative in found)


@pytest.mark.parametrize(("n", "seed"), BATCHES)
def test_all_is_every_triplet_once(n: int, seed: int) -> None:
    distance, similar, dissimilar = batch(n, seed)
    pairs = naive_candidates(distance, similar, dissimilar, 0.1, "all")
    expected = [(a, p, x) for (a, p), negatives in pairs.items() for x in negatives]
    found = as_list(mine(distance, similar, dissimilar, margin=0.1, kind="all"))
    assert sorted(found) == sorted(expected)


def test_semihard_negatives_are_within_the_margin() -> None:
    x = torch.randn(60, 6, generator=chance(0))
    label = torch.randint(0, 4, (60,), generator=chance(1))
    same = label[:, None] == label
    distance = distances(x, metric="cosine")
    a, p, n = mine(distance, same, ~same, margin=0.1)
    assert len(a) > 300
    assert (distance[a, p] < distance[a, n]).all()
    assert (distance[a, n] < distance[a, p] + 0.1).all()
    assert same[a, p].all()
    assert not same[a, n].any()
    assert (a != p).all()


def test_a_tie_or_a_negative_on_the_margin_is_not_semihard() -> None:
    distance = torch.tensor([[0, 0.25, 0.25, 0.5, 0.75]]).repeat(5, 1)
    similar, dissimilar = torch.zeros(2, 5, 5, dtype=torch.bool)
    similar[0, 1] = True
    dissimilar[0, 2:] = True
    assert as_list(mine(distance, similar, dissimilar, margin=0.25)) == []
    assert as_list(mine(distance, similar, dissimilar, margin=0.5)) == [(0, 1, 3)]


@pytest.mark.parametrize("kind", ["semihard", "random"])
def test_every_fitting_negative_is_as_likely(kind: str) -> None:
    distance = torch.linspace(0.1, 0.2, 6).repeat(6, 1)
    similar, dissimilar = torch.zeros(2, 6, 6, dtype=torch.bool)
    similar[0, 1] = True
    dissimilar[0, 2:] = True
    generator = chance(0)
    drawn = Counter(
        int(mine(distance, similar, dissimilar, margin=1, kind=kind, generator=generator).negative)
        for _ in range(600)
    )
    assert sorted(drawn) == [2, 3, 4, 5]
    assert all(abs(count - 150) < 50 for count in drawn.values())  # nearly five deviations


@pytest.mark.parametrize("kind", KINDS)
def test_the_diagonal_and_contradictions_never_make_a_triplet(kind: str) -> None:
    everything = torch.ones(6, 6, dtype=torch.bool)
    nothing = ~everything
    distance = torch.rand(6, 6, generator=chance(0))
    assert as_list(mine(distance, everything, everything, margin=1, kind=kind)) == []
    assert as_list(mine(distance, torch.eye(6).bool(), everything, margin=1, kind=kind)) == []
    assert as_list(mine(distance, everything, torch.eye(6).bool(), margin=1, kind=kind)) == []
    assert as_list(mine(distance, nothing, everything, margin=1, kind=kind)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [0, 1])
def test_a_batch_too_small_has_no_triplets(kind: str, n: int) -> None:
    relation = torch.ones(n, n, dtype=torch.bool)
    found = mine(torch.zeros(n, n), relation, relation, margin=0.1, kind=kind)
    assert [(t.shape, t.dtype) for t in found] == [((0,), torch.int64)] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_triplets(kind: str) -> None:
    distance, similar, dissimilar = batch(40, 0)

    def draw(seed: int) -> list[tuple[int, int, int]]:
        generator = chance(seed)
        return as_list(
            mine(
                distance, similar, dissimilar, margin=0.3, kind=kind, generator=generator, limit=99
            )
        )

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [0, 1, 5, 60, 10_000])
def test_a_limit_takes_some_of_the_triplets(kind: str, limit: int) -> None:
    distance, similar, dissimilar = batch(14, 3)
    pairs = naive_candidates(distance, similar, dissimilar, 0.3, kind)
    possible = {(a, p, x) for (a, p), negatives in pairs.items() for x in negatives}
    found = as_list(mine(distance, similar, dissimilar, margin=0.3, kind=kind, limit=limit))
    assert len(found) == len(set(found)) == min(limit, len(possible if kind == "all" else pairs))
    assert set(found) <= possible


@pytest.mark.parametrize("limit", [2, 12])  # a pool of draws, and a shuffle of everything
def test_a_limit_prefers_no_triplet(limit: int) -> None:
    label = torch.tensor([0, 0, 1, 1, 1])
    same = label[:, None] == label
    distance, generator = torch.rand(5, 5), chance(0)
    drawn: Counter = Counter()
    for _ in range(600):
        drawn.update(
            as_list(
                mine(distance, same, ~same, margin=0, kind="all", generator=generator, limit=limit)
            )
        )
    share = limit / 18  # two anchors with 1 x 3 triplets, three with 2 x 2
    deviation = math.sqrt(600 * share * (1 - share))
    assert len(drawn) == 18
    assert all(abs(count - 600 * share) < 5 * deviation for count in drawn.values())


def test_without_a_limit_there_is_still_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "MOST_TRIPLETS", 20)
    distance, similar, dissimilar = batch(14, 3)
    assert len(mine(distance, similar, dissimilar, margin=0.3, kind="all").anchor) == 20


class Largest(TorchDispatchMode):
    """Remembers the largest tensor any operation returned."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        result = func(*args, **(kwargs or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.size = max(self.size, tensor.numel())
        return result


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_larger_than_the_matrix_is_made(kind: str) -> None:
    n = 256
    label = torch.arange(n) % 8
    same = label[:, None] == label
    distance = torch.rand(n, n, generator=chance(0))
    with Largest() as largest:
        found = mine(distance, same, ~same, margin=0.1, kind=kind, limit=9_000)
    assert largest.size <= n * n
    assert 5_000 < len(found.anchor) <= 9_000


def test_distances_that_are_not_numbers_are_in_no_semihard_triplet() -> None:
    distance, similar, dissimilar = batch(12, 0)
    distance[:, 3] = torch.nan
    distance[:, 4] = torch.inf
    found = as_list(mine(distance, similar, dissimilar, margin=0.5))
    assert found
    assert not {3, 4} & {item for _, p, n in found for item in (p, n)}


def test_no_gradient_is_followed_and_any_layout_will_do() -> None:
    distance, similar, dissimilar = batch(12, 0)
    expected = as_list(mine(distance, similar, dissimilar, margin=0.3, kind="hard"))
    turned = distance.T.contiguous().T.requires_grad_()
    assert as_list(mine(turned, similar, dissimilar, margin=0.3, kind="hard")) == expected


def test_unknown_names_are_refused() -> None:
    distance, similar, dissimilar = batch(3, 0)
    with pytest.raises(ValueError, match="unknown kind"):
        mine(distance, similar, dissimilar, margin=0.1, kind="easy")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown metric"):
        distances(distance, metric="manhattan")  # type: ignore[arg-type]
