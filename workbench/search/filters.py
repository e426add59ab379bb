"""Filters: which items a search may find, decided before anything is ranked.

Patent US 12,394,399: a query may carry a target class, such as music with vocals, so that only
items of that class are output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from workbench.catalogue.keys import parse_key
from workbench.catalogue.tables import DOMAINS, ITEM_KINDS
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.tempo_key import KEY_RELATIONS, related_keys, tempo_between

if TYPE_CHECKING:
    from workbench.search.heard_tags import HeardTags
    from workbench.search.index import CatalogueIndex, TagRows

Tags: TypeAlias = "Mapping[str, Mapping[str, TagRows]]"  # by dimension and case-folded value
_SHOWN = 12
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
        One of the values in each of these dimensions, as tags of the catalogue say; case does not
        matter: ``{"genre": ("jazz", "blues")}``.
    certain
        Only what tags know counts, not what they derive or a machine heard.
    machine
        What a tagger heard counts, too, in `tags`, `has` and `without`. Never unless asked for.
    machine_threshold
        The score from which on it does, 0 to 1; by default that of the tagger.
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
    machine: bool = False
    machine_threshold: float | None = None
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
        if self.machine_threshold is not None and not 0 <= self.machine_threshold <= 1:
            raise WorkbenchError("The score of a machine tag is a number from 0 to 1.")
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

    def mask(self, index: CatalogueIndex, heard: HeardTags | None = None) -> np.ndarray:
        """Return which items pass, bool [n], by the rows of an index.

        Parameters
        ----------
        index
            The catalogue.
        heard
            What counts where `machine` is asked for.

        Raises
        ------
        UnknownNameError
            If no item has a tag or an instrument that is asked for.
        """
        sources: list[Tags] = [index.tags]
        if self.machine and heard is not None:
            sources.append(heard.tags)
        self._check_tags(sources)
        return self._mask(index, sources)

    def by_people(self, index: CatalogueIndex) -> np.ndarray:
        """Return which items pass without any machine tag, bool [n]."""
        return self._mask(index, [index.tags])

    def wanted_tags(self, tags: Tags) -> list[tuple[str, TagRows]]:
        """Return those of some tags that an item may pass by, each with its dimension."""
        found = [
            (dimension, tags[dimension][str(value).casefold()])
            for dimension, values in self.tags.items()
            for value in values
            if str(value).casefold() in tags.get(dimension, {})
        ]
        for name in self.has:
            found += [("instrument", tag) for tag in _instruments([tags], name)]
        return found

    def _mask(self, index: CatalogueIndex, sources: Sequence[Tags]) -> np.ndarray:
        allowed = np.ones(len(index), dtype=bool)
        if self.kinds:
            allowed &= np.isin(index.kind, [ITEM_KINDS.index(k) for k in self.kinds])
        if self.domains:
            allowed &= np.isin(index.domain, [DOMAINS.index(d) for d in self.domains])
        for dimension, values in self.tags.items():
            allowed &= self._tagged(index, _tags(sources, dimension, values))
        if self.tempo_bpm is not None:
            allowed &= tempo_between(index.tempo_bpm, *self.tempo_bpm, octaves=self.tempo_octaves)
        if self.key is not None:
            allowed &= related_keys(index.tonic, index.major, self.key, self.key_relation)
        for name in self.has:
            allowed &= self._plays(index, sources, name)
        for name in self.without:
            allowed &= ~self._plays(index, sources, name)
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

    def _plays(self, index: CatalogueIndex, sources: Sequence[Tags], name: str) -> np.ndarray:
        """Return who plays an instrument or a class of them: itself or one of its parts."""
        has = self._tagged(index, _instruments(sources, name))
        wholes = index.parent[has]
        has[wholes[wholes >= 0]] = True
        return has

    def _check_tags(self, sources: Sequence[Tags]) -> None:
        """Refuse a tag that no item has, and say which there are."""
        for dimension, values in self.tags.items():
            known = _values(sources, dimension)
            if not any(dimension in tags for tags in sources):
                every = dict.fromkeys(name for tags in sources for name in tags)
                raise UnknownNameError(
                    f"No item is tagged with {dimension!r}; tags are of "
                    f"{_some(every) or 'nothing'}."
                )
            for value in values:
                if str(value).casefold() not in known:
                    raise UnknownNameError(
                        f"No item has the {dimension} {value!r}; there are {_some(known.values())}."
                    )
        for name in (*self.has, *self.without):
            if not _instruments(sources, name) and _instrument(name) not in CLASSES:
                named = _values(sources, "instrument").values()
                others = [value for value in named if value not in {*CLASSES, *_SAME_CLASS}]
                raise UnknownNameError(
                    f"No item is tagged with the instrument {name!r}; ask for {', '.join(CLASSES)}"
                    + (f", {_some(others)}." if others else ".")
                )


def _values(sources: Sequence[Tags], dimension: str) -> dict[str, str]:
    """Return the values of a dimension as they are spelled, by their case-folded spelling."""
    return {
        key: t.value for tags in reversed(sources) for key, t in tags.get(dimension, {}).items()
    }


def _tags(sources: Sequence[Tags], dimension: str, values: Iterable[str]) -> list[TagRows]:
    wanted = [str(value).casefold() for value in values]
    known = [tags.get(dimension, {}) for tags in sources]
    return [tags[value] for tags in known for value in wanted if value in tags]


def _instrument(name: str) -> str:
    wanted = name.strip().casefold()
    return _SAME_CLASS.get(wanted, wanted)


def _instruments(sources: Sequence[Tags], name: str) -> list[TagRows]:
    """Return the tags of an instrument or of a class of them."""
    wanted = name.strip().casefold()
    words = CLASSES.get(_instrument(name), frozenset([wanted]))
    return [
        tag
        for tags in sources
        for value, tag in tags.get("instrument", {}).items()
        if value == wanted or not words.isdisjoint(re.findall(r"\w+", value))
    ]


def _some(names: Iterable[str]) -> str:
    """Return a few names of many in words."""
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _check_names(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(f"There is no {what} {name!r}; choose among {', '.join(known)}.")
