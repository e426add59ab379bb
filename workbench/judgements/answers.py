"""One answer to one triplet, as it comes from a rater."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from workbench import __version__
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.judgements.rows import ANSWERS, CONFIDENCES, Triplet


def new_id() -> str:
    """Return a fresh UUID for a session or a judgement."""
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to one triplet, before it is stored.

    Choice ``a`` says that `a_id` is closer to the anchor than `b_id`; ``cannot_tell`` is an
    answer, ``skip`` is none. The `id` is made where the answer is given: sending it twice stores
    it once. `clips` says what was presented and heard, see `workbench.catalogue.tables.Judgement`.
    """

    session_id: str
    rater: str
    dimension: str
    anchor_id: int
    a_id: int
    b_id: int
    choice: str
    a_is_left: bool = True
    sampler: str = "random"
    id: str = field(default_factory=new_id)
    answer_id: str | None = None
    confidence: int | None = None
    response_ms: int | None = None
    clips: dict[str, dict[str, Any]] | None = None
    clip_length_s: float | None = None
    purpose: str = "new"
    sampler_score: float | None = None
    model_version: str | None = None
    app_version: str = __version__

    def __post_init__(self) -> None:
        """Refuse an answer that answers nothing."""
        if self.choice not in ANSWERS:
            raise UnknownNameError(
                f"{self.choice!r} is no answer; choose one of {', '.join(ANSWERS)}."
            )
        if len({self.anchor_id, self.a_id, self.b_id}) < 3:
            raise UnknownNameError("A triplet needs three different items.")
        if not 1 <= len(self.id) <= 36 or not self.id.isprintable():
            raise UnknownNameError("A judgement is known by an id of at most 36 characters.")
        if self.confidence not in (None, *CONFIDENCES):
            raise UnknownNameError(
                "Confidence is 1 (a guess), 2 (fairly sure) or 3 (certain), or not said."
            )

    @property
    def triplet(self) -> Triplet:
        """The question answered."""
        return Triplet(self.dimension, self.anchor_id, self.a_id, self.b_id)

    @property
    def claimed(self) -> Triplet:
        """What was claimed for it: of an odd-one-out question, its three items in order."""
        return self.triplet if self.answer_id is None else self.triplet.unanchored


def rater_name(name: str) -> str:
    """Return a rater's name without stray blanks.

    Raises
    ------
    WorkbenchError
        If nothing is left of it, or it is longer than 80 characters.
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not name:
        raise WorkbenchError("Please give your name, so that your judgements are known as yours.")
    if len(name) > 80:
        raise WorkbenchError("Please give a name of at most 80 characters.")
    return name
