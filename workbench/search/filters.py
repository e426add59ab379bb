"""Filters: which items a search may find, decided before anything is ranked.

Patent US 12,394,399: a query may carry a target class, such as music with vocals, so that only
items of that class are output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.keys import parse_key
from workbench.catalogue.tables import DOMAINS, ITEM_KINDS
from workbench.errors import UnknownNameError, WorkbenchError

if TYPE_CHECKING:
    from workbench.search.index import CatalogueIndex, TagRows

_SHOWN = 12
KEY_RELATIONS = ("same", "relative", "parallel", "neighbour")
# What people ask for, by the words that instrument tags have for it.
CLASSES = {
    name: frozenset(words.split())
    for name, words in {
        "vocals": "vocal vocals voice voices singer singing choir chorus soprano alto tenor",
        "drums": "drum drums drumkit percussion percussions snare cymbals hihat",
        "bass": "bass contrabass bassline",
        "strings": "string strings violin viola cello violoncello contrabass",
        "keys": "keys piano organ harpsichord keyboard clavinet celesta",
        "guitar": "guitar guitars lute mandolin banjo ukulele",
    }.items()
}
_SAME_CLASS = {"vocal": "vocals", "voice": "vocals", "voices": "vocals", "singing": "vocals",
               "drum": "drums", "percussion": "drums", "keyboard": "keys"}  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What an item must be, to be found. Whatever is left out filters nothing.

    Attributes
    ----------
    kinds, domains
        Any of these: ``("track", "song")``, ``("symbolic",)``.
    tags
        One of the values in each of these dimensions, whoever says so, human or machine; case
        does not matter: ``{"genre": ("jazz", "blues")}``.
    certain
        Only what tags know counts, not what they derive.
    tempo_bpm
        Lowest and highest tempo.
    tempo_octaves
        Half and double tempi count as the same.
    key
        A key such as ``"A minor"``, and `key_relation`: ``same``; ``relative`` (C major and A
        minor) ; ``parallel`` (A major and A minor); or ``neighbour``, a step or less on the circle
        of fifths, relatives included.
    has, without
        Instruments by class (`CLASSES`) or by their own name. A song has what its parts have. An
        item that nothing is known of is not one with drums, so `without` keeps it.
    used
        True for items of songs that were built here, False for all others.
    part_of, not_part_of
        Parts of these items, and no parts of those; the items themselves count as parts.
    duration_s
        Shortest and longest duration, either may be None.

    Notes
    -----
    A tempo or key that is known of a song holds for its parts, unless they have their own.
    """

    kinds: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    certain: bool = False
    tempo_bpm: tuple[float, float] | None = None
    tempo_octaves: bool = False
    key: str | None = None
    key_relation: str = "same"
    has: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    used: bool | None = None
    part_of: tuple[int, ...] = ()
    not_part_of: tuple[int, ...] = ()
    duration_s: tuple[float | None, float | None] = (None, None)

    def __post_init__(self) -> None:
        """Refuse what can match nothing, and say what could be meant."""
        _check_names("kind", self.kinds, ITEM_KINDS)
        _check_names("domain", self.domains, DOMAINS)
        _check_names("key relation", (self.key_relation,), KEY_RELATIONS)
        if self.key is not None and parse_key(self.key) is None:
            raise WorkbenchError(f"{self.key!r} is no key; write it like `A minor` or `Eb major`.")
        for what, unit, limits in (
            ("tempo", "bpm", self.tempo_bpm or (None, None)),
            ("duration", "s", self.duration_s),
        ):
            low, high = (float(x) if x is not None else None for x in limits)
            if not all(x is None or (np.isfinite(x) and x >= 0) for x in (low, high)):
                raise WorkbenchError(f"A {what} is a number of {unit} above zero.")
            if low is not None and high is not None and low > high:
                raise WorkbenchError(
                    f"A {what} between {low:g} and {high:g} {unit} is none; put the lower one "
                    "first."
                )

    def mask(self, index: CatalogueIndex) -> np.ndarray:
        """Return which items pass, bool [n], by the rows of an index."""
        allowed = np.ones(len(index), dtype=bool)
        if self.kinds:
            allowed &= np.isin(index.kind, [ITEM_KINDS.index(k) for k in self.kinds])
        if self.domains:
            allowed &= np.isin(index.domain, [DOMAINS.index(d) for d in self.domains])
        for dimension, values in self.tags.items():
            allowed &= self._tagged(index, _tags(index, dimension, values))
        if self.tempo_bpm is not None:
            allowed &= _tempo_between(index.tempo_bpm, *self.tempo_bpm, octaves=self.tempo_octaves)
        if self.key is not None:
            allowed &= related_keys(index.tonic, index.major, self.key, self.key_relation)
        for name in self.has:
            allowed &= self._plays(index, name)
        for name in self.without:
            allowed &= ~self._plays(index, name)
        if self.used is not None:
            allowed &= (index.uses > 0) == self.used
        if self.part_of:
            allowed &= index.parts(index.rows(self.part_of))
        if self.not_part_of:
            allowed &= ~index.parts(index.rows(self.not_part_of))
        low, high = self.duration_s
        if low is not None:
            allowed &= index.duration_s >= low
        if high is not None:
            allowed &= index.duration_s <= high
        return allowed

    def _tagged(self, index: CatalogueIndex, tags: Iterable[TagRows]) -> np.ndarray:
        has = np.zeros(len(index), dtype=bool)
        for tag in tags:
            has[tag.rows[~tag.weak] if self.certain else tag.rows] = True
        return has

    def _plays(self, index: CatalogueIndex, name: str) -> np.ndarray:
        """Return who plays an instrument or a class of them: itself or one of its parts."""
        wanted = name.strip().casefold()
        words = CLASSES.get(_SAME_CLASS.get(wanted, wanted), frozenset([wanted]))
        known = index.tags.get("instrument", {})
        found = [
            tag
            for value, tag in known.items()
            if value == wanted or not words.isdisjoint(re.findall(r"\w+", value))
        ]
        if not found and words == {wanted}:
            others = [t.value for t in known.values() if t.value not in {*CLASSES, *_SAME_CLASS}]
            raise UnknownNameError(
                f"No item is tagged with the instrument {name!r}; ask for {', '.join(CLASSES)}"
                + (f", {_some(others)}." if others else ".")
            )
        has = self._tagged(index, found)
        wholes = index.parent[has]
        has[wholes[wholes >= 0]] = True
        return has


