"""Find what is related to a query, by one dimension, by several with weights, or by all.

Patent US 12,394,399, figures 7 and 8: a query item and a target relation give an ordered list of
items with a relevance per characteristic. The search is exact: one product of all vectors with the
query, of which filters choose the candidates before anything is ranked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import DOMAINS, ITEM_KINDS, Item
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.filters import Filters
from workbench.search.heard_tags import HeardTags, heard_tags, passed_by
from workbench.search.index import CatalogueIndex, catalogue_index
from workbench.search.query import Query, as_query
from workbench.search.query_vector import query_vector
from workbench.search.relevance import cosines, percentiles, relevance, shares
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    import pandas as pd

    from workbench.vectors.store import VectorStore
    from workbench.workspace import Workspace

_CHUNK = 64  # items of which only the nearest is looked at first
_FEW = 1000  # items that are named to be left out; of more, those that pass are named


def find(
    ws: Workspace,
    query: Query | int | Path,
    *,
    weights: Mapping[str, float] | None = None,
    filters: Filters | None = None,
    count: int = 10,
    version: str | None = None,
    own: bool = False,
    approximate: bool = False,
) -> pd.DataFrame:
    """Return the items most related to a query, the most related first.

    Parameters
    ----------
    ws
        The workspace.
    query
        An item's id, a file of sound or notation, or a `Query`: a set of items that are heard
        together, a span, a score by its sound.
    weights
        How much each dimension counts; those not named count nothing, and a negative weight asks
        for what is unlike. Only their proportions matter. By default all count the same.
    filters
        Which items may be found; by default all.
    count
        How many items.
    version
        The model; by default the current one.
    own
        Also find the items of the query, their parts, and what they are parts of.
    approximate
        Ask the team's database, which compares few items, instead of comparing all here: for a
        machine that has no copy of the vectors. Nearly always the same items come, with the same
        relevance; without percentiles, which take all items.

    Returns
    -------
    A table indexed by item_id: title, artist, kind, domain; ``relevance``, 1 - D / D_max from what
    was asked for, and ``percentile``, the share of all items that may be found which is further
    away; then the relevance to the query in each dimension by its name, and its percentile
    as ``"NAME percentile"``. Of equals, what is ranked higher goes before (`rankings.ranking`),
    then what is older. With filters that count machine tags, ``by_machine`` says which of them an
    item passes by, empty where people's tags suffice.

    Raises
    ------
    UnknownNameError
        If a weight names what the model has not learned, or an item does not exist.
    NotReadyError
        If there is no model, or an item of the query has no vector, or machine tags are to count
        and there are none.
    WorkbenchError
        If no weight is other than zero, or the query holds nothing that can be compared, or
        `approximate` is asked of an SQLite workspace.
    """
    asked = as_query(query)
    nearest = _Nearest(count, own) if approximate else None
    space = _Space.of(ws, asked, weights=weights, filters=filters, version=version, nearest=nearest)
    allowed = space.allowed if own else space.allowed & ~space.own
    overall = space.overall
    rows = nearest_rows(overall, allowed, space.score, count)
    spaces = (overall[None], space.cosines)
    near = [cosine[:, rows] for cosine in spaces]
    among = None
    if not approximate:
        parts = [percentiles(*pair, allowed) for pair in zip(near, spaces, strict=True)]
        among = np.vstack(parts)
    table = _table(ws, space, rows, np.vstack(near), among)
    if filters is not None and space.heard is not None:
        table["by_machine"] = passed_by(filters, space.index, space.heard, space.places[rows])
    return table


def explain(
    ws: Workspace,
    query: Query | int | Path,
    item: int,
    *,
    filters: Filters | None = None,
    version: str | None = None,
) -> pd.DataFrame:
    """Return how related one item is to a query in each dimension.

    Parameters
    ----------
    ws, query, version
        As for `find`.
    item
        The item.
    filters
        Of which items the percentiles speak; by default of all.

    Returns
    -------
    A table indexed by dimension: ``relevance``, 1 - D / D_max, and ``percentile``, the share of
    the catalogue that is further away; the query's own items are left out of it.

    Raises
    ------
    NotReadyError
        If the item has no vector, or for what `find` raises.
    """
    import pandas as pd

    space = _Space.of(ws, as_query(query), filters=filters, version=version)
    if not len(space.index.rows([item])):
        raise UnknownNameError(f"There is no item {item}.")
    row = ws.vectors(f"model-{space.version}").positions([item])
    there = space.cosines[:, row]
    among = percentiles(there, space.cosines, space.allowed & ~space.own)
    columns = {"relevance": relevance(there[:, 0]), "percentile": among[:, 0]}
    return pd.DataFrame(columns, index=pd.Index(space.dimensions, name="dimension"))


class _Nearest(NamedTuple):
    """How many of the nearest alone are to be seen, and whether the query's own items count."""

    wanted: int
    own: bool


