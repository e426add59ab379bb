"""Train a base model from a rendered corpus: the backbone and its masks, end to end.

Ribecky et al. 2021, sections 3.3 and 3.4; Lee et al. 2020. Each batch holds two segments of each
of some renditions; a dimension's relation decides which pairs belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.corpus.segments import Corpus
from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.training.base_options import BaseOptions
from workbench.training.base_run import Run
from workbench.training.base_state import load_checkpoint, save_checkpoint
from workbench.training.base_words import epoch_words


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


def train_base(
    corpus: Corpus,
    options: BaseOptions,
    *,
    folder: Path,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Trained:
    """Train a base model; every epoch is checkpointed.

    Parameters
    ----------
    corpus
        Its ``train`` rows teach, its ``validation`` rows choose the epoch.
    options
        How.
    folder
        Where ``checkpoint.pt`` is kept.
    resume
        Go on from the checkpoint; the result is that of an uninterrupted training.
    device
        ``cpu`` or ``cuda``.
    progress
        Told about every step, and by the event ``epoch`` about every epoch.

    Raises
    ------
    NotReadyError
        If a dimension or a split has nothing to learn from.
    WorkbenchError
        If the loss is no number, memory runs out or the checkpoint is of another training; the
        last epoch's checkpoint stays.
    """
    progress = progress or Progress()
    options.check()
    saved = load_checkpoint(folder, options) if resume else None
    try:
        run = Run(corpus, options, device)
    except (MemoryError, RuntimeError) as error:
        if not _is_memory(error):
            raise
        raise WorkbenchError(
            "Memory ran out before the first epoch; train with fewer --renditions in the corpus "
            "or a smaller --width."
        ) from error
    if saved is not None:
        run.restore(saved)
    for epoch in range(len(run.history) + 1, options.epochs + 1):
        if run.schedule.finished or progress.cancelled():
            break
        try:
            record = run.epoch(epoch, progress)
        except (MemoryError, RuntimeError) as error:
            if not _is_memory(error):
                raise
            raise WorkbenchError(
                f"Memory ran out in epoch {epoch} with {2 * options.renditions} segments a batch; "
                f"halve it with --batch. {_kept(run, folder)}"
            ) from error
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


def _is_memory(error: Exception) -> bool:
    """Say whether memory ran out; torch's allocator for the CPU raises a plain RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in str(
        error
    )


def _kept(run: Run, folder: Path) -> str:
    if not run.history:
        return "Nothing was learned yet."
    return f"Epoch {len(run.history)} is kept in {folder}; go on from it with --resume."
