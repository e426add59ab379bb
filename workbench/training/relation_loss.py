"""The loss of the networks of relations: within each domain, across them, and of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.backbones.relations import unit_blocks
from workbench.corpus.piece_relations import HEARD_ONLY, TAGS
from workbench.training.base_targets import TargetCoder
from workbench.training.class_losses import MaskedProxies
from workbench.training.losses import conditional_triplet_loss
from workbench.training.relation_options import RelationOptions

_TEMPERATURE = 0.07


class Embedded(NamedTuple):
    """A batch in the subspaces.

    Attributes
    ----------
    sound, notes : float [n, relations * size]
        Each piece in both domains, not normalised.
    predicted, vector : float [n, vector]
        The sound's vector as its notes predict it, and as it is, in the same units.
    """

    sound: Tensor
    notes: Tensor
    predicted: Tensor
    vector: Tensor


class RelationLoss(nn.Module):
    """A batch of pieces in both domains to one number.

    Parameters
    ----------
    coder
        Of the classes of those relations that have labels.
    options
        Which losses.
    """

    def __init__(self, coder: TargetCoder, options: RelationOptions) -> None:
        super().__init__()
        self.options = options
        names = options.relations
        self.labelled = [i for i, name in enumerate(names) if name in TAGS]
        told = [name not in HEARD_ONLY for name in names]
        self.register_buffer("told", torch.tensor(told).repeat_interleave(options.size))
        self.proxies = (
            MaskedProxies(len(self.labelled) * options.size, coder.classes, soft=coder.soft)
            if "classification" in options.losses and self.labelled
            else None
        )

    told: Tensor

    def forward(
        self,
        batch: Embedded,
        within: Tensor,
        across: Tensor,
        targets: Sequence[Tensor],
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts.

        Parameters
        ----------
        batch
            The embedded pieces.
        within, across
            Relations within a domain and across, int8 [k, n, n]; see
            `workbench.corpus.piece_relations`.
        targets
            Of the labelled relations, as `TargetCoder` gives them.
        generator
            Chooses among triplets.
        """
        count = len(self.options.relations)
        sound, notes = (unit_blocks(x, count) for x in (batch.sound, batch.notes))
        both = torch.cat([sound, notes])
        parts: dict[str, Tensor] = {}
        if "triplet" in self.options.losses:
            told = self.told.unflatten(0, (count, -1)).any(1)[:, None, None]
            parts["sound"] = self._triplets(sound, within, generator)
            parts["notes"] = self._triplets(notes, within * told, generator)
            parts["across"] = self._triplets(both, _bipartite(across), generator)
        if self.proxies is not None:
            blocks = both.unflatten(1, (count, -1))[:, self.labelled].flatten(1)
            twice = [torch.cat([t, t]) for t in targets]
            parts["classes"] = self.proxies(blocks, twice).loss
        if self.options.pair_weight > 0:
            told = self.told.float()
            logits = (sound * told) @ (notes * told).T / (told.sum() / self.options.size)
            own = torch.arange(len(logits), device=logits.device)
            paired = F.cross_entropy(logits / _TEMPERATURE, own)
            paired = paired + F.cross_entropy(logits.T / _TEMPERATURE, own)
            parts["pairs"] = self.options.pair_weight * paired / 2
        if self.options.predict_weight > 0:
            wrong = F.smooth_l1_loss(batch.predicted, batch.vector.clamp(-5, 5))
            parts["predicted"] = self.options.predict_weight * wrong
        total = torch.stack(list(parts.values())).sum()
        return total, {name: float(part.detach()) for name, part in parts.items()}

    def _triplets(
        self, embedding: Tensor, relations: Tensor, generator: torch.Generator | None
    ) -> Tensor:
        return conditional_triplet_loss(
            embedding,
            relations > 0,
            relations < 0,
            margin=self.options.margin,
            metric=self.options.metric,
            mining=self.options.mining,
            generator=generator,
        ).loss


def _bipartite(across: Tensor) -> Tensor:
    """Return relations [k, 2n, 2n] of sounds and notes, unknown within either."""
    k, n, _ = across.shape
    whole = across.new_zeros(k, 2 * n, 2 * n)
    whole[:, :n, n:] = across
    whole[:, n:, :n] = across.transpose(1, 2)
    return whole
