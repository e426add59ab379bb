"""A trial: one triplet as a rater meets it, and how far the rater is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.listening.clips import Clip


@dataclass(frozen=True)
class Trial:
    """One triplet as a rater meets it: an anchor and two candidates, on sides drawn by lot."""

    id: str
    dimension: str
    question: str
    anchor: Clip
    left: Clip
    right: Clip
    a_is_left: bool
    sampler: str
    sampler_score: float | None = None

    def choice(self, answer: str) -> str:
        """Translate ``left`` and ``right`` into ``a`` and ``b``; other answers stay."""
        if answer not in ("left", "right"):
            return answer
        return "a" if (answer == "left") == self.a_is_left else "b"


@dataclass(frozen=True)
class Progress:
    """How far a rater is: judged this session, by dimension, skipped, and judged today."""

    session: int
    by_dimension: dict[str, int]
    skipped: int
    today: int


def rater_name(name: str) -> str:
    """Return a rater's name without stray blanks.

    Raises
    ------
    WorkbenchError
        If nothing is left of it, or it is longer than 80 characters.
    """
    name = " ".join(name.split())
    if not name:
        raise WorkbenchError("Please give your name, so that your judgements are known as yours.")
    if len(name) > 80:
        raise WorkbenchError("Please give a name of at most 80 characters.")
    return name


def by_candidate(heard: Mapping[str, int] | None, *, a_is_left: bool) -> dict[str, int] | None:
    """Return how long each item was heard by `anchor`, `a` and `b` instead of by side."""
    if heard is None:
        return None
    sides = {"anchor": "anchor", "left": "a", "right": "b"}
    if not a_is_left:
        sides |= {"left": "b", "right": "a"}
    return {sides.get(name, name): int(ms) for name, ms in heard.items()}
