"""Train a base model from a rendered corpus: the backbone and its masks, end to end.

Ribecky et al. 2021, sections 3.3 and 3.4; Lee et al. 2020. Each batch holds two segments of each
of some renditions; a dimension's relation decides which pairs belong together.
"""

from __future__ import annotations

from pathlib import Path

from workbench.corpus.segments import Corpus
from workbench.progress import Progress
from workbench.training.base_options import BaseOptions
from workbench.training.base_run import Run
from workbench.training.epochs import Trained, run_epochs


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
    return run_epochs(
        lambda: Run(corpus, options, device),
        options,
        folder=folder,
        resume=resume,
        no_room="Memory ran out before the first epoch; train with fewer --renditions in the "
        "corpus or a smaller --width.",
        smaller=f"with {2 * options.renditions} segments a batch; halve it with --batch",
        progress=progress or Progress(),
    )
