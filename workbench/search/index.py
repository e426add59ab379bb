"""What filters and rankings ask of every item, as arrays that are read once and kept.

A search over 100,000 items may take a few milliseconds, reading their rows takes a second. So
the rows become arrays, kept until the database says that it has been written to: SQLite counts the
commits of others (``PRAGMA data_version``), PostgreSQL names the transactions a snapshot sees. Both
answer in microseconds and miss nothing, but change with every judgement, too. After a change, the
counts and sums of the tables that matter say whether they have changed as well; only then are
they read again. Titles and artists are not kept: the few of a result are read when it is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.keys import parse_key
from workbench.catalogue.tables import (
    DOMAINS,
    ITEM_KINDS,
    Item,
    Rating,
    SubmixPart,
    Tag,
    TagVerdict,
    Use,
)
from workbench.search.rankings import tie_scores

if TYPE_CHECKING:
    from workbench.catalogue.database import Database
    from workbench.workspace import Workspace

_VERSION_OF = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}


@dataclass(frozen=True, eq=False)
class CatalogueIndex:
    """The items of a workspace by row, the oldest first.

    Attributes
    ----------
    ids : int64 [n]
        Ascending.
    kind, domain : int8 [n]
        Places in `ITEM_KINDS` and `DOMAINS`.
    parent : int64 [n]
        The row of the song an item is a part of, -1 for none.
    duration_s : float64 [n]
        NaN where nobody knows.
    tempo_bpm : float64 [n]
        Of the item, else of its song; NaN where nobody knows.
    tonic, major : int8 [n], bool [n]
        The key of the item, else of its song; tonic -1 where nobody knows.
    uses : int64 [n]
        How often songs were exported with it.
    score : float64 [n]
        `rankings.tie_scores`: which of two equals goes before.
    members : int64 [m, 2]
        Rows of submixes and of the items heard in them.
    tags
        For each dimension the values as they are spelled first, by their case-folded spelling,
        with the rows that have them and whether that is only derived.
    """

    ids: np.ndarray
    kind: np.ndarray
    domain: np.ndarray
    parent: np.ndarray
    duration_s: np.ndarray
    tempo_bpm: np.ndarray
    tonic: np.ndarray
    major: np.ndarray
    uses: np.ndarray
    score: np.ndarray
    members: np.ndarray
    tags: dict[str, dict[str, TagRows]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Iterable[int] | np.ndarray) -> np.ndarray:
        """Return the rows of those of `ids` that are in the catalogue, int64."""
        wanted = np.asarray(list(ids) if not isinstance(ids, np.ndarray) else ids, dtype=np.int64)
        found = np.searchsorted(self.ids, wanted)
        known = found < len(self.ids)
        known[known] = self.ids[found[known]] == wanted[known]
        return found[known]

    def family(self, rows: np.ndarray) -> np.ndarray:
        """Return which items are `rows`, their parts, or what they are parts of, bool [n]."""
        return self.parts(rows) | self._wholes(rows)

    def parts(self, rows: np.ndarray) -> np.ndarray:
        """Return which items are `rows` or parts of them, bool [n]; members of submixes, too."""
        submix, member = self.members.T
        return self._closure(rows, (self.parent, np.arange(len(self))), (submix, member))

    def _wholes(self, rows: np.ndarray) -> np.ndarray:
        has = self.parent >= 0
        upward = (np.flatnonzero(has), self.parent[has])
        submix, member = self.members.T
        return self._closure(rows, upward, (member, submix))

    def _closure(self, rows: np.ndarray, *edges: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Return what can be reached from `rows` along edges (from rows, to rows), bool [n]."""
        reached = np.zeros(len(self) + 1, dtype=bool)  # the last stands for -1, no parent
        reached[rows] = True
        while True:
            before = int(reached.sum())
            for start, end in edges:
                reached[end[reached[start]]] = True
            if int(reached.sum()) == before:
                return reached[:-1]


@dataclass(frozen=True, eq=False)
class TagRows:
    """One value of a dimension: how it is spelled, which rows have it, bool: only derived."""

    value: str
    rows: np.ndarray
    weak: np.ndarray


