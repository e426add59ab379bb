"""How a tagger is trained, and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from workbench.backbones.tagger_card import SMALL, TaggerShape
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.training.noise import find_noise

STUDENTS = ("expand", "distil")
PSEUDO_LABELS = ("soft", "hard")
_NARROWEST = 32


@dataclass(frozen=True)
class TaggerOptions:
    """How a tagger is trained.

    Attributes
    ----------
    shape
        The network.
    noise
        The augmentations: ``none``, ``reference`` or ``patent``, see `workbench.training.noise`.
    teacher
        Key of the tagger whose pseudo-labels are learned, too; empty without one.
    pseudo_labels
        ``soft``, the teacher's probabilities, or ``hard``, whether a tag passes its threshold.
    rate
        Of Adam, at its highest.
    epochs, steps
        Epochs at most, and batches in each.
    batch
        Excerpts in a batch; with a teacher half of them are unlabelled.
    clip_s
        How much of each item is kept to draw excerpts from.
    mixed_precision
        Compute the network in bfloat16 where that is enough.
    seed
        Of everything that is left to chance.
    """

    shape: TaggerShape = field(default_factory=lambda: SMALL)
    noise: str = "reference"
    teacher: str = ""
    pseudo_labels: str = "soft"
    rate: float = 1e-3
    epochs: int = 30
    steps: int = 50
    batch: int = 32
    clip_s: float = 30.0
    mixed_precision: bool = True
    seed: int = 0

    def check(self) -> None:
        """Refuse what cannot be trained.

        Raises
        ------
        UnknownNameError
            If a network, a preset of augmentations or a kind of labels is unknown.
        WorkbenchError
            If a number makes no sense.
        """
        self.shape.check()
        find_noise(self.noise)
        if self.pseudo_labels not in PSEUDO_LABELS:
            raise UnknownNameError(
                f"Pseudo-labels are {' or '.join(PSEUDO_LABELS)}, not {self.pseudo_labels!r}."
            )
        if min(self.epochs, self.steps) < 1 or self.batch < 2:
            raise WorkbenchError("Epochs and steps are at least 1, a batch has 2 excerpts.")
        if not 0 < self.rate < 10:
            raise WorkbenchError("The rate lies between 0 and 10.")
        if not self.shape.seconds <= self.clip_s <= 600:
            raise WorkbenchError(
                f"As much as an excerpt, {self.shape.seconds:g} s, is kept of an item at least, "
                "and 600 s at most."
            )


def check_student(student: str | None) -> None:
    """Refuse a kind of student that there is not; None is none.

    Raises
    ------
    UnknownNameError
        With the kinds there are.
    """
    if student not in (None, *STUDENTS):
        raise UnknownNameError(f"A student is one to {' or '.join(STUDENTS)}, not {student!r}.")


def student_shape(teacher: TaggerShape, student: str) -> TaggerShape:
    """Return the shape of a student: as large as its teacher to expand, smaller to distil.

    Distilling halves the channels and quarters the width, which takes the published network of
    4.57 million parameters to the one of 0.49 million.

    Raises
    ------
    UnknownNameError
        If there is no such kind of student.

    Examples
    --------
    >>> from workbench.backbones.tagger_card import PUBLISHED, SMALL
    >>> student_shape(PUBLISHED, "distil") == SMALL
    True
    """
    check_student(student)
    if student == "expand":
        return teacher
    width = max(teacher.width // 4, min(_NARROWEST, teacher.width))
    width -= width % teacher.heads
    return replace(teacher, channels=max(teacher.channels // 2, 1), width=max(width, teacher.heads))
