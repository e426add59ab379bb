"""Neighbours: the nearest items of each item in one subspace, stored per model and dimension.

Maps are drawn from them and pages ask for them. They can be made again at any time, so they lie in
the cache folder, under the name of the write of vectors that they were made from: after another
write nobody reads them any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.array_files import read_array
from workbench.errors import NotReadyError, UnknownNameError
from workbench.files import atomic_write
from workbench.progress import Progress
from workbench.search.nearest import nearest, neighbour_graph
from workbench.search.relevance import FURTHEST
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    import pandas as pd

    from workbench.vectors.store import VectorStore
    from workbench.workspace import Workspace

STORED = 30  # neighbours of each item: twice what a map is drawn from, and more than a page shows
_ENTRY = np.dtype([("index", "<i4"), ("distance", "<f4")])


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest others of every item in one subspace, the nearest first.

    Attributes
    ----------
    ids : int64 [n]
        The items, ascending.
    indices : int32 [n, k]
        Rows of `ids`.
    distances : float32 [n, k]
        In the subspace, 0 to 2 between unit vectors.
    """

    ids: np.ndarray
    indices: np.ndarray
    distances: np.ndarray


def stored_neighbours(
    ws: Workspace, dimension: str, *, version: str | None = None
) -> Neighbours | None:
    """Return what is stored of a dimension, memory-mapped; None where nothing or older vectors'.

    Parameters
    ----------
    ws, dimension
        The workspace, and one of the model's dimensions.
    version
        The model version; by default the current one.
    """
    version = ws.models.card(version).version
    return _open(ws, version, dimension, ws.vectors(f"model-{version}"))


def make_neighbours(
    ws: Workspace, *, version: str | None = None, progress: Progress | None = None
) -> dict[str, Neighbours]:
    """Return the neighbours in every subspace of a model; those not stored yet are found now.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.
    progress
        Told about every dimension.
    """
    progress = progress or Progress()
    version = ws.models.card(version).version
    store, blocks = read_subspaces(ws, version)
    found = {name: _open(ws, version, name, store) for name in blocks}
    missing = [name for name, near in found.items() if near is None]
    if missing:
        progress.stage("Finding neighbours", len(missing))
    for name in missing:
        indices, distances = neighbour_graph(store.vectors[:, blocks[name]], STORED)
        _write(_file(ws, version, name, store), indices, distances)
        found[name] = Neighbours(store.ids, indices, distances)
        progress.advance(label=name)
    if missing:
        progress.close()
    return {name: near for name, near in found.items() if near is not None}


def neighbours_of(
    ws: Workspace,
    item: int,
    *,
    dimensions: Sequence[str] | None = None,
    count: int = 10,
    version: str | None = None,
    among: np.ndarray | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the items nearest to one in each subspace, not on its map.

    Parameters
    ----------
    ws
        The workspace.
    item
        Its id.
    dimensions
        Which; by default all that the model has.
    count
        How many neighbours in each.
    version
        The model version; by default the current one.
    among
        The ids that may be found, such as the songs; by default all others.

    Returns
    -------
    Per dimension a table indexed by item_id, the nearest first: ``relevance``, 1 - D / D_max, and
    ``percentile``, the share of all that may be found which is further away (0 to 1).

    Raises
    ------
    UnknownNameError
        If the model has no such dimension.
    NotReadyError
        If there is no model, or the item has no vector.

    Notes
    -----
    Stored neighbours are read where they suffice; else one product of all vectors with the item's
    is sorted. Both give the same, but for the few that NN-descent misses in large catalogues.
    """
    store, blocks = read_subspaces(ws, version)
    version = ws.models.card(version).version
    unknown = [name for name in dimensions or () if name not in blocks]
    if unknown:
        raise UnknownNameError(
            f"Model {version} has no dimension {unknown[0]!r}; it has {', '.join(blocks)}."
        )
    row = int(store.positions([item])[0])
    rows = None if among is None else _rows(store.ids, among, row)
    others = len(store.ids) - 1 if rows is None else len(rows)
    tables = {}
    for name in dimensions or blocks:
        near = None if rows is not None else _open(ws, version, name, store)
        if near is not None and near.indices.shape[1] >= min(count, others):
            found, apart = near.indices[row, :count], near.distances[row, :count]
        else:
            found, apart = _compare(store.vectors[:, blocks[name]], row, rows, count)
        tables[name] = _table(store.ids[found], apart, others)
    return tables


def _rows(ids: np.ndarray, among: np.ndarray, row: int) -> np.ndarray:
    rows = np.flatnonzero(np.isin(ids, among))
    return rows[rows != row]


def _compare(
    vectors: np.ndarray, row: int, rows: np.ndarray | None, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows nearest to one and how far they are, from a product with all vectors."""
    query = np.array(vectors[row])
    near = np.asarray(vectors @ query)
    near[row] = -np.inf
    candidates = np.arange(len(near)) if rows is None else rows
    candidates = candidates[np.isfinite(near[candidates])]
    if 0 < count < len(candidates):
        there = near[candidates]
        least = np.partition(there, len(there) - count)[len(there) - count]
        candidates = candidates[there >= least - 4e-6]  # the product does not tell these apart
    found, apart = nearest(query[None], np.asarray(vectors[candidates]), count)
    return candidates[found[0]], apart[0]


def _table(ids: np.ndarray, apart: np.ndarray, others: int) -> pd.DataFrame:
    import pandas as pd

    nearer = np.searchsorted(apart, apart, side="right")  # as near, or nearer
    columns = {"relevance": 1.0 - apart / FURTHEST, "percentile": 1.0 - nearer / max(others, 1)}
    return pd.DataFrame(columns, index=pd.Index(ids, name="item_id", dtype="int64"))


# -- files ------------------------------------------------------------------------------------


def _file(ws: Workspace, version: str, dimension: str, store: VectorStore) -> Path:
    return ws.cache_folder / "neighbours" / version / f"{dimension}-{store.generation}.npy"


def _open(ws: Workspace, version: str, dimension: str, store: VectorStore) -> Neighbours | None:
    try:
        stored = read_array(_file(ws, version, dimension, store), mapped=True)
    except (NotReadyError, OSError, ValueError):
        return None  # none yet, or damaged: they are found again
    if stored.dtype != _ENTRY or stored.ndim != 2 or len(stored) != len(store.ids):
        return None
    return Neighbours(store.ids, stored["index"], stored["distance"])


def _write(file: Path, indices: np.ndarray, distances: np.ndarray) -> None:
    """Store the neighbours of a dimension and remove those of older vectors."""
    entries = np.empty(indices.shape, _ENTRY)
    entries["index"], entries["distance"] = indices, distances
    with atomic_write(file) as stream:
        np.save(stream, entries, allow_pickle=False)
    for older in file.parent.glob(f"{file.name.rpartition('-')[0]}-*.npy"):
        if older != file:
            with suppress(OSError):  # another process may be removing or reading it
                older.unlink()