class _Kept:
    """The index of one workspace, and what the database said when it was read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()  # Lab runs callbacks in threads
        self._connection: sa.Connection | None = None
        self._version: Any = None
        self._state: Any = None
        self._index: CatalogueIndex | None = None

    def index(self) -> CatalogueIndex:
        """Return the index as the database is now."""
        with self._lock:
            version = self._ask_version()
            if self._index is None or version is None or version != self._version:
                with self._database.read() as session:
                    state = _state(session)
                    if self._index is None or state != self._state:
                        self._index, self._state = _read(session), state
                self._version = version
            return self._index

    def _ask_version(self) -> Any:
        """Return a value that is another one after every write; None where there is none."""
        question = _VERSION_OF.get(self._database.engine.dialect.name)
        if question is None:
            return None
        if not self._database.is_sqlite:
            with self._database.engine.connect() as connection:
                return connection.scalar(sa.text(question))
        if self._connection is None:  # SQLite's counts are those of one connection
            self._connection = self._database.engine.connect()
        return self._connection.scalar(sa.text(question))


_kept: WeakKeyDictionary[Workspace, _Kept] = WeakKeyDictionary()


def catalogue_index(ws: Workspace) -> CatalogueIndex:
    """Return the index of a workspace, read again only where the catalogue has changed."""
    return _kept.setdefault(ws, _Kept(ws.database)).index()


def _state(session: sa.orm.Session) -> tuple[Any, ...]:
    """Return counts and sums that differ after any change the catalogue can make."""
    items = (
        sa.select(
            Item.kind,
            Item.domain,
            sa.func.count(),
            sa.func.max(Item.id),
            sa.func.count(Item.parent_id),
            sa.func.sum(Item.parent_id),
            sa.func.sum(Item.duration_s),
        )
        .group_by(Item.kind, Item.domain)
        .order_by(Item.kind, Item.domain)
    )
    # A tag may follow another under its number when a verdict is taken back: verdicts only grow.
    columns = (Tag.id, TagVerdict.at, Use.id, Rating.id, SubmixPart.submix_id)
    rest = [sa.select(sa.func.count(), sa.func.max(column)) for column in columns]
    rows = session.execute(items).all()
    return (*map(tuple, rows), *(tuple(session.execute(query).one()) for query in rest))


def _read(session: sa.orm.Session) -> CatalogueIndex:
    ids, kinds, domains, parents, durations = _columns(
        session, Item.id, Item.kind, Item.domain, Item.parent_id, Item.duration_s
    )
    item_ids = ids.astype(np.int64)
    parent = _places(parents, item_ids)
    items, *tags = _columns(session, Tag.item_id, Tag.dimension, Tag.value, Tag.number, Tag.weak)
    dimension, value, number, weak = tags
    rows = _places(items, item_ids)
    tempo = _inherited(_first_numbers(len(ids), rows, number, dimension == "tempo"), parent)
    keys = _inherited(_first_keys(len(ids), rows, value, dimension == "key"), parent)
    used, scores = tie_scores(session, item_ids)
    submixes, members = _columns(session, SubmixPart.submix_id, SubmixPart.item_id)
    return CatalogueIndex(
        ids=item_ids,
        kind=_codes(kinds, ITEM_KINDS),
        domain=_codes(domains, DOMAINS),
        parent=parent,
        duration_s=durations.astype(float),
        tempo_bpm=tempo,
        tonic=np.where(np.isnan(keys), -1, keys // 2).astype(np.int8),
        major=keys % 2 == 1,
        uses=used,
        score=scores,
        members=np.column_stack([_places(submixes, item_ids), _places(members, item_ids)]),
        tags=_by_value(rows, dimension, value, weak.astype(bool)),
    )


def _columns(session: sa.orm.Session, *columns: Any) -> list[np.ndarray]:
    """Return columns of a table in the order of its first, each as an array of objects."""
    plain = [column.expression for column in columns]  # rows without the mapper's work
    query = sa.select(*plain).order_by(next(iter(plain[0].table.primary_key)))
    found = session.connection().execute(query).fetchall()
    arrays = list(zip(*found, strict=True)) if found else [()] * len(columns)
    return [np.array(array, dtype=object) for array in arrays]


def _places(wanted: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the rows of item ids, int64; -1 for None."""
    known = np.where(wanted == None, -1, wanted).astype(np.int64)  # noqa: E711, element by element
    found = np.searchsorted(ids, known).clip(0, max(len(ids) - 1, 0))
    return np.where(ids[found] == known, found, -1) if len(ids) else known


def _codes(names: np.ndarray, known: Sequence[str]) -> np.ndarray:
    codes = {name: code for code, name in enumerate(known)}
    return np.array([codes[name] for name in names], dtype=np.int8)


def _inherited(values: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Return values with those of the song where a part has none, NaN where both have none."""
    return np.where(np.isnan(values) & (parent >= 0), values[parent], values)


def _first_numbers(
    count: int, rows: np.ndarray, number: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Return the first number of each row among the chosen tags, float64 [count], else NaN."""
    values = np.full(count, np.nan)
    numbers = number[chosen].astype(float)
    usable = numbers > 0
    values[rows[chosen][usable][::-1]] = numbers[usable][::-1]  # the first is written last
    return values


def _first_keys(count: int, rows: np.ndarray, value: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the first key of each row, 2 * tonic + major, float64 [count], else NaN."""
    parsed = {name: parse_key(name) for name in set(value[chosen])}
    numbers = {name: 2 * key[0] + key[1] + 1 for name, key in parsed.items() if key is not None}
    found = np.array([numbers.get(name, 0) for name in value[chosen]], dtype=object)
    return _first_numbers(count, rows[chosen], found, np.ones(len(found), dtype=bool)) - 1


def _by_value(
    rows: np.ndarray, dimension: np.ndarray, value: np.ndarray, weak: np.ndarray
) -> dict[str, dict[str, TagRows]]:
    import pandas as pd

    found: dict[str, dict[str, TagRows]] = {}
    dimensions, names = pd.factorize(dimension)
    for number, name in enumerate(names):
        here = np.flatnonzero(dimensions == number)
        spelled, spellings = pd.factorize(value[here])
        folds, keys = pd.factorize(np.array([s.casefold() for s in spellings], dtype=object))
        codes = folds[spelled]
        order = np.argsort(codes, kind="stable")
        groups = np.split(here[order], np.flatnonzero(np.diff(codes[order])) + 1)
        found[str(name)] = {
            str(key): TagRows(str(value[group[0]]), rows[group], weak[group])
            for key, group in zip(keys, groups, strict=True)
        }
    return found
