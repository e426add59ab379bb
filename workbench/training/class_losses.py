"""Losses of labels: classification and proxies, each dimension from its own block.

Lee et al., ISMIR 2020, "Metric learning vs classification for disentangled music representation
learning". Like the triplet losses, a batch that teaches nothing gives a zero that back-propagates.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.subspaces.heads import mask_blocks
from workbench.training.losses import ConditionalLoss, over_dimensions, subspaces
from workbench.training.mining import unit

TEMPERATURE = 0.05  # of cosines; Lee et al., ISMIR 2020
_NEVER = -1e9  # a score nobody reaches, yet finite, and so is its gradient


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
        return over_dimensions(embedding, losses, counts)

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
