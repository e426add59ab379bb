"""How networks of relations are trained."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.corpus.piece_relations import RELATIONS
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.training.mining import Metric, Mining

LOSSES = ("triplet", "classification")


@dataclass(frozen=True)
class RelationOptions:
    """How the three networks of relations are trained.

    Attributes
    ----------
    relations
        Which.
    size
        Numbers of a relation's block.
    losses
        ``triplet``, ``classification`` (by proxies that both domains share) or both.
    metric, margin, mining
        Of the triplets: 0.3 and Euclidean distance as in US 12,394,399, or cosine as in Ribecky et
        al. 2021.
    pair_weight
        Of telling a piece's own notes from those of all others of the batch, and the reverse.
    predict_weight
        Of predicting a sound's vector from its notes.
    epochs, steps
        At most so many epochs of so many batches.
    seeds
        Performances that a batch starts from; each brings another one of its score and two of
        other scores in its tempo and key.
    rate
        Of Adam, at its highest.
    mixed_precision
        Compute in bfloat16 where that is enough.
    seed
        Of everything that is left to chance.
    """

    relations: tuple[str, ...] = RELATIONS
    size: int = 32
    losses: tuple[str, ...] = LOSSES
    metric: Metric = "euclidean"
    margin: float = 0.3
    mining: Mining = "semihard"
    pair_weight: float = 0.5
    predict_weight: float = 0.5
    epochs: int = 30
    steps: int = 100
    seeds: int = 8
    rate: float = 2e-3
    mixed_precision: bool = True
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be trained.

        Raises
        ------
        UnknownNameError
            If a relation or a loss is unknown, or none is named.
        WorkbenchError
            If a number makes no sense.
        """
        for name, known in ((self.relations, RELATIONS), (self.losses, LOSSES)):
            unknown = set(name) - set(known)
            if unknown or not name:
                raise UnknownNameError(
                    f"There is no {', '.join(sorted(unknown)) or 'empty choice'}; choose of "
                    f"{', '.join(known)}."
                )
        if min(self.size, self.epochs, self.steps, self.seeds) < 1:
            raise WorkbenchError("Size, epochs, steps and seeds are at least 1.")
        if not (0 < self.margin < 2 and 0 < self.rate < 10):
            raise WorkbenchError("The margin lies between 0 and 2, the rate between 0 and 10.")
        if min(self.pair_weight, self.predict_weight) < 0:
            raise WorkbenchError("Weights are not below 0.")
