from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from loss_batches import (
    BLOCK,
    CLASSES,
    WIDTH,
    K,
    N,
    block_of,
    chance,
    dot,
    embeddings,
    gradient,
    mean,
    naive_unit,
    relations,
    targets,
    unknown,
)
from pytorch_metric_learning import losses as pml_losses
from torch import nn

from workbench.errors import WorkbenchError
from workbench.training.class_losses import MaskedClassification, MaskedProxies
from workbench.training.fit import one_thread
from workbench.training.losses import (
    ConditionalLoss,
    conditional_triplet_loss,
    subspaces,
    track_loss,
)
from workbench.training.mining import distances

HEADS = (MaskedClassification, MaskedProxies)


@pytest.fixture(autouse=True)
def _seeded_and_on_one_thread() -> Iterator[None]:
    torch.manual_seed(0)
    with one_thread():
        yield


def naive_rows(kind: str, score: list[float], target: list[float], head: type) -> float | None:
    """The loss of one row from the scores of its classes."""
    if any(math.isnan(t) for t in target):
        return None
    if kind == "tags" and head is MaskedClassification:
        chances = [1 / (1 + math.exp(-s)) for s in score]
        return mean([-math.log(c if t else 1 - c) for c, t in zip(chances, target, strict=True)])
    if kind == "tags":
        others = [s for s, t in zip(score, target, strict=True) if not t]
        has = [s for s, t in zip(score, target, strict=True) if t]
        if not has:
            return None
        return mean([-math.log(math.exp(s) / sum(map(math.exp, [s, *others]))) for s in has])
    total = sum(math.exp(s) for s in score)
    return -sum(t * math.log(math.exp(s) / total) for s, t in zip(score, target, strict=True))


