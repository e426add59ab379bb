"""Losses of a conditional similarity network: triplets of every dimension, and of tracks.

Every dimension has its own block of the embedding (a fixed, disjoint, equal mask; Veit et al.,
CVPR 2017, Lee et al., ICASSP 2020) and every loss of a dimension sees that block alone. A batch
that teaches a loss nothing gives a zero that back-propagates, so that losses can be summed without
asking first. An embedding that is not finite gives NaN: a diverged training shall not look done.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from workbench.subspaces.heads import mask_blocks
from workbench.training.mining import (
    Metric,
    Mining,
    Triplets,
    distances,
    full_precision,
    mine,
)


class ConditionalLoss(NamedTuple):
    """A loss over dimensions.

    Attributes
    ----------
    loss : float []
        The mean over the dimensions that had something to learn from; else 0.
    losses : float [k]
        Of each dimension, differentiable; 0 where there was nothing.
    counts : int64 [k]
        The triplets, or rows with a known target, of each dimension.
    """

    loss: Tensor
    losses: Tensor
    counts: Tensor


def subspaces(embedding: Tensor, dimensions: int) -> Tensor:
    """Return the blocks of embeddings [n, D], float [dimensions, n, D / dimensions].

    They are the columns of `workbench.subspaces.heads.mask_blocks`, in full precision.

    Raises
    ------
    WorkbenchError
        If the width does not divide by the number of dimensions.
    """
    mask_blocks(embedding.shape[-1], dimensions)  # says what to do if it does not divide
    return full_precision(embedding).unflatten(-1, (dimensions, -1)).transpose(0, 1)


def triplet_loss(distance: Tensor, triplets: Triplets, margin: float) -> Tensor:
    """Return the mean over triplets of max(0, margin + d(a, p) - d(a, n)).

    Parameters
    ----------
    distance
        Of every pair of the batch, [n, n].
    triplets
        Rows of the batch; none give a zero that back-propagates.
    margin
        In units of the distance (0.1 in Lee et al., ICASSP 2020).
    """
    anchor, positive, negative = triplets
    hinge = F.relu(margin + distance[anchor, positive] - distance[anchor, negative])
    return hinge.sum() / max(len(anchor), 1)


def conditional_triplet_loss(
    embedding: Tensor,
    similar: Tensor,
    dissimilar: Tensor,
    *,
    margin: float = 0.1,
    metric: Metric = "cosine",
    mining: Mining = "semihard",
    generator: torch.Generator | None = None,
    limit: int | None = None,
) -> ConditionalLoss:
    """Return the triplet loss of every dimension within its block, and their mean.

    Parameters
    ----------
    embedding
        [n, D].
    similar, dissimilar
        The relation of each of the k dimensions, bool [k, n, n]; see `mining.mine`.
    margin, metric, mining, generator
        See `mining.mine` and `mining.distances`.
    limit
        At most so many triplets per dimension.

    Raises
    ------
    WorkbenchError
        If D does not divide by k.

    References
    ----------
    Lee et al., ICASSP 2020: L_category, "disentanglement" by masks.
    """
    losses, counts = [], []
    for block, near, far in zip(
        subspaces(embedding, len(similar)), similar, dissimilar, strict=True
    ):
        distance = distances(block, metric=metric)
        triplets = mine(
            distance, near, far, margin=margin, kind=mining, generator=generator, limit=limit
        )
        losses.append(triplet_loss(distance, triplets, margin))
        counts.append(torch.tensor(len(triplets.anchor), device=embedding.device))
    return over_dimensions(embedding, losses, counts)


def track_loss(
    embedding: Tensor,
    track_ids: Tensor,
    *,
    margin: float = 0.1,
    metric: Metric = "cosine",
    mining: Mining = "semihard",
    generator: torch.Generator | None = None,
    limit: int | None = None,
) -> Tensor:
    """Return the track regularisation: the triplet loss of songs over the whole embedding.

    Parameters
    ----------
    embedding
        [n, D].
    track_ids
        The song of each row, int [n]; a negative one is unknown. Anchor and positive are of one
        song, the negative of another; that rows of one song overlap little is up to the caller.
    margin, metric, mining, generator, limit
        As of `conditional_triplet_loss`.

    Returns
    -------
    float []
        To be added with weight 0.5 (lambda; Lee et al., ICASSP 2020).
    """
    known = track_ids >= 0
    both_known = known[:, None] & known
    same = track_ids[:, None] == track_ids
    distance = distances(embedding, metric=metric)
    triplets = mine(
        distance,
        same & both_known,
        ~same & both_known,
        margin=margin,
        kind=mining,
        generator=generator,
        limit=limit,
    )
    return triplet_loss(distance, triplets, margin) + _nothing(embedding)


def _nothing(embedding: Tensor) -> Tensor:
    """Return 0 that depends on the embedding; NaN if the embedding is not finite."""
    return (full_precision(embedding) * 0.0).sum()


def over_dimensions(
    embedding: Tensor, losses: list[Tensor], counts: list[Tensor]
) -> ConditionalLoss:
    """Return losses [] and counts [] of dimensions with their mean where there was something."""
    each, count = torch.stack(losses), torch.stack(counts)
    mean = each.sum() / (count > 0).sum().clamp_min(1)
    return ConditionalLoss(mean + _nothing(embedding), each, count)