def _tags(index: CatalogueIndex, dimension: str, values: Iterable[str]) -> list[TagRows]:
    if dimension not in index.tags:
        raise UnknownNameError(
            f"No item is tagged with {dimension!r}; tags are of {_some(index.tags) or 'nothing'}."
        )
    known = index.tags[dimension]
    missing = [value for value in values if str(value).casefold() not in known]
    if missing:
        raise UnknownNameError(
            f"No item has the {dimension} {missing[0]!r}; there are "
            f"{_some(tag.value for tag in known.values())}."
        )
    return [known[str(value).casefold()] for value in values]


def _some(names: Iterable[str]) -> str:
    """Return a few names of many in words."""
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def related_keys(tonic: np.ndarray, major: np.ndarray, key: str, relation: str) -> np.ndarray:
    """Return which keys stand in a relation to one, bool [n]; unknown ones in none.

    Parameters
    ----------
    tonic, major
        int [n], -1 for unknown, and bool [n].
    key
        A key's name.
    relation
        One of `KEY_RELATIONS`; each includes the same key.
    """
    parsed = parse_key(key)
    assert parsed is not None
    same = (tonic == parsed[0]) & (major == parsed[1])
    if relation == "parallel":
        same |= tonic == parsed[0]
    elif relation in ("relative", "neighbour"):
        # A key's place on the circle of fifths is that of its relative major.
        here = ((parsed[0] + (0 if parsed[1] else 3)) * 7) % 12
        places = ((tonic.astype(int) + np.where(major, 0, 3)) * 7) % 12
        steps = np.minimum((places - here) % 12, (here - places) % 12)
        same |= steps <= (1 if relation == "neighbour" else 0)
    return same & (tonic >= 0)


def _tempo_between(bpm: np.ndarray, low: float, high: float, *, octaves: bool) -> np.ndarray:
    found = (bpm >= low) & (bpm <= high)
    if octaves:
        with np.errstate(divide="ignore", invalid="ignore"):
            # Some doubling lies in [low, high] if a whole number lies between the two logarithms.
            first = np.ceil(np.log2(max(low, 1e-9) / bpm) - 1e-9)
            found |= first <= np.log2(high / bpm) + 1e-9
    return found


def _check_names(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"There is no {what} {name!r}; choose among {', '.join(known)}.")
