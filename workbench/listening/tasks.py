"""Rating tasks: what a sitting asks, how it sounds, and of how many raters.

A task with a name is stored in the workspace; every rater who opens it gets the same questions
under the same conditions, and its sittings are known by it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any

from workbench.errors import WorkbenchError
from workbench.judgements.rows import Triplet

MODES = ("closer", "odd_one_out")
LONGEST_CLIP_S = 60.0


@dataclass(frozen=True, kw_only=True)
class RatingTask:
    """The set-up of a sitting.

    Attributes
    ----------
    name
        Of the task; sittings without a task have none.
    mode
        ``closer``: which of two candidates is closer to the anchor. ``odd_one_out``: which of
        three differs most from the other two.
    dimensions
        What to ask about, in rotation; ``overall`` is one of them, none is all the workspace has.
    triplets
        The questions, where they are given: (dimension, anchor, a, b). Nothing else is asked.
    items
        The songs to ask about, where not all: a selection on a map.
    sampler
        Chooses the triplets where they are not given, see `workbench.sampling`.
    clip_s
        Seconds heard of each song, its most active ones; None for whole songs.
    min_heard_s
        How long each clip has to sound before an answer is taken.
    target_lufs
        How loud clips are, BS.1770; all three are equally loud, and quieter than this where one
        would otherwise exceed full scale.
    repeats, gold
        Share of questions that repeat one of the rater's own, or whose answer is known.
    raters, shared
        How many raters judge each of the shared triplets, and which share of them is.
    turn
        Questions about one dimension before the next one's turn.
    ask_confidence
        Whether the rater says after each answer how sure they are.
    autoplay
        Whether the clips of a new triplet play by themselves, one after another.
    break_after_min
        Minutes of judging after which a break is suggested; 0 for never.
    """

    name: str = ""
    mode: str = "closer"
    dimensions: tuple[str, ...] = ()
    triplets: tuple[tuple[str, int, int, int], ...] = ()
    items: tuple[int, ...] = ()
    sampler: str = "mix"
    clip_s: float | None = 10.0
    min_heard_s: float = 1.5
    target_lufs: float = -23.0
    repeats: float = 0.1
    gold: float = 0.05
    raters: int = 1
    shared: float = 1.0
    turn: int = 5
    ask_confidence: bool = False
    autoplay: bool = True
    break_after_min: float = 25.0

    def __post_init__(self) -> None:
        """Refuse what cannot be asked.

        Raises
        ------
        WorkbenchError
            If a setting lies outside its range; the sentence names it.
        """
        texts = ("name", "mode", "sampler", "dimensions", "triplets", "items")
        numbers = (value for key, value in vars(self).items() if key not in texts)
        if not all(value is None or isinstance(value, int | float) for value in numbers):
            raise WorkbenchError("The settings of a rating task are numbers, not text.")
        checks = {
            f"The mode is one of {', '.join(MODES)}.": self.mode in MODES,
            "A clip lasts between half a second and a minute, or is the whole song.": (
                self.clip_s is None or 0.5 <= self.clip_s <= LONGEST_CLIP_S
            ),
            "A clip has to sound for 0 to 60 seconds before an answer is taken.": (
                0 <= self.min_heard_s <= 60
            ),
            "Clips are brought to between -50 and -5 LUFS.": -50 <= self.target_lufs <= -5,
            "Repeats and gold triplets are shares of 0 to 0.5.": (
                0 <= self.repeats <= 0.5 and 0 <= self.gold <= 0.5
            ),
            "A triplet is judged by 1 to 100 raters.": 1 <= self.raters <= 100,
            "The shared triplets are a share of 0 to 1.": 0 <= self.shared <= 1,
            "A turn is at least one question.": self.turn >= 1,
            "A break is suggested after some minutes, or never (0).": self.break_after_min >= 0,
            "A name has at most 80 characters.": len(self.name) <= 80,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise WorkbenchError(sentence)

    @classmethod
    def of_triplets(cls, triplets: Iterable[Iterable[Any]], **settings: Any) -> RatingTask:
        """Return a task of given questions, rows (dimension, anchor, a, b) or `Triplet`.

        Questions that are there twice, in either order of the candidates, are asked once.
        """
        listed = (t if isinstance(t, Triplet) else Triplet(*_row(t)) for t in triplets)
        rows = tuple((t.dimension, *t.items) for t in dict.fromkeys(listed))
        return cls(triplets=rows, **settings)

    def asks(self, triplet: Triplet, odd_one_out: bool) -> bool:
        """Return whether a triplet is a question of this task."""
        if odd_one_out != (self.mode == "odd_one_out"):
            return False
        if self.triplets:
            return triplet in self._listed
        return not self.items or set(triplet.items) <= set(self.items)

    @cached_property
    def _listed(self) -> set[Triplet]:
        listed = (Triplet(*row) for row in self.triplets)
        return {t.unanchored if self.mode == "odd_one_out" else t for t in listed}

    def raters_of(self, triplet: Triplet) -> int:
        """Return how many raters are to judge a triplet; the same for everybody, always."""
        if self.raters == 1 or self.shared <= 0:
            return 1
        digest = hashlib.blake2b(f"{self.name} {triplet.id}".encode(), digest_size=8).digest()
        return self.raters if int.from_bytes(digest) < self.shared * 2**64 else 1

    def as_settings(self) -> dict[str, Any]:
        """Return everything but the name, as JSON can hold it."""
        return {key: value for key, value in asdict(self).items() if key != "name"}

    @classmethod
    def from_settings(cls, name: str, settings: dict[str, Any]) -> RatingTask:
        """Read what `as_settings` wrote; settings this version does not know are passed over."""
        known = {f.name for f in fields(cls)} - {"name"}
        kept = {key: value for key, value in settings.items() if key in known}
        for key in ("dimensions", "items"):
            kept[key] = tuple(kept.get(key, ()))
        kept["triplets"] = tuple(
            (str(d), int(x), int(a), int(b)) for d, x, a, b in kept.get("triplets", ())
        )
        return cls(name=name, **kept)


def _row(row: Iterable[Any]) -> tuple[str, int, int, int]:
    values = list(row)
    if len(values) != 4 or any(_is_no_number(value) for value in values[1:]):
        raise WorkbenchError("A triplet is a dimension and three item numbers.")
    return str(values[0]), int(values[1]), int(values[2]), int(values[3])


def _is_no_number(value: Any) -> bool:
    try:
        return not math.isfinite(float(value)) or float(value) != int(value)
    except (TypeError, ValueError):
        return True