def naive_score(head: nn.Module, dimension: int, block: list[float]) -> list[float]:
    """The scores of one row's classes, from the parameters of the head."""
    if isinstance(head, MaskedProxies):
        u = naive_unit(block)
        return [
            math.log(sum(math.exp(dot(u, naive_unit(p)) / head.temperature) for p in own))
            for own in head.proxies[dimension].tolist()
        ]
    assert isinstance(head, MaskedClassification)
    layer = head.layers[dimension]
    if head.cosine:
        u = naive_unit(block)
        return [dot(u, naive_unit(w)) / head.temperature for w in layer.weight.tolist()]
    return [
        dot(block, w) + b for w, b in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("head", "options"),
    [
        (MaskedClassification, {}),
        (MaskedClassification, {"cosine": True, "temperature": 0.2}),
        (MaskedProxies, {}),
        (MaskedProxies, {"proxies": 3, "temperature": 0.3}),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_heads_score_and_lose_like_a_loop(head: type, options: dict, seed: int) -> None:
    torch.manual_seed(seed)
    model = head(WIDTH, CLASSES, soft=[2], **options)
    embedding, target = embeddings(seed=seed), targets(seed)
    found = model(embedding, target)
    one_hot = [[math.nan if c < 0 else float(c == j) for j in range(4)] for c in target[0].tolist()]
    scores = model.scores(embedding)
    losses, counts = [], []
    for i, (kind, rows) in enumerate(
        zip(
            ("classes", "tags", "shares"),
            (one_hot, target[1].tolist(), target[2].tolist()),
            strict=True,
        )
    ):
        lost = []
        for row, vector in enumerate(embedding.tolist()):
            score = naive_score(model, i, block_of(vector, i))
            assert scores[i][row].tolist() == pytest.approx(score, abs=1e-4)
            lost.append(naive_rows(kind, score, rows[row], head))
        known = [value for value in lost if value is not None]
        losses.append(mean(known))
        counts.append(len(known))
    assert found.counts.tolist() == counts
    assert found.losses.tolist() == pytest.approx(losses, rel=1e-4, abs=1e-5)
    assert found.loss.item() == pytest.approx(mean(losses), rel=1e-4)


def test_pytorch_metric_learning_agrees_on_one_proxy_per_class() -> None:
    model = MaskedProxies(6, [4])
    block, label = torch.randn(20, 6), torch.arange(20) % 4
    theirs = pml_losses.NormalizedSoftmaxLoss(4, 6, temperature=0.05)
    theirs.W.data = model.proxies[0].data[:, 0].T.clone()
    torch.testing.assert_close(model(block, [label]).loss, theirs(block, label))


@pytest.mark.parametrize("head", HEADS)
def test_a_head_sees_and_moves_its_own_block_only(head: type) -> None:
    model, embedding = head(WIDTH, CLASSES, soft=[2]), embeddings()
    found = model(embedding, targets())
    for i, loss in enumerate(found.losses):
        moved = gradient(loss, embedding).unflatten(1, (K, BLOCK))
        assert moved[:, i].abs().sum() > 0
        assert moved[:, [j for j in range(K) if j != i]].eq(0).all()


@pytest.mark.parametrize("head", HEADS)
def test_unknown_rows_teach_nothing(head: type) -> None:
    model, embedding, target = head(WIDTH, CLASSES, soft=[2]), embeddings(), targets()
    for i, rows in enumerate((target[0] < 0, target[1].isnan().any(1), target[2].isnan().any(1))):
        assert rows.any()
        moved = gradient(model(embedding, target).losses[i], embedding)
        assert moved[rows].eq(0).all()
        assert (moved.abs().sum(1) > 0).any()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("target", [unknown(), [None] * K])
def test_unknown_targets_are_a_zero_that_back_propagates(head: type, target: list) -> None:
    model, embedding = head(WIDTH, CLASSES, soft=[2]), embeddings()
    found = model(embedding, target)
    assert isinstance(found, ConditionalLoss)
    assert found.loss.item() == 0
    assert found.losses.tolist() == [0] * K
    assert found.counts.tolist() == [0] * K
    found.loss.backward()
    assert embedding.grad is not None
    assert embedding.grad.eq(0).all()
    for parameter in model.parameters():
        assert parameter.grad is not None
        assert parameter.grad.eq(0).all()


@pytest.mark.parametrize("head", HEADS)
def test_a_head_may_learn_on_an_embedding_that_does_not(head: type) -> None:
    model = head(WIDTH, CLASSES, soft=[2])
    model(embeddings().detach(), [None] * K).loss.backward()
    model(embeddings().detach(), targets()).loss.backward()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("n", [0, 1])
def test_heads_take_batches_of_none_and_one(head: type, n: int) -> None:
    model, embedding = head(WIDTH, CLASSES, soft=[2]), embeddings(n)
    found = model(embedding, [t[3 : 3 + n] for t in targets()])
    assert found.loss.isfinite()
    assert gradient(found.loss, embedding).isfinite().all()


def test_tags_of_a_row_do_not_compete_with_each_other() -> None:
    model = MaskedProxies(4, [3])
    model.proxies[0].data = torch.eye(4)[:3, None]
    both = torch.tensor([[1.0, 1.0, 0.0, 0.0]]).requires_grad_()
    assert model(both, [torch.tensor([[1.0, 1.0, 0.0]])]).loss.item() < 1e-5
    assert model(both, [torch.tensor([[1.0, 1.0, 1.0]])]).loss.item() == 0
    assert model(both, [torch.tensor([[0.5, 0.5, 0.0]])]).loss.item() < 1e-5


def test_a_row_with_every_tag_has_nothing_to_be_told_apart_from() -> None:
    model, embedding = MaskedProxies(WIDTH, [3]), embeddings()
    found = model(embedding, [torch.ones(N, 3)])
    assert found.loss.item() == 0
    assert gradient(found.loss, embedding).eq(0).all()


@pytest.mark.parametrize("head", HEADS)
def test_a_row_of_no_shares_is_unknown(head: type) -> None:
    model, embedding = head(WIDTH, [3], soft=[0]), embeddings()
    shares = torch.full((N, 3), 1 / 3)
    shares[4] = 0
    known = torch.arange(N) != 4
    found = model(embedding, [shares])
    assert found.counts.tolist() == [N - 1]
    torch.testing.assert_close(found.loss, model(embedding[known], [shares[known]]).loss)


@pytest.mark.parametrize("head", HEADS)
def test_silent_blocks_leave_heads_finite(head: type) -> None:
    model, embedding = head(WIDTH, CLASSES, soft=[2]), torch.zeros(N, WIDTH, requires_grad=True)
    found = model(embedding, targets())
    assert found.losses.isfinite().all()
    assert gradient(found.loss, embedding).isfinite().all()


def test_sizes_that_do_not_divide_are_refused() -> None:
    for head in HEADS:
        with pytest.raises(WorkbenchError, match="does not divide"):
            head(WIDTH, [2] * 5)


@pytest.mark.parametrize("head", HEADS)
def test_autocast_and_half_precision_change_next_to_nothing(head: type) -> None:
    model = head(WIDTH, CLASSES, soft=[2])
    half = embeddings().detach().bfloat16().requires_grad_()
    same = half.detach().float()

    def everything(embedding: torch.Tensor) -> list[torch.Tensor]:
        return [
            conditional_triplet_loss(embedding, *relations(), generator=chance(0)).loss,
            track_loss(embedding, torch.arange(N) // 3, generator=chance(0)),
            model(embedding, targets()).loss,
        ]

    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = everything(half)
    for ours, expected in zip(found, everything(same), strict=True):
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, expected)
        assert gradient(ours, half).isfinite().all()


@pytest.mark.parametrize("loss", ["triplets", "classes", "cosine", "proxies"])
def test_descending_tells_the_classes_of_every_dimension_apart(loss: str) -> None:
    torch.manual_seed(0)
    embedding = nn.Parameter(torch.randn(24, WIDTH))
    label = torch.stack([torch.randint(0, 3, (24,), generator=chance(s)) for s in range(K)])
    same = label[:, :, None] == label[:, None]
    head = {
        "classes": MaskedClassification(WIDTH, [3] * K),
        "cosine": MaskedClassification(WIDTH, [3] * K, cosine=True),
        "proxies": MaskedProxies(WIDTH, [3] * K),
    }.get(loss)
    parameters = [embedding, *(head.parameters() if head else ())]
    optimiser = torch.optim.Adam(parameters, lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        if head:
            value = head(embedding, list(label)).loss
        else:
            value = conditional_triplet_loss(embedding, same, ~same, mining="all").loss
        value.backward()
        optimiser.step()
    for block, related in zip(subspaces(embedding, K), same, strict=True):
        distance = distances(block, metric="cosine")
        distance = distance + 9 * torch.eye(24)
        nearest = distance.argmin(1)
        assert related[torch.arange(24), nearest].float().mean() > 0.95
