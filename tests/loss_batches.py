"""Small batches for losses, and loops to compare them with."""

from __future__ import annotations

import math

import torch

N, K, WIDTH = 10, 3, 12
BLOCK = WIDTH // K
CLASSES = (4, 5, 3)  # classes, tags, shares


def chance(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def embeddings(n: int = N, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, WIDTH, generator=chance(seed)).requires_grad_()


def relations(n: int = N, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """What is similar and dissimilar in each dimension; a quarter is unknown."""
    kind = torch.randint(0, 4, (K, n, n), generator=chance(seed))
    return kind == 0, (kind == 1) | (kind == 2)


def targets(seed: int = 0) -> list[torch.Tensor]:
    """Classes, tags and shares, each with unknown rows."""
    generator = chance(seed)
    classes = torch.randint(-1, CLASSES[0], (N,), generator=generator)
    tags = (torch.rand(N, CLASSES[1], generator=generator) < 0.4).float()
    tags[[1, 4]] = torch.nan
    tags[2] = 0
    shares = torch.rand(N, CLASSES[2], generator=generator).softmax(1)
    shares[[0, 7]] = torch.nan
    return [classes, tags, shares]


def unknown() -> list[torch.Tensor]:
    return [
        torch.full((N,), -1),
        torch.full((N, CLASSES[1]), torch.nan),
        torch.full((N, CLASSES[2]), torch.nan),
    ]


def gradient(loss: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss, embedding, retain_graph=True)
    return found


def block_of(vector: list[float], dimension: int) -> list[float]:
    return vector[dimension * BLOCK : (dimension + 1) * BLOCK]


def naive_unit(u: list[float]) -> list[float]:
    length = math.sqrt(sum(s * s for s in u))
    return [s / length for s in u]


def dot(u: list[float], v: list[float]) -> float:
    return sum(s * t for s, t in zip(u, v, strict=True))


def naive_distance(u: list[float], v: list[float], metric: str) -> float:
    return math.dist(u, v) if metric == "euclidean" else 1 - dot(naive_unit(u), naive_unit(v))


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
