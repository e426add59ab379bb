from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import functional as F

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.training.base_loss import BaseLoss, LossOptions
from workbench.training.base_targets import TargetCoder

SIZE, COUNT = 8, 7
TABLE = pd.DataFrame(
    {"genre": ["a", "b", "c", "a", "b", "c", "a"], "tempo": np.linspace(60.0, 100.0, 7)}
)
CODER = TargetCoder.fit(TABLE, ("genre", "tempo"))
TARGETS = [torch.from_numpy(t) for t in CODER(TABLE)]
TRACKS = torch.tensor([0, 0, 1, 1, 2, 2, 3])


def relations() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    half = torch.randint(-1, 2, (2, COUNT, COUNT), generator=generator)
    both = half.triu(1) + half.triu(1).mT
    return both.to(torch.int8)


def embedding() -> torch.Tensor:
    x = torch.randn(COUNT, SIZE, generator=torch.Generator().manual_seed(0))
    return x.requires_grad_()


def naive_triplets(x: torch.Tensor, relation: torch.Tensor, margin: float) -> float | None:
    unit = F.normalize(x.detach().double(), dim=1)
    distance = 1 - unit @ unit.T
    hinges = [
        max(0.0, margin + float(distance[a, p] - distance[a, n]))
        for a, p, n in product(range(COUNT), repeat=3)
        if a != p and relation[a, p] > 0 and relation[a, n] < 0
    ]
    return sum(hinges) / len(hinges) if hinges else None


def loss_of(options: LossOptions) -> BaseLoss:
    torch.manual_seed(0)
    return BaseLoss(SIZE, CODER, options)


def test_triplets_and_tracks_are_summed_with_their_weight() -> None:
    options = LossOptions(mining="all", margin=0.3, track_weight=0.5)
    x, related = embedding(), relations()
    total, each = loss_of(options)(x, related, TARGETS, TRACKS)
    dims = [naive_triplets(x[:, 4 * i : 4 * i + 4], related[i], 0.3) for i in range(2)]
    same = torch.where(TRACKS[:, None] == TRACKS, 1, -1)
    tracked = naive_triplets(x, same, 0.3)
    assert None not in dims
    assert tracked is not None
    assert each.tolist() == pytest.approx(dims, rel=1e-5)
    assert total.item() == pytest.approx(float(np.mean(dims)) + 0.5 * tracked, rel=1e-5)
    assert not each.requires_grad


def test_no_weight_leaves_the_tracks_out() -> None:
    options = LossOptions(mining="all", track_weight=0.0)
    total, each = loss_of(options)(embedding(), relations(), TARGETS, TRACKS)
    assert total.item() == pytest.approx(float(each.mean()), rel=1e-5)


def test_classification_is_the_cross_entropy_of_each_block() -> None:
    module = loss_of(LossOptions(("classification",), track_weight=0.0))
    x = embedding()
    total, each = module(x, relations(), TARGETS, TRACKS)
    genre, tempo = module.heads["classification"].layers
    logits = [genre(x[:, :4]), tempo(x[:, 4:])]
    expected = [
        float(-F.log_softmax(logits[0], 1)[range(COUNT), TARGETS[0]].mean()),
        float(-(F.log_softmax(logits[1], 1) * TARGETS[1]).sum(1).mean()),
    ]
    assert each.tolist() == pytest.approx(expected, rel=1e-5)
    assert total.item() == pytest.approx(float(np.mean(expected)), rel=1e-5)


def test_several_losses_are_summed() -> None:
    x = embedding()
    given = (x, relations(), TARGETS, TRACKS)
    names = ("triplet", "classification", "proxies")
    both = loss_of(LossOptions(names, mining="all", track_weight=0.0))
    alone = []
    for name in names:
        module = loss_of(LossOptions((name,), mining="all", track_weight=0.0))
        module.heads.update({n: h for n, h in both.heads.items() if n == name})
        alone.append(module(*given))
    total, each = both(*given)
    assert total.item() == pytest.approx(sum(float(t) for t, _ in alone), rel=1e-5)
    torch.testing.assert_close(each, sum(e for _, e in alone))


def test_only_the_named_losses_have_parameters() -> None:
    assert not list(loss_of(LossOptions()).parameters())
    assert list(loss_of(LossOptions(("proxies",))).heads) == ["proxies"]
    assert list(loss_of(LossOptions(("classification", "triplet"))).heads) == ["classification"]


@pytest.mark.parametrize(
    "names", [("triplet",), ("classification",), ("proxies",), ("triplet", "proxies")]
)
def test_a_batch_that_teaches_nothing_gives_a_zero_that_back_propagates(
    names: tuple[str, ...],
) -> None:
    module, x = loss_of(LossOptions(names)), embedding()
    unknown = [torch.full((COUNT,), -1), torch.full((COUNT, 48), float("nan"))]
    none = torch.zeros(2, COUNT, COUNT, dtype=torch.int8)
    total, each = module(x, none, unknown, torch.arange(COUNT))
    total.backward()
    assert float(total.detach()) == 0.0
    assert not each.any()
    assert x.grad is not None
    assert not x.grad.any()


def test_gradients_reach_embedding_and_heads() -> None:
    module, x = loss_of(LossOptions(("triplet", "classification", "proxies"))), embedding()
    total, _ = module(x, relations(), TARGETS, TRACKS)
    total.backward()
    assert x.grad is not None
    assert x.grad.any()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


def test_an_embedding_that_is_not_finite_gives_nan() -> None:
    x = embedding().detach()
    x[2, 3] = float("nan")
    total, _ = loss_of(LossOptions())(x, relations(), TARGETS, TRACKS)
    assert total.isnan()


def test_chance_comes_from_the_generator() -> None:
    module, x = loss_of(LossOptions(mining="random", margin=1.0)), embedding()
    given = (x, relations(), TARGETS, TRACKS)
    first, again, other = (
        float(module(*given, torch.Generator().manual_seed(seed))[0]) for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("names", [("hinge",), ("triplet", "hinge"), ()])
def test_an_unknown_loss_is_refused_with_the_known_ones(names: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError, match="choose of triplet, classification, proxies"):
        loss_of(LossOptions(names))


@pytest.mark.parametrize("names", [("classification",), ("proxies",)])
def test_a_size_that_does_not_divide_is_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(WorkbenchError):
        BaseLoss(9, CODER, LossOptions(names))
