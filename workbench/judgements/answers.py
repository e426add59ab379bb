"""One answer to one triplet, as it comes from a rater."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from workbench import __version__
from workbench.errors import UnknownNameError
from workbench.judgements.rows import ANSWERS, Triplet


def new_id() -> str:
    """Return a fresh UUID for a session or a judgement."""
    return str(uuid.uuid4())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer to one triplet, before it is stored.

    Choice ``a`` says that `a_id` is closer to the anchor than `b_id`; ``cannot_tell`` is an
    answer, ``skip`` is none. The `id` is made where the answer is given: sending it twice stores
    it once.
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
    response_ms: int | None = None
    heard_ms: dict[str, int] | None = None
    clip_start_s: float = 0.0
    clip_length_s: float | None = None
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

    @property
    def triplet(self) -> Triplet:
        """The question answered."""
        return Triplet(self.dimension, self.anchor_id, self.a_id, self.b_id)
