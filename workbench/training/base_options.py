"""How a base model is trained, and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import torch

from workbench.backbones.card import NetworkShape
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.subspaces.heads import mask_blocks
from workbench.training.base_loss import LossOptions
from workbench.training.mining import Metric


@dataclass(frozen=True)
class BaseOptions:
    """How a base model is trained.

    Attributes
    ----------
    shape
        The network.
    loss
        The losses.
    dimensions
        What it tells apart, of the six; the embedding size divides by their number.
    schedule
        See `workbench.training.schedules.make_schedule`.
    rate
        Of Adam at its highest; by default the schedule's own.
    epochs, steps
        Epochs at most, and batches in each.
    renditions
        In a batch, two segments of each.
    shift_share
        Of the renditions whose key or tempo is shifted with its label.
    colour_share
        Of the segments whose sound is changed; see `workbench.training.augment.colour`.
    balance
        How much more often rare labels come; see `workbench.training.batches.frequencies`.
    mixed_precision
        Compute the network in bfloat16 where the loss stays float32.
    seed
        One seed gives one result on one machine.
    """

    shape: NetworkShape = field(default_factory=NetworkShape)
    loss: LossOptions = field(default_factory=LossOptions)
    dimensions: tuple[str, ...] = DIMENSIONS
    schedule: str = "one-cycle"
    rate: float | None = None
    epochs: int = 30
    steps: int = 100
    renditions: int = 32
    shift_share: float = 0.25
    colour_share: float = 0.5
    balance: float = 0.5
    mixed_precision: bool = True
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be trained.

        Raises
        ------
        UnknownNameError
            If a dimension is unknown or named twice.
        WorkbenchError
            If a number makes no sense, or the embedding does not divide by the dimensions.
        """
        _check_dimensions(self.dimensions)
        mask_blocks(self.shape.size, len(self.dimensions))
        if min(self.epochs, self.steps, self.renditions) < 1:
            raise WorkbenchError("Epochs, steps and renditions in a batch are at least 1.")
        if not all(0 <= n <= 1 for n in (self.shift_share, self.colour_share, self.balance)):
            raise WorkbenchError("Shares of shifted and coloured segments and balance are 0 to 1.")
        if self.loss.metric not in get_args(Metric):
            raise UnknownNameError(
                f"There is no metric {self.loss.metric!r}; choose {' or '.join(get_args(Metric))}."
            )
        if not (0 < self.loss.margin < 10 and 0 <= self.loss.track_weight < 10):
            raise WorkbenchError("The margin is above 0, the track weight from 0, both below 10.")
        if self.seed < 0:
            raise WorkbenchError("A seed is a whole number from 0.")
        if self.rate is not None and not 0 < self.rate < 10:
            raise WorkbenchError(f"A learning rate lies between 0 and 10, unlike {self.rate:g}.")


def check_device(device: str) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    WorkbenchError
        With what to choose instead.
    """
    if device not in ("cpu", "cuda"):
        raise WorkbenchError(f"There is no device {device!r}; choose cpu or cuda.")
    if device == "cuda" and not torch.cuda.is_available():
        raise WorkbenchError("This machine has no CUDA device; choose --device cpu.")


def is_mixed(precision: str) -> bool:
    """Say whether a training computes in bfloat16 where that is enough.

    Raises
    ------
    UnknownNameError
        If there is no such precision.
    """
    if precision not in ("mixed", "full"):
        raise UnknownNameError(f"There is no precision {precision!r}; choose mixed or full.")
    return precision == "mixed"


def _check_dimensions(dimensions: tuple[str, ...]) -> None:
    unknown = [name for name in dimensions if name not in DIMENSIONS]
    if unknown or not dimensions or len(set(dimensions)) < len(dimensions):
        raise UnknownNameError(
            f"A corpus knows {', '.join(DIMENSIONS)}; name some of them once, not "
            f"{', '.join(dimensions) or 'none'}."
        )
