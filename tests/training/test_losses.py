from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from loss_batches import (
    BLOCK,
    WIDTH,
    K,
    N,
    block_of,
    chance,
    embeddings,
    gradient,
    mean,
    naive_distance,
    relations,
)
from pytorch_metric_learning import distances as pml_distances
from pytorch_metric_learning import losses as pml_losses
from pytorch_metric_learning.reducers import MeanReducer

from workbench.errors import WorkbenchError
from workbench.subspaces.heads import mask_blocks
from workbench.training.fit import one_thread
from workbench.training.losses import (
    conditional_triplet_loss,
    subspaces,
    track_loss,
    triplet_loss,
)
from workbench.training.mining import Triplets, distances, mine

METRICS = ("cosine", "euclidean")


@pytest.fixture(autouse=True)
def _seeded_and_on_one_thread() -> Iterator[None]:
    torch.manual_seed(0)
    with one_thread():
        yield


def naive_hinges(vectors, similar, dissimilar, margin, metric, mining) -> list[float]:
    """The hinge of every triplet, item by item."""
    n, hinges = len(vectors), []
    for a in range(n):
        for p in range(n):
            if a == p or not similar[a][p]:
                continue
            near = naive_distance(vectors[a], vectors[p], metric)
            far = [
                naive_distance(vectors[a], vectors[x], metric)
                for x in range(n)
                if x != a and dissimilar[a][x] and not similar[a][x]
            ]
            if mining == "hard":
                far = [f for f in [min(far, default=math.inf)] if f < near + margin]
            hinges += [max(0.0, margin + near - f) for f in far]
    return hinges


def test_subspaces_are_the_blocks_of_the_mask_head() -> None:
    embedding = embeddings()
    for block, columns in zip(subspaces(embedding, K), mask_blocks(WIDTH, K), strict=True):
        assert block.equal(embedding[:, torch.from_numpy(columns)])
    with pytest.raises(WorkbenchError, match="does not divide"):
        subspaces(embedding, 5)


@pytest.mark.parametrize("mining", ["all", "hard"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("n", "seed"), [(3, 0), (6, 1), (10, 2), (10, 3)])
def test_triplet_losses_are_those_of_a_loop(n: int, seed: int, metric: str, mining: str) -> None:
    embedding, (similar, dissimilar) = embeddings(n, seed), relations(n, seed)
    found = conditional_triplet_loss(
        embedding, similar, dissimilar, margin=0.2, metric=metric, mining=mining
    )
    hinges = [
        naive_hinges(
            [block_of(v, i) for v in embedding.tolist()],
            similar[i].tolist(),
            dissimilar[i].tolist(),
            0.2,
            metric,
            mining,
        )
        for i in range(K)
    ]
    assert found.counts.tolist() == [len(h) for h in hinges]
    assert found.losses.tolist() == pytest.approx([mean(h) for h in hinges], abs=1e-5)
    expected = mean([mean(h) for h in hinges if h])
    assert found.loss.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_semihard_losses_are_between_zero_and_the_margin(metric: str) -> None:
    embedding, (similar, dissimilar) = embeddings(40), relations(40)
    found = conditional_triplet_loss(
        embedding, similar, dissimilar, metric=metric, generator=chance(0)
    )
    assert (found.counts > 20).all()
    assert ((found.losses > 0) & (found.losses < 0.1)).all()
    again = conditional_triplet_loss(
        embedding, similar, dissimilar, metric=metric, generator=chance(0)
    )
    assert found.losses.tolist() == again.losses.tolist()


@pytest.mark.parametrize("mining", ["semihard", "random", "hard", "all"])
def test_pytorch_metric_learning_agrees_on_the_same_triplets(mining: str) -> None:
    block = torch.randn(40, 6, generator=chance(0)).requires_grad_()
    label = torch.randint(0, 3, (40,), generator=chance(1))
    same = label[:, None] == label
    distance = distances(block, metric="cosine")
    triplets = mine(distance, same, ~same, margin=0.1, kind=mining, generator=chance(2))
    theirs = pml_losses.TripletMarginLoss(
        margin=0.1, distance=pml_distances.CosineSimilarity(), reducer=MeanReducer()
    )(block, indices_tuple=tuple(triplets))
    ours = triplet_loss(distance, triplets, 0.1)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient(ours, block), gradient(theirs, block))


