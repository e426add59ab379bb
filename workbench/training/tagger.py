"""Train a tagger on the tags of a catalogue, or a student on a teacher's guesses as well.

Noisy student training (WO 2023/003505, figures 4 and 5; Xie et al. 2020): a teacher learns from
labelled music, says what it hears in unlabelled music, and a student learns from both under noise.
The student may be the next one's teacher.
"""

from __future__ import annotations

from pathlib import Path

from workbench.backbones.tagger_card import TaggerCard
from workbench.backbones.tagger_store import TaggerNetwork
from workbench.errors import NotReadyError, WorkbenchError
from workbench.progress import Progress
from workbench.training.epochs import Trained, run_epochs
from workbench.training.pseudo_labels import hardened, pseudo_labels
from workbench.training.tagger_data import TaggerData
from workbench.training.tagger_options import TaggerOptions
from workbench.training.tagger_run import TaggerRun


def train_tagger(
    data: TaggerData,
    options: TaggerOptions,
    *,
    folder: Path,
    teacher: tuple[TaggerNetwork, TaggerCard] | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Trained:
    """Train a tagger; every step can be gone on from.

    Parameters
    ----------
    data
        Its ``train`` rows teach, its ``validation`` rows choose the epoch.
    options
        How.
    folder
        Where ``checkpoint.pt`` and the teacher's ``pseudo_labels.npz`` are kept.
    teacher
        Whose pseudo-labels of the unlabelled items in training are learned as well.
    resume
        Go on from the checkpoint; the result is that of an uninterrupted training.
    device
        ``cpu`` or ``cuda``.
    progress
        Told about every step, and by the event ``epoch`` about every epoch.

    Raises
    ------
    NotReadyError
        If there is nothing to choose the epoch by, or nothing unlabelled for a student.
    WorkbenchError
        If the teacher knows other tags, the loss is no number, memory runs out or the checkpoint
        is of another training; the last epoch's checkpoint stays.
    """
    options.check()
    progress = progress or Progress()
    check_trainable(data, teacher[1] if teacher else None)
    unlabelled, guesses = None, None
    if teacher is not None:
        network, card = teacher
        unlabelled = data.rows("train", labelled=False)
        guesses = pseudo_labels(
            network, card, data, unlabelled, folder=folder, device=device, progress=progress
        )
        if options.pseudo_labels == "hard":
            guesses = hardened(guesses, card.thresholds)
    return run_epochs(
        lambda: TaggerRun(data, options, device, unlabelled=unlabelled, guesses=guesses),
        options,
        folder=folder,
        resume=resume,
        no_room="Memory ran out before the first epoch; make the network smaller with --channels.",
        smaller=f"with {options.batch} excerpts in a batch; take fewer with --batch",
        progress=progress,
    )


def check_trainable(data: TaggerData, teacher: TaggerCard | None) -> None:
    """Refuse what a tagger cannot be trained on.

    Raises
    ------
    NotReadyError
        If there is nothing to choose the epoch by, or nothing unlabelled for a student.
    WorkbenchError
        If the teacher knows other tags.
    """
    if not data.labels.truth[data.rows("validation", labelled=True)].any():
        raise NotReadyError(
            "No item that is held out for validation has a tag; tag items of more artists."
        )
    if teacher is None:
        return
    _check_vocabulary(teacher, data)
    if not len(data.rows("train", labelled=False)):
        raise NotReadyError(
            "Every item to learn from has tags, so a teacher has nothing to add; import music "
            "without tags, or train without --student."
        )


def _check_vocabulary(card: TaggerCard, data: TaggerData) -> None:
    missing = sorted(set(card.tags) ^ set(data.labels.tags))
    if missing:
        name = missing[0]
        who = "teacher" if name in card.tags else "catalogue"
        raise WorkbenchError(
            f"{card.key} knows {len(card.tags)} tags and is to teach {len(data.labels.tags)}: "
            f"only the {who} has {name.value!r} of {name.dimension}; name the table of tags that "
            "the teacher learned from with --tags, or train a new teacher."
        )
