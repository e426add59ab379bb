"""Profiles: how alike a set of items is in each dimension, and what a query finds in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NotReadyError
from workbench.search.find import find
from workbench.search.index import catalogue_index
from workbench.search.query import Query, as_query
from workbench.search.query_vector import query_vector
from workbench.search.relevance import cosines, relevance
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_MEMBERS = 400  # of a larger set so many are drawn
_PAIRS = 20_000  # of the catalogue
_DRAWS = 500  # of the bootstrap


def profile(
    ws: Workspace, ids: Iterable[int] | np.ndarray, *, version: str | None = None, seed: int = 0
) -> pd.DataFrame:
    """Return how alike the items of a set are in each dimension, beside the catalogue.

    Parameters
    ----------
    ws
        The workspace.
    ids
        The items; those without a vector are left out. Of more than 400 as many are drawn.
    version
        The model; by default the current one.
    seed
        Draws items of large sets, pairs of the catalogue, and the bootstrap.

    Returns
    -------
    A table indexed by dimension: ``relevance``, the mean of all pairs of the set (1 is as close as
    can be, 0 as far apart), its 95 % interval ``low`` and ``high`` over sets of other such items,
    and ``catalogue``, the mean of 20,000 random pairs of items of the same kinds. ``items`` is how
    many of the set were compared.

    Raises
    ------
    NotReadyError
        If there is no model, or fewer than two of the items have a vector.

    Notes
    -----
    The interval is the percentile bootstrap over items: an item drawn twice is not compared with
    itself, which would make the set look more alike than it is.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    store, blocks = read_subspaces(ws, version)
    members = _members(store.ids, ids)
    if len(members) < 2:
        raise NotReadyError(
            "A profile compares items with each other: choose at least two that the model has "
            "vectors of (`workbench embed` makes those that are missing)."
        )
    others = _of_the_same_kinds(ws, store.ids, members)
    if len(members) > _MEMBERS:
        members = np.sort(rng.choice(members, _MEMBERS, replace=False))
    first, second = _pairs(others, rng)
    mine, left, right = (_blocks(store.vectors[rows], len(blocks))
                         for rows in (members, first, second))  # fmt: skip
    usual = relevance(np.einsum("ndw,ndw->dn", left, right)).mean(axis=1)
    counts = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), _DRAWS)
    rows = [_alike(mine[:, place], counts) for place in range(len(blocks))]
    table = pd.DataFrame(rows, pd.Index(list(blocks), name="dimension"),
                         ["relevance", "low", "high"])  # fmt: skip
    return table.assign(catalogue=usual, items=len(members))


def results_profile(
    ws: Workspace, query: Query | int, *, count: int = 10, version: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how related the results of a query are to it in each dimension, and the results.

    Parameters
    ----------
    ws, query, version
        As for `find`.
    count
        How many results.

    Returns
    -------
    profile
        Indexed by dimension: ``relevance``, the mean of the results, ``low`` and ``high``, that of
        the least and the most related one, and ``catalogue``, the mean of everything else.
    results
        As `find` returns them.
    """
    import pandas as pd

    card, asked = ws.models.card(version), as_query(query)
    results = find(ws, asked, count=count, version=card.version)
    store, blocks = read_subspaces(ws, card.version)
    index = catalogue_index(ws)
    near = cosines(store.vectors, query_vector(ws, asked, index, store, card), len(blocks))
    own = index.ids[index.family(index.rows(np.array(asked.items, dtype=np.int64)))]
    others = ~np.isin(store.ids, own)
    found = results[list(blocks)]
    columns = {"relevance": found.mean(), "low": found.min(), "high": found.max()}
    table = pd.DataFrame(columns).rename_axis("dimension")
    return table.assign(catalogue=relevance(near[:, others]).mean(axis=1)), results


def _alike(vectors: np.ndarray, counts: np.ndarray) -> tuple[float, float, float]:
    """Return the mean relevance of all pairs of float32 [m, w], and its bootstrap interval."""
    near = relevance(vectors @ vectors.T)
    np.fill_diagonal(near, 0.0)
    pairs = len(vectors) * (len(vectors) - 1)
    weight = counts.astype(float)
    drawn = np.einsum("bm,bm->b", weight @ near, weight)
    of = weight.sum(axis=1) ** 2 - (weight**2).sum(axis=1)
    kept = of > 0  # else one item was drawn every time
    low, high = np.percentile(drawn[kept] / of[kept], [2.5, 97.5])
    return float(near.sum() / pairs), float(low), float(high)


def _members(known: np.ndarray, ids: Iterable[int] | np.ndarray) -> np.ndarray:
    """Return the rows of those of `ids` that are known, each once, int64 [m]."""
    wanted = np.fromiter((int(item) for item in ids), dtype=np.int64)
    return np.flatnonzero(np.isin(known, wanted))


def _of_the_same_kinds(ws: Workspace, known: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Return the rows of all items of the kinds and domains that the set has, int64."""
    index = catalogue_index(ws)
    places = np.searchsorted(index.ids, known).clip(0, max(len(index) - 1, 0))
    kinds = index.kind[places].astype(int) * 100 + index.domain[places]
    return np.flatnonzero(np.isin(kinds, np.unique(kinds[members])))


def _pairs(rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of two different rows each."""
    first = rng.integers(0, len(rows), _PAIRS)
    second = (first + rng.integers(1, len(rows), _PAIRS)) % len(rows)
    return rows[first], rows[second]


def _blocks(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    return np.asarray(vectors, dtype=np.float32).reshape(len(vectors), dimensions, -1)
