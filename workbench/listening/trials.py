"""A trial: one question as a rater meets it, and the rows its answer becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import UnknownNameError
from workbench.judgements.answers import Answer, new_id
from workbench.judgements.claims import OpenTriplet
from workbench.judgements.rows import Triplet
from workbench.listening.clips import Clip

PLACES = ("first", "second", "third")  # from left to right
_NO_ANSWER = ("cannot_tell", "skip")
_REST_S = 0.1  # of a clip that may be missing where all of it is to be heard
_TREMBLE_MS = 50  # by which the clocks of page and sound may differ
_TRACE = ("heard_ms", "plays", "switches")
_MOST = 10**8  # a trace comes from a page: no number of it is trusted beyond a day or so
Trace = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Trial:
    """One question as a rater meets it.

    Attributes
    ----------
    open
        What is asked, why, and how it is laid out.
    question
        The dimension's question, in words.
    clips
        What is heard, from left to right; the anchor, if there is one, is the first.
    rubric
        What the team wrote about the dimension.
    min_heard_s
        How long each clip has to sound before an answer is taken; of a shorter one nearly all.
    """

    open: OpenTriplet
    question: str
    clips: tuple[Clip, Clip, Clip]
    rubric: str = ""
    min_heard_s: float = 0.0

    @property
    def id(self) -> str:
        """The triplet as one word."""
        return self.open.triplet.id

    @property
    def dimension(self) -> str:
        """What is asked about."""
        return self.open.triplet.dimension

    @property
    def anchor(self) -> Clip:
        """The leftmost clip."""
        return self.clips[0]

    @property
    def left(self) -> Clip:
        """The candidate on the left."""
        return self.clips[1]

    @property
    def right(self) -> Clip:
        """The candidate on the right."""
        return self.clips[2]

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered, in the order of the clips."""
        given = PLACES if self.open.odd_one_out else ("left", "right")
        return (*given, *_NO_ANSWER)

    def needed_ms(self, place: int) -> int:
        """Return how long one clip has to sound before an answer is taken."""
        nearly_all = max(0.0, self.clips[place].length_s - _REST_S)
        return round(1000 * min(self.min_heard_s, nearly_all))

    def unheard(self, trace: Trace) -> list[int]:
        """Return the places of the clips that did not sound for long enough."""
        return [
            place
            for place in range(3)
            if _whole(trace[place].get("heard_ms")) < self.needed_ms(place) - _TREMBLE_MS
        ]

    def choice(self, answer: str) -> str:
        """Translate ``left`` and ``right`` into ``a`` and ``b``; other answers stay."""
        if answer not in ("left", "right"):
            return answer
        return "a" if (answer == "left") == self.open.a_is_left else "b"

    def rows(
        self, answer: str, *, id: str, trace: Trace | None = None, **columns: Any
    ) -> list[Answer]:
        """Return what to store: one row, or the two of an odd-one-out answer.

        The one that differs from the two others says of each of these that the other is closer;
        of three that cannot be told apart, two comparisons imply the third.

        Parameters
        ----------
        answer
            One of `answers`, or ``a`` and ``b`` for ``left`` and ``right`` by item.
        id
            Of the first row.
        trace
            What was heard of each clip, from left to right: `heard_ms`, `plays`, `switches`.
        columns
            Others of `Answer`.

        Raises
        ------
        UnknownNameError
            If that is no answer to this question.
        """
        columns |= {
            "sampler": self.open.sampler,
            "sampler_score": self.open.sampler_score,
            "model_version": self.open.model_version,
            "purpose": self.open.purpose,
        }
        if not self.open.odd_one_out:
            row = self._row(self.open.triplet, self.choice(answer), trace)
            return [Answer(**row, id=id, **columns)]
        if answer not in self.answers:
            raise UnknownNameError(
                f"{answer!r} is no answer; choose one of {', '.join(self.answers)}."
            )
        rows = []
        for number, triplet in enumerate(self._comparisons(answer)):
            odd = None if answer in _NO_ANSWER else self.clips[PLACES.index(answer)].item_id
            choice = answer if odd is None else ("b" if odd == triplet.a_id else "a")
            row = self._row(triplet, choice, trace)
            own_id = id if number == 0 else new_id()
            rows.append(Answer(**row, id=own_id, answer_id=id, **columns))
        return rows

    def _comparisons(self, answer: str) -> list[Triplet]:
        ids = sorted(self.open.triplet.items)
        left_out = ids[2] if answer in _NO_ANSWER else self.clips[PLACES.index(answer)].item_id
        first, second = (item_id for item_id in ids if item_id != left_out)
        return [
            Triplet(self.dimension, first, second, left_out),
            Triplet(self.dimension, second, first, left_out),
        ]

    def _row(self, triplet: Triplet, choice: str, trace: Trace | None) -> dict[str, Any]:
        place = {clip.item_id: i for i, clip in enumerate(self.clips)}
        roles = zip(("anchor", "a", "b"), triplet.items, strict=True)
        return {
            **vars(triplet),
            "choice": choice,
            "a_is_left": place[triplet.a_id] < place[triplet.b_id],
            "clips": {role: self._presented(place[item_id], trace) for role, item_id in roles},
        }

    def _presented(self, place: int, trace: Trace | None) -> dict[str, Any]:
        clip = self.clips[place]
        presented = {
            "place": place,
            "start_s": clip.start_s,
            "length_s": clip.length_s,
            "gain_db": clip.gain_db,
            "needed_ms": self.needed_ms(place),
        }
        heard = trace[place] if trace is not None else {}
        return presented | {name: _whole(heard[name]) for name in _TRACE if name in heard}


def places(open_triplet: OpenTriplet) -> tuple[int, int, int]:
    """Return the item ids from left to right."""
    anchor, a, b = open_triplet.triplet.items
    others = [a, b] if open_triplet.a_is_left else [b, a]
    others.insert(open_triplet.anchor_place or 0, anchor)
    return others[0], others[1], others[2]


def checked_trace(trace: Any) -> Trace | None:
    """Return a trace as it came from a page, None if it is none."""
    is_trace = isinstance(trace, list | tuple) and len(trace) == len(PLACES)
    return trace if is_trace and all(isinstance(each, Mapping) for each in trace) else None


def whole_ms(value: Any) -> int | None:
    """Return a time as it came from a page in whole ms, None if it is none."""
    return None if value is None or isinstance(value, str | bytes) else _whole(value)


def _whole(value: Any) -> int:
    try:
        return min(max(int(value), 0), _MOST)
    except (TypeError, ValueError, OverflowError):
        return 0
