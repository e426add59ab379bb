"""More with these tags: items that have what is liked about one, by whoever says so.

WO 2023/003505, paragraph 64: tags are stored with items, and items with the attributes that a user
likes are recommended. A tag counts 1 for an item where a person gave it, 0.5 where it is only
derived, else, where machine tags are to count, the tagger's score from its threshold on, else 0. An
item's score is the mean over the chosen tags, so that it is between 0 and 1 and says which share of
what is liked the item has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.words import NO_WORDS
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.heard_tags import HeardTags, heard_tags
from workbench.search.index import CatalogueIndex, catalogue_index

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

PERSON, DERIVED, MACHINE = "person", "derived", "machine"
_ORDER = {PERSON: 0, DERIVED: 1, MACHINE: 2, "": 3}
_DERIVED_COUNTS = 0.5


@dataclass(frozen=True)
class SaidTag:
    """A tag of an item and who says so: `PERSON`, `DERIVED` or `MACHINE`, with its score."""

    dimension: str
    value: str
    by: str
    score: float

    @property
    def name(self) -> tuple[str, str]:
        """Dimension and value."""
        return self.dimension, self.value


def tags_of_item(
    ws: Workspace, item: int, *, machine: bool = False, threshold: float | None = None
) -> list[SaidTag]:
    """Return what an item is tagged with, people's words first, then by score.

    Parameters
    ----------
    ws
        The workspace.
    item
        Its id.
    machine
        Whether tags that a machine heard count, where nobody gave them.
    threshold
        The score from which on they do; by default that of the tagger.

    Raises
    ------
    UnknownNameError
        If there is no such item.
    """
    said = _Said.of(ws, machine=machine, threshold=threshold)
    rows = said.index.rows([item])
    if not len(rows):
        raise UnknownNameError(f"There is no item {item}.")
    sources = [said.index.tags, said.heard.tags if said.heard else {}]
    spelled: dict[tuple[str, str], str] = {}
    for dimension, key, tag in (
        (dimension, key, tag)
        for tags in sources
        for dimension, values in tags.items()
        for key, tag in values.items()
        if dimension not in NO_WORDS and rows[0] in tag.rows
    ):
        spelled.setdefault((dimension, key), tag.value)  # as people spell it
    found = [said.tag(rows[0], dimension, value) for (dimension, _), value in spelled.items()]
    return sorted(found, key=lambda tag: (_ORDER[tag.by], -tag.score, tag.name))


def more_with_tags(
    ws: Workspace,
    tags: Sequence[tuple[str, str]],
    *,
    item: int | None = None,
    machine: bool = False,
    threshold: float | None = None,
    filters: Filters | None = None,
    count: int = 10,
) -> pd.DataFrame:
    """Return the items that have most of some tags, those first.

    Parameters
    ----------
    ws
        The workspace.
    tags
        (dimension, value) of those that are liked; case does not matter.
    item
        The item they are of; it, its parts and its song are not found.
    machine
        Whether scores of the tagger that ran last count where no person gave the tag.
    threshold
        The score from which on they do; by default that of the tagger.
    filters
        Which items may be found; by default all.
    count
        How many.

    Returns
    -------
    A table indexed by item_id: title, artist, kind, domain, ``score`` (0 to 1) and ``said``, the
    chosen tags that each has as a list of `SaidTag`. Of equals, what is ranked higher goes before
    (`rankings.ranking`), then what is older.

    Raises
    ------
    WorkbenchError
        If no tag is chosen.
    """
    import pandas as pd

    if not tags:
        raise WorkbenchError("No tag is chosen: switch on at least one.")
    said = _Said.of(ws, machine=machine, threshold=threshold)
    index = said.index
    chosen = list(dict.fromkeys((dimension, value) for dimension, value in tags))
    score = np.mean([said.scores(*name) for name in chosen], axis=0)
    wanted = filters or Filters()
    allowed = wanted.mask(index, said.heard) & (score > 0)
    if item is not None:
        allowed &= ~index.family(index.rows([item]))
    rows = np.flatnonzero(allowed)
    rows = rows[np.lexsort((rows, -index.score[rows], -score[rows]))][:count]
    found = ws.catalogue.items().loc[index.ids[rows], ["title", "artist", "kind", "domain"]]
    found.index.name = "item_id"
    found["score"] = score[rows]
    every = [[said.tag(int(row), *name) for name in chosen] for row in rows]
    has = [[tag for tag in each if tag.score > 0] for each in every]
    found["said"] = pd.Series(has, index=found.index, dtype=object)
    return found


@dataclass(frozen=True, eq=False)
class _Said:
    """All tags of a catalogue, and what a machine heard where that counts."""

    index: CatalogueIndex
    heard: HeardTags | None
    _columns: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def of(cls, ws: Workspace, *, machine: bool, threshold: float | None) -> _Said:
        from workbench.tagging.machine_tags import machine_taggers

        index = catalogue_index(ws)
        heard = None
        if machine and machine_taggers(ws):
            heard = heard_tags(ws, threshold=threshold, index=index)
        return cls(index, heard)

    def scores(self, dimension: str, value: str) -> np.ndarray:
        """Return how far each item has a tag, float64 [n], 0 to 1."""
        return self._column(dimension, value)[0]

    def tag(self, row: int, dimension: str, value: str) -> SaidTag:
        """Return what is said of one item and who says it."""
        scores, by = self._column(dimension, value)
        return SaidTag(dimension, value, list(_ORDER)[by[row]], float(scores[row]))

    def _column(self, dimension: str, value: str) -> tuple[np.ndarray, np.ndarray]:
        known = self._columns.get((dimension, value))
        if known is None:
            known = self._columns[dimension, value] = self._read(dimension, value)
        return known

    def _read(self, dimension: str, value: str) -> tuple[np.ndarray, np.ndarray]:
        scores = np.zeros(len(self.index))
        by = np.full(len(self.index), _ORDER[""])
        if self.heard is not None:
            heard = self.heard.score(dimension, value).astype(float)
            counts = heard >= self.heard.threshold
            scores[counts], by[counts] = heard[counts], _ORDER[MACHINE]
        tag = self.index.tags.get(dimension, {}).get(value.casefold())
        if tag is not None:
            derived, given = tag.rows[tag.weak], tag.rows[~tag.weak]
            scores[derived], by[derived] = _DERIVED_COUNTS, _ORDER[DERIVED]
            scores[given], by[given] = 1.0, _ORDER[PERSON]
        return scores, by
