"""Losses of a conditional similarity network: triplets, tracks, classification and proxies.

Every dimension has its own block of the embedding (a fixed, disjoint, equal mask; Veit et al.,
CVPR 2017, Lee et al., ICASSP 2020) and every loss of a dimension sees that block alone. A batch
that teaches a loss nothing gives a zero that back-propagates, so that losses can be summed without
asking first. An embedding that is not finite gives NaN: a diverged training shall not look done.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.subspaces.heads import mask_blocks
from workbench.training.mining import (
    Metric,
    Mining,
    Triplets,
    distances,
    full_precision,
    mine,
    unit,
)

TEMPERATURE = 0.05  # of cosines; Lee et al., ISMIR 2020
_NEVER = -1e9  # a score nobody reaches, yet finite, and so is its gradient


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
    return _over_dimensions(embedding, losses, counts)


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


class _MaskedTargets(nn.Module):
    """What classification and proxies share: scores of classes per block, and known rows."""

    def __init__(self, width: int, classes: Sequence[int], soft: Collection[int]) -> None:
        super().__init__()
        self.block = mask_blocks(width, len(classes)).shape[1]
        self.classes = tuple(classes)
        self.soft = frozenset(soft)

    def scores(self, embedding: Tensor) -> list[Tensor]:
        """Return the score of every class of every dimension, k of float [n, classes]."""
        with torch.autocast(embedding.device.type, enabled=False):
            blocks = subspaces(embedding, len(self.classes))
            return [self._score(i, block) for i, block in enumerate(blocks)]

    def forward(self, embedding: Tensor, targets: Sequence[Tensor | None]) -> ConditionalLoss:
        """Return the loss of every dimension over its known rows, and their mean.

        Parameters
        ----------
        embedding
            [n, D].
        targets
            One per dimension, in the order of the masks; see the class. None: all unknown.
        """
        losses, counts = [], []
        with torch.autocast(embedding.device.type, enabled=False):
            for i, (scores, target) in enumerate(zip(self.scores(embedding), targets, strict=True)):
                rows, known = self._rows(i, scores, target)
                losses.append(rows.masked_fill(~known, 0.0).sum() / known.sum().clamp_min(1))
                counts.append(known.sum())
        return _over_dimensions(embedding, losses, counts)

    def _rows(self, dimension: int, scores: Tensor, target: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the loss of every row and which rows are known, float and bool [n]."""
        if target is None:
            rows = (scores * 0.0).sum(1)
            return rows, torch.zeros_like(rows, dtype=torch.bool)
        if target.ndim == 1:
            classes = target.long().clamp_min(0)
            return F.cross_entropy(scores, classes, reduction="none"), target >= 0
        target = target.to(scores.dtype)
        known = ~target.isnan().any(1)
        target = target.nan_to_num()
        if dimension in self.soft:
            return F.cross_entropy(scores, target, reduction="none"), known & (target.sum(1) > 0)
        rows, taught = self._tags(scores, target)
        return rows, known & taught

    def _score(self, dimension: int, block: Tensor) -> Tensor:
        raise NotImplementedError

    def _tags(self, scores: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


class MaskedClassification(_MaskedTargets):
    """Classify every dimension from its own block of the embedding.

    Called with embeddings [n, D] and one target per dimension, it returns a `ConditionalLoss`.
    A target is one of

    - classes, int64 [n], -1 for unknown: cross entropy;
    - tags, float [n, c] of 0 and 1, NaN in unknown rows: binary cross entropy, the mean over tags;
    - for the dimensions in `soft`, shares of classes, float [n, c], rows that sum to 1 and NaN in
      unknown ones: cross entropy with soft targets, for ordered or circular classes such as tempo
      and key.

    Parameters
    ----------
    width
        The embedding size D; it divides by the number of dimensions.
    classes
        The number of classes of each dimension.
    soft
        Which dimensions' float targets are shares instead of tags.
    cosine
        Score by the cosine of block and class vector over `temperature`, without a bias, instead
        of by a linear map; the classifier then shapes the angles that retrieval measures.
    temperature
        Of the cosines.

    Raises
    ------
    WorkbenchError
        If the width does not divide.

    References
    ----------
    Lee et al., ISMIR 2020, "Metric learning vs classification for disentangled music
    representation learning".
    """

    def __init__(
        self,
        width: int,
        classes: Sequence[int],
        *,
        soft: Collection[int] = (),
        cosine: bool = False,
        temperature: float = TEMPERATURE,
    ) -> None:
        super().__init__(width, classes, soft)
        self.cosine, self.temperature = cosine, temperature
        self.layers = nn.ModuleList(nn.Linear(self.block, c, bias=not cosine) for c in classes)

    def _score(self, dimension: int, block: Tensor) -> Tensor:
        layer = self.layers[dimension]
        assert isinstance(layer, nn.Linear)
        if not self.cosine:
            return layer(block)
        return unit(block) @ unit(layer.weight).mT / self.temperature

    def _tags(self, scores: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        rows = F.binary_cross_entropy_with_logits(scores, tags, reduction="none").mean(1)
        return rows, torch.ones_like(rows, dtype=torch.bool)


class MaskedProxies(_MaskedTargets):
    """Pull every block towards the proxies of its classes and away from those of others.

    Called and given targets like `MaskedClassification`. A class is as close as the soft maximum
    of the cosines to its proxies over the temperature, and the loss of a class is the negative
    logarithm of its softmax (normalised softmax, Zhai and Wu 2019; proxy NCA, Movshovitz-Attias
    2017). With tags, each tag of a row competes with the tags the row has not, never with its
    other tags, and the row's loss is the mean over its tags; a row without any tag is unknown.

    Parameters
    ----------
    width, classes, soft
        As of `MaskedClassification`.
    proxies
        Per class; one in Lee et al., ISMIR 2020.
    temperature
        Of the cosines.

    Raises
    ------
    WorkbenchError
        If the width does not divide.
    """

    def __init__(
        self,
        width: int,
        classes: Sequence[int],
        *,
        soft: Collection[int] = (),
        proxies: int = 1,
        temperature: float = TEMPERATURE,
    ) -> None:
        super().__init__(width, classes, soft)
        self.temperature = temperature
        self.proxies = nn.ParameterList(
            nn.Parameter(unit(torch.randn(c, proxies, self.block))) for c in classes
        )

    def _score(self, dimension: int, block: Tensor) -> Tensor:
        proxies = unit(self.proxies[dimension])
        cosine = torch.einsum("nd,cpd->ncp", unit(block), proxies)
        return (cosine / self.temperature).logsumexp(-1)

    def _tags(self, scores: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        has = tags > 0
        others = scores.masked_fill(has, _NEVER).logsumexp(1, keepdim=True)
        per_tag = F.softplus(others - scores).masked_fill(~has, 0.0)
        return per_tag.sum(1) / has.sum(1).clamp_min(1), has.any(1)


def _nothing(embedding: Tensor) -> Tensor:
    """Return 0 that depends on the embedding; NaN if the embedding is not finite."""
    return (full_precision(embedding) * 0.0).sum()


def _over_dimensions(
    embedding: Tensor, losses: list[Tensor], counts: list[Tensor]
) -> ConditionalLoss:
    """Return the mean over the dimensions that have something."""
    each, count = torch.stack(losses), torch.stack(counts)
    mean = each.sum() / (count > 0).sum().clamp_min(1)
    return ConditionalLoss(mean + _nothing(embedding), each, count)