def test_pytorch_metric_learning_agrees_with_its_own_defaults_on_semihard_triplets() -> None:
    block = torch.randn(40, 6, generator=chance(0))
    label = torch.randint(0, 3, (40,), generator=chance(1))
    same = label[:, None] == label
    distance = distances(block, metric="cosine")
    triplets = mine(distance, same, ~same, margin=0.1)
    theirs = pml_losses.TripletMarginLoss(margin=0.1, distance=pml_distances.CosineSimilarity())
    torch.testing.assert_close(
        triplet_loss(distance, triplets, 0.1), theirs(block, indices_tuple=tuple(triplets))
    )


@pytest.mark.parametrize("metric", METRICS)
def test_a_dimension_moves_nothing_outside_its_mask(metric: str) -> None:
    embedding = embeddings()
    found = conditional_triplet_loss(embedding, *relations(), metric=metric, mining="all")
    for i, loss in enumerate(found.losses):
        moved = gradient(loss, embedding).unflatten(1, (K, BLOCK))
        assert moved[:, i].abs().sum() > 0
        assert moved[:, [j for j in range(K) if j != i]].eq(0).all()


def test_dimensions_without_triplets_count_for_nothing() -> None:
    embedding, (similar, dissimilar) = embeddings(), relations()
    whole = conditional_triplet_loss(embedding, similar, dissimilar, mining="all")
    similar[1] = False
    part = conditional_triplet_loss(embedding, similar, dissimilar, mining="all")
    assert part.counts[1] == 0
    assert part.losses[1] == 0
    torch.testing.assert_close(part.loss, (whole.losses[0] + whole.losses[2]) / 2)
    moved = gradient(part.loss, embedding)[:, BLOCK : 2 * BLOCK]
    assert moved.eq(0).all()


@pytest.mark.parametrize("mining", ["semihard", "random", "hard", "all"])
@pytest.mark.parametrize("n", [0, 1, N])
@pytest.mark.parametrize("metric", METRICS)
def test_triplets_of_nothing_are_a_zero_that_back_propagates(
    n: int, mining: str, metric: str
) -> None:
    embedding = embeddings(n)
    nothing = torch.zeros(K, n, n, dtype=torch.bool)
    found = conditional_triplet_loss(embedding, nothing, ~nothing, mining=mining, metric=metric)
    alone = track_loss(embedding, torch.arange(n), mining=mining, metric=metric)
    assert found.loss.item() == alone.item() == 0
    assert found.counts.tolist() == [0] * K
    assert gradient(found.loss + alone, embedding).eq(0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_silent_blocks_and_equal_rows_give_finite_gradients(metric: str) -> None:
    embedding = embeddings().detach()
    embedding[:, :BLOCK] = 0
    embedding[1] = embedding[0]
    embedding[2] = 0
    embedding.requires_grad_()
    found = conditional_triplet_loss(embedding, *relations(), metric=metric, mining="all")
    assert found.losses.isfinite().all()
    assert gradient(found.loss, embedding).isfinite().all()


@pytest.mark.parametrize("mining", ["all", "hard"])
@pytest.mark.parametrize("metric", METRICS)
def test_the_track_loss_is_that_of_a_loop_over_known_songs(metric: str, mining: str) -> None:
    embedding = embeddings()
    songs = [0, 0, 1, 1, 1, -1, -1, 2, 2, 3]
    similar = [[s == t >= 0 for t in songs] for s in songs]
    dissimilar = [[s != t and min(s, t) >= 0 for t in songs] for s in songs]
    hinges = naive_hinges(embedding.tolist(), similar, dissimilar, 0.3, metric, mining)
    found = track_loss(embedding, torch.tensor(songs), margin=0.3, metric=metric, mining=mining)
    assert found.item() == pytest.approx(mean(hinges), abs=1e-5)
    moved = gradient(found, embedding)
    assert (moved[[0, 2, 7]].abs() > 0).all()  # every block: the mask is all ones
    assert moved[[5, 6]].eq(0).all()


def test_an_embedding_that_diverged_is_not_taken_for_a_finished_training() -> None:
    diverged = embeddings().detach()
    diverged[3, 5] = torch.nan
    found = conditional_triplet_loss(diverged, *relations())
    assert found.loss.isnan()
    assert track_loss(diverged, torch.arange(N) // 2).isnan()


def test_a_triplet_whose_negative_is_far_costs_nothing() -> None:
    distance = torch.tensor([[0.0, 0.2, 0.5], [0.0] * 3, [0.0] * 3]).requires_grad_()
    triplets = Triplets(*torch.tensor([[0], [1], [2]]))
    assert triplet_loss(distance, triplets, 0.25).item() == 0
    assert triplet_loss(distance, triplets, 0.5).item() == pytest.approx(0.2)
