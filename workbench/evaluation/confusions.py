"""What a model takes for what: wrong answers grouped by the tags of the pieces.

A wrong answer takes B for closer to the anchor than A, which shares its tag. Grouped by what anchor
and B are, these are confusions. Kinds of music, instruments and moods are their own groups; a tempo
is grouped by how much faster B is, and by whether A is at half or double the anchor's tempo; a
key by the interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.keys import parse_key
from workbench.evaluation.scores import Score
from workbench.subspaces.dimensions import Dimension
from workbench.subspaces.notions import SameKey, SharedTag, TempoWithin

if TYPE_CHECKING:
    import pandas as pd

SAME_TEMPO, OCTAVE = "A at the same tempo", "A at half or double"
_BANDS = (
    (2 / 3, "B much slower"),
    (0.9, "B slower"),
    (1 / 0.9, "B about as fast"),
    (3 / 2, "B faster"),
    (np.inf, "B much faster"),
)
_STEPS = ("same", "a semitone", "a whole tone", "a minor third", "a major third", "a fifth",
          "a tritone")  # fmt: skip


@dataclass(frozen=True)
class Confusion:
    """How often anchors of one kind were answered wrong with a B of another kind.

    Attributes
    ----------
    anchor, taken
        What the anchor (or A) is, and what B is.
    wrong
        Wrong answers, of all questions of this kind.
    rows : int64 [k]
        The triplets answered wrong, the surest first.
    """

    anchor: str
    taken: str
    wrong: Score
    rows: np.ndarray


def confusions(
    dimension: Dimension, items: np.ndarray, margins: np.ndarray, tags: pd.DataFrame
) -> list[Confusion]:
    """Return the confusions of a model in one dimension, the most certain first.

    A piece with several tags counts for each. They are ordered by the lower end of the 95 %
    interval of the share that is wrong, so that two of two do not come before twenty of thirty.

    Parameters
    ----------
    dimension
        Which.
    items
        Ids of anchor, A, which is closer, and B, int64 [t, 3].
    margins
        How much further B is than A for the model, float64 [t]; wrong where not above 0.
    tags
        Of the dimension, as ``Catalogue.tags`` returns them.

    Returns
    -------
    Empty where the dimension is no matter of tags, such as what follows what.
    """
    kinds = _Kinds(dimension, tags, items)
    asked: dict[tuple[str, str], list[int]] = {}
    for row, three in enumerate(items.tolist()):
        for pair in kinds.of(*three):
            asked.setdefault(pair, []).append(row)
    found = []
    for (anchor, taken), rows in asked.items():
        wrong = np.array([row for row in rows if not margins[row] > 0], dtype=np.int64)
        wrong = wrong[np.argsort(margins[wrong], kind="stable")]
        found.append(Confusion(anchor, taken, Score(len(wrong), len(rows)), wrong))
    return sorted(found, key=lambda c: (-(c.wrong.interval or (0, 0))[0], -c.wrong.n))


class _Kinds:
    """The kinds of anchor and B by which triplets of a dimension are grouped."""

    def __init__(self, dimension: Dimension, tags: pd.DataFrame, items: np.ndarray) -> None:
        self._notion = dimension.notion
        own = tags[tags["item_id"].isin(np.unique(items).tolist())]
        self._values: dict[int, list[str]] = {}
        for item, value in zip(own["item_id"], own["value"], strict=True):
            known = self._values.setdefault(int(item), [])
            if value not in known:
                known.append(str(value))
        numbers = own.dropna(subset=["number"]).drop_duplicates("item_id")
        self._numbers = dict(zip(numbers["item_id"], numbers["number"], strict=True))

    def of(self, anchor: int, closer: int, further: int) -> Iterator[tuple[str, str]]:
        """Return the groups of a triplet."""
        match self._notion:
            case SharedTag():
                yield from self._shared(anchor, closer, further)
            case TempoWithin():
                numbers = [self._numbers.get(item) for item in (anchor, closer, further)]
                if all(numbers):
                    yield tempo_kinds(*(float(n or 0) for n in numbers))
            case SameKey():
                keys = [self._key(item) for item in (anchor, closer, further)]
                if all(keys):
                    yield _interval("A", keys[0], keys[1]), _interval("B", keys[0], keys[2])

    def _shared(self, anchor: int, closer: int, further: int) -> Iterator[tuple[str, str]]:
        theirs = self._values.get(closer, [])
        for value in self._values.get(anchor, []):
            if value in theirs:
                for other in self._values.get(further, []):
                    yield value, other

    def _key(self, item: int) -> tuple[int, bool] | None:
        return next((k for v in self._values.get(item, []) if (k := parse_key(v))), None)


def tempo_kinds(anchor: float, closer: float, further: float) -> tuple[str, str]:
    """Return how the tempi of A and B stand to the anchor's.

    Examples
    --------
    >>> tempo_kinds(60, 121, 66)
    ('A at half or double', 'B about as fast')
    >>> tempo_kinds(60, 62, 150)
    ('A at the same tempo', 'B much faster')
    """
    octave = abs(np.log2(closer / anchor)) > 0.5
    band = next(words for limit, words in _BANDS if further / anchor < limit)
    return OCTAVE if octave else SAME_TEMPO, band


def key_interval(first: tuple[int, bool], second: tuple[int, bool]) -> str:
    """Return how a key stands to another one: ``the relative key``, ``a fifth away``.

    Parameters
    ----------
    first, second
        Tonic (0 is C) and whether it is major, as `parse_key` returns them.

    Examples
    --------
    >>> key_interval((0, True), (9, False)), key_interval((0, True), (7, True))
    ('the relative key', 'a fifth away')
    >>> key_interval((0, True), (0, False)), key_interval((0, True), (4, False))
    ('the parallel key', 'a fifth and its relative')
    """
    if first[1] == second[1]:
        steps = (second[0] - first[0]) % 12
        words = _STEPS[min(steps, 12 - steps)]
        return "the same key" if words == "same" else f"{words} away"
    if first[0] == second[0]:
        return "the parallel key"
    apart = (_as_major(second) - _as_major(first)) % 12
    if apart == 0:
        return "the relative key"
    return "a fifth and its relative" if apart in (5, 7) else "further, of the other mode"


def _interval(who: str, first: tuple[int, bool] | None, second: tuple[int, bool] | None) -> str:
    return f"{who} in {key_interval(first, second)}" if first and second else who


def _as_major(key: tuple[int, bool]) -> int:
    return key[0] if key[1] else (key[0] + 3) % 12


def most_asked(found: Sequence[Confusion], *, most: int) -> tuple[list[str], list[str]]:
    """Return the kinds of anchor and of B that were asked about most, in alphabetical order.

    Parameters
    ----------
    found
        The confusions.
    most
        How many kinds of each.
    """

    def chosen(kinds: Sequence[str]) -> list[str]:
        counts: dict[str, int] = {}
        for kind, confusion in zip(kinds, found, strict=True):
            counts[kind] = counts.get(kind, 0) + confusion.wrong.n
        top = sorted(counts, key=lambda kind: -counts[kind])[:most]
        order = [words for _, words in _BANDS]
        return sorted(top, key=lambda k: (order.index(k) if k in order else 0, k))

    return chosen([c.anchor for c in found]), chosen([c.taken for c in found])
