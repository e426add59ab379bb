"""Epoch after epoch of a training, each checkpointed, until it is finished or ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.training.base_state import load_checkpoint, save_checkpoint
from workbench.training.base_words import epoch_words
from workbench.training.training_run import TrainingRun


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


def run_epochs(
    start: Callable[[], TrainingRun],
    options: Any,
    *,
    folder: Path,
    resume: bool,
    no_room: str,
    smaller: str,
    progress: Progress,
) -> Trained:
    """Train until the last epoch, until the schedule has finished, or until it is cancelled.

    Parameters
    ----------
    start
        Makes the training.
    options
        How it is done, for at most `epochs` epochs; looked at first.
    folder
        Where ``checkpoint.pt`` is kept.
    resume
        Go on from the checkpoint; the result is that of an uninterrupted training.
    no_room
        What to do where memory runs out before the first epoch.
    smaller
        What a batch was, and how to make it smaller, where memory runs out later.
    progress
        Told about every step, and by the event ``epoch`` about every epoch.

    Raises
    ------
    NotReadyError
        If it was ended before its first epoch.
    WorkbenchError
        If the loss is no number, memory runs out or the checkpoint is of another training; the
        last epoch's checkpoint stays.
    """
    options.check()
    saved = load_checkpoint(folder, options) if resume else None
    with out_of_memory(no_room):
        run = start()
    if saved is not None:
        run.restore(saved)
    for epoch in range(len(run.history) + 1, options.epochs + 1):
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
        progress.note(epoch_words(record, options.epochs, run.best))
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


def _kept(run: TrainingRun, folder: Path) -> str:
    if not run.history:
        return "Nothing was learned yet."
    return f"Epoch {len(run.history)} is kept in {folder}; go on from it with --resume."
