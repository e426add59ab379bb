"""Train networks that map sound and notes into the same subspaces, one per relation.

US 12,394,399: different models for audio and symbolic items, triplets with the anchor in one domain
and the others in the other one, a margin of 0.3.
"""

from __future__ import annotations

from pathlib import Path

from workbench.corpus.piece_corpus import PieceCorpus
from workbench.progress import Progress
from workbench.training.epochs import Trained, run_epochs
from workbench.training.relation_options import RelationOptions
from workbench.training.relation_run import RelationRun


def train_relations(
    corpus: PieceCorpus,
    options: RelationOptions,
    *,
    folder: Path,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Trained:
    """Train networks of relations; every epoch is checkpointed.

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
        If a split or a labelled relation has nothing to learn from.
    WorkbenchError
        If the loss is no number, memory runs out or the checkpoint is of another training; the
        last epoch's checkpoint stays.
    """
    return run_epochs(
        lambda: RelationRun(corpus, options, device),
        options,
        folder=folder,
        resume=resume,
        no_room="Memory ran out before the first epoch; render fewer scores.",
        smaller=f"with {options.seeds} performances to start from; take fewer with --seeds",
        progress=progress or Progress(),
    )