@dataclass(frozen=True, eq=False)
class _Space:
    """The vectors of a model as a query sees them: all, or the nearest; rows are those.

    Attributes
    ----------
    cosines : float32 [d, n]
    weight : float32 [d]
    allowed, own : bool [n]
        What passes the filters, and what the query is made of.
    score : float64 [n]
        Which of equals goes before.
    """

    version: str
    dimensions: list[str]
    ids: np.ndarray
    cosines: np.ndarray
    weight: np.ndarray
    allowed: np.ndarray
    own: np.ndarray
    score: np.ndarray
    index: CatalogueIndex
    places: np.ndarray
    heard: HeardTags | None

    @classmethod
    def of(
        cls,
        ws: Workspace,
        query: Query,
        *,
        weights: Mapping[str, float] | None = None,
        filters: Filters | None = None,
        version: str | None = None,
        nearest: _Nearest | None = None,
    ) -> _Space:
        """Compare a query with everything, or with what the database finds near it."""
        card = ws.models.card(version)
        weight = shares(weights, card.dimensions, card.taught)
        index = catalogue_index(ws)
        wanted = filters or Filters()
        heard = None
        if wanted.machine:
            heard = heard_tags(ws, threshold=wanted.machine_threshold, index=index)
        mask = wanted.mask(index, heard)
        store, blocks = read_subspaces(ws, card.version)
        vector = query_vector(ws, query, index, store, card)
        own = index.family(index.rows(np.array(query.items, dtype=np.int64)))
        if nearest is None:
            ids, vectors = store.ids, store.vectors
        else:
            passed = mask if nearest.own else mask & ~own
            ids, vectors = _ask(store, vector, weight, blocks, nearest.wanted, index.ids, passed)
        places, known = _places(ids, index)
        return cls(
            version=card.version,
            dimensions=list(blocks),
            ids=ids,
            cosines=cosines(vectors, vector, len(blocks)),
            weight=weight,
            allowed=mask[places] & known,
            own=own[places] & known,
            score=index.score[places],
            index=index,
            places=places,
            heard=heard,
        )

    @property
    def overall(self) -> np.ndarray:
        """The cosine with what was asked for, float32 [n].

        Where a weight is negative, that is the opposite of the query.
        """
        return np.asarray(np.einsum("d,dn->n", self.weight, self.cosines))


def _ask(
    store: VectorStore,
    vector: np.ndarray,
    weight: np.ndarray,
    blocks: Mapping[str, slice],
    count: int,
    ids: np.ndarray,
    passed: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest items that passed and their vectors from the team's database, by id."""
    from workbench.vectors import indexed
    from workbench.vectors.shared import SharedVectors

    if not isinstance(store, SharedVectors):
        raise WorkbenchError(
            "Only a team's PostgreSQL database can be asked approximately; here all items are "
            "compared."
        )
    left = ids[~passed]
    few = len(left) <= _FEW
    found = indexed.nearest_rows(
        store,
        vector,
        weight,
        blocks,
        count=count,
        among=None if few else ids[passed],
        without=left if few else None,
    )
    order = np.argsort(found.ids)
    return found.ids[order], found.vectors[order]


def _places(ids: np.ndarray, index: CatalogueIndex) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of each vector in the index, int64 [n], and whether it has one, bool [n]."""
    if np.array_equal(ids, index.ids):
        return np.arange(len(ids)), np.ones(len(ids), dtype=bool)
    places = np.searchsorted(index.ids, ids).clip(0, max(len(index) - 1, 0))
    return places, index.ids[places] == ids


def nearest_rows(
    overall: np.ndarray, allowed: np.ndarray, score: np.ndarray, count: int
) -> np.ndarray:
    """Return the rows of the `count` nearest, in order; of equals the higher score, the older."""
    count = int(np.clip(count, 0, np.count_nonzero(allowed)))
    if count == 0:
        return np.zeros(0, np.int64)
    near = np.where(allowed, overall, -np.inf)
    rows = np.flatnonzero((near >= _reached(near, count)) & allowed)
    order = np.lexsort((rows, -score[rows], -near[rows]))
    return np.asarray(rows[order[:count]])


def _reached(near: np.ndarray, count: int) -> float:
    """Return a value that at least `count` reach, and few more.

    The largest of each chunk are so few that ordering them costs nothing, and the k-th largest of
    them is no larger than the k-th largest of all.
    """
    chunk = max(1, min(_CHUNK, len(near) // (4 * count)))
    tops = np.maximum.reduceat(near, np.arange(0, len(near), chunk))
    place = len(tops) - count
    return float(np.partition(tops, place)[place])


def _table(
    ws: Workspace, space: _Space, rows: np.ndarray, near: np.ndarray, among: np.ndarray | None
) -> pd.DataFrame:
    import pandas as pd

    ids = space.ids[rows].tolist()
    with ws.database.read() as session:
        names = {
            row.id: row
            for part in range(0, len(ids), 500)  # databases bound how many values a query holds
            for row in session.execute(
                sa.select(Item.id, Item.title, Item.artist).where(
                    Item.id.in_(ids[part : part + 500])
                )
            )
        }
    places = space.places[rows]
    columns = dict(zip(["relevance", *space.dimensions], relevance(near), strict=True))
    if among is not None:
        named = dict(zip(space.dimensions, among[1:], strict=True))
        columns |= {f"{name} percentile": values for name, values in named.items()}
    table = pd.DataFrame(columns, pd.Index(ids, name="item_id", dtype="int64"))
    if among is not None:
        table.insert(1, "percentile", among[0])
    words = {
        "title": [names[i].title if i in names else "" for i in ids],
        "artist": [names[i].artist if i in names else "" for i in ids],
        "kind": [ITEM_KINDS[k] for k in space.index.kind[places]],
        "domain": [DOMAINS[d] for d in space.index.domain[places]],
    }
    for place, (name, values) in enumerate(words.items()):
        table.insert(place, name, pd.Series(values, table.index, dtype=object))
    return table
