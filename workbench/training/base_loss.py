"""The loss of a base model: one or several of the published ones, summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbench.errors import UnknownNameError
from workbench.training.base_targets import TargetCoder
from workbench.training.class_losses import MaskedClassification, MaskedProxies
from workbench.training.losses import conditional_triplet_loss, track_loss
from workbench.training.mining import Metric, Mining

LOSSES = ("triplet", "classification", "proxies")


@dataclass(frozen=True)
class LossOptions:
    """Which losses, and their parameters.

    Attributes
    ----------
    losses
        Of ``triplet`` (Ribecky et al. 2021, equation 1), ``classification`` and ``proxies``
        (Lee et al., ISMIR 2020).
    metric, margin, mining
        Of the triplets.
    track_weight
        Lambda of the track regularisation; 0 leaves it out.
    """

    losses: tuple[str, ...] = ("triplet",)
    metric: Metric = "cosine"
    margin: float = 0.1
    mining: Mining = "semihard"
    track_weight: float = 0.5


class BaseLoss(nn.Module):
    """Embeddings, relations and targets of a batch to one number.

    Parameters
    ----------
    size
        Of the embedding; it divides by the number of dimensions.
    coder
        Of the targets.
    options
        Which losses.
    """

    def __init__(self, size: int, coder: TargetCoder, options: LossOptions) -> None:
        super().__init__()
        unknown = set(options.losses) - set(LOSSES)
        if unknown or not options.losses:
            raise UnknownNameError(
                f"There is no loss {', '.join(unknown) or 'named'}; choose of {', '.join(LOSSES)}."
            )
        self.options = options
        heads: dict[str, Any] = {"classification": MaskedClassification, "proxies": MaskedProxies}
        self.heads = nn.ModuleDict(
            {
                name: head(size, coder.classes, soft=coder.soft)
                for name, head in heads.items()
                if name in options.losses
            }
        )

    def forward(
        self,
        embedding: Tensor,
        relations: Tensor,
        targets: Sequence[Tensor],
        tracks: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the loss and its share of each dimension.

        Parameters
        ----------
        embedding
            [n, size].
        relations
            int8 [k, n, n]: 1 similar, -1 dissimilar, 0 unknown.
        targets
            As `TargetCoder` gives them.
        tracks
            The rendition of each segment, int64 [n].
        generator
            Chooses among triplets.

        Returns
        -------
        The loss [] and the sum of the losses of each dimension, detached, [k].
        """
        o = self.options
        total = embedding.sum() * 0.0
        each = torch.zeros(len(relations), device=embedding.device)
        if "triplet" in o.losses:
            triplets = conditional_triplet_loss(
                embedding,
                relations > 0,
                relations < 0,
                margin=o.margin,
                metric=o.metric,
                mining=o.mining,
                generator=generator,
            )
            total, each = total + triplets.loss, each + triplets.losses.detach()
        for head in self.heads.values():
            classified = head(embedding, targets)
            total, each = total + classified.loss, each + classified.losses.detach()
        if o.track_weight > 0:
            tracked = track_loss(
                embedding,
                tracks,
                margin=o.margin,
                metric=o.metric,
                mining=o.mining,
                generator=generator,
            )
            total = total + o.track_weight * tracked
        return total, each
