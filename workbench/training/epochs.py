"""Epoch after epoch of a training, each checkpointed, until it is finished or ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.training.base_state import Checkpoint, save_checkpoint
from workbench.training.base_words import epoch_words
from workbench.training.schedules import Schedule


@dataclass(frozen=True)
class Trained:
    """What a training left: the best weights seen and how they scored.

    Attributes
    ----------
    network
        With the weights of the best validation.
    history
        Per epoch: ``epoch``, ``loss``, ``losses``, ``scores``, ``overall``, ``rate`` and
        ``seconds``.
    best
        The number of the best epoch, from 1.
    """

    network: nn.Module
    history: list[dict[str, Any]]
    best: int


class RunLike(Protocol):
    """A training under way."""

    schedule: Schedule
    history: list[dict[str, Any]]
    best: int
    best_weights: dict[str, Tensor]

    @property
    def network(self) -> nn.Module:
        """What learns."""
        ...

    def epoch(self, number: int, progress: Progress) -> dict[str, Any]:
        """Learn from some batches, validate, and return what happened."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Return all that is needed to go on."""
        ...


def run_epochs(
    run: RunLike, epochs: int, *, folder: Path, smaller: str, progress: Progress
) -> Trained:
    """Train until the last epoch, until the schedule has finished, or until it is cancelled.

    Parameters
    ----------
    run
        The training, new or restored.
    epochs
        At most so many.
    folder
        Where ``checkpoint.pt`` is kept.
    smaller
        What a batch was, and how to make it smaller, where memory runs out.
    progress
        Told about every step, and by the event ``epoch`` about every epoch.

    Raises
    ------
    NotReadyError
        If it was ended before its first epoch.
    WorkbenchError
        If the loss is no number or memory runs out; the last epoch's checkpoint stays.
    """
    for epoch in range(len(run.history) + 1, epochs + 1):
        if run.schedule.finished or progress.cancelled():
            break
        try:
            with out_of_memory(f"Memory ran out in epoch {epoch} {smaller}. {_kept(run, folder)}"):
                record = run.epoch(epoch, progress)
        except FloatingPointError as error:
            raise WorkbenchError(f"{error} {_kept(run, folder)}") from error
        run.history.append(record)
        save_checkpoint(folder, run.checkpoint())
        progress.event("epoch", **record)
        progress.note(epoch_words(record, epochs, run.best))
    if not run.history:
        raise NotReadyError("The training was ended before its first epoch.")
    run.network.load_state_dict(run.best_weights)
    return Trained(run.network.eval(), run.history, run.best)


@contextmanager
def out_of_memory(sentence: str) -> Iterator[None]:
    """Say a sentence where memory runs out; torch's allocator for the CPU has no error for it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not memory and "allocate memory" not in str(error):
            raise
        raise WorkbenchError(sentence) from error


def _kept(run: RunLike, folder: Path) -> str:
    if not run.history:
        return "Nothing was learned yet."
    return f"Epoch {len(run.history)} is kept in {folder}; go on from it with --resume."
