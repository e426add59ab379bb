"""Nearest vectors found by the database itself: HNSW indexes draw candidates, all are re-ranked.

A machine that has no copy of the vectors asks here, instead of fetching them all. Each dimension
has an index of its columns; a query that weights several draws candidates from each of them. The
product with the whole row, which is what is asked for, then ranks the candidates exactly. How deep
the candidates must go grows with the number of dimensions: where indexes would read more than the
rows in question, or few rows pass the filters, the product of all of them is taken instead.

HNSW: Malkov and Yashunin 2018, as pgvector has it. The number of candidates that is needed is
measured in docs/performance.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from workbench.progress import Progress
from workbench.vectors.shared import SharedVectors, clear_postgres_errors

MAX_WIDTH = 2000  # numbers, of which pgvector makes an index
_EF_SEARCH = 400  # candidates that a walk through the graph keeps in mind; pgvector takes 1000
_FEWEST = 200  # candidates of a dimension
_SHARES = {1: 0.0, 2: 0.01, 3: 0.02}  # of all rows, candidates of each of so many dimensions
_ALWAYS = 0.05  # of more dimensions
_COST = 40.0  # how much longer a row takes that an index finds than one that is simply read
_TIES = 50  # rows beyond those asked for, of which equal ones are chosen by their order
_MEMORY = "512MB"  # for building; a graph that does not fit takes many times as long


class Found(NamedTuple):
    """Items found, the nearest first.

    Attributes
    ----------
    ids : int64 [k]
        The items.
    vectors : float32 [k, dim]
        Their vectors.
    by_index : bool
        Whether indexes drew the candidates.
    """

    ids: np.ndarray
    vectors: np.ndarray
    by_index: bool


def index_name(table: str, block: slice) -> str:
    """Return the name of the index of some columns."""
    return f"{table}_{block.start}_{block.stop}"


def build_indexes(
    store: SharedVectors, blocks: Mapping[str, slice], *, progress: Progress | None = None
) -> None:
    """Index the columns of every dimension that has no index yet.

    Parameters
    ----------
    store
        The vectors.
    blocks
        The columns of each dimension.
    progress
        Told about every dimension.

    Notes
    -----
    Readers and writers are not kept waiting: a later write is another table.
    """
    progress = progress or Progress()
    table, database = store.table(), store.database
    missing = {
        name: block
        for name, block in blocks.items()
        if block.stop - block.start <= MAX_WIDTH and not _exists(store, index_name(table, block))
    }
    if missing:
        progress.stage("Indexing", len(missing))
    for name, block in missing.items():
        with clear_postgres_errors(), database.engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL maintenance_work_mem = '{_MEMORY}'"))
            connection.execute(
                sa.text(
                    f"CREATE INDEX IF NOT EXISTS {index_name(table, block)} ON {table} "
                    f"USING hnsw ({_columns(block)} vector_ip_ops)"
                )
            )
        progress.advance(label=name)
    if missing:
        progress.close()


def nearest_rows(
    store: SharedVectors,
    query: np.ndarray,
    weights: np.ndarray,
    blocks: Mapping[str, slice],
    *,
    count: int,
    among: np.ndarray | None = None,
    without: np.ndarray | None = None,
    index: bool | None = None,
) -> Found:
    """Return the items whose weighted product with a query is largest.

    Parameters
    ----------
    store
        The vectors.
    query
        float32 [dim]
    weights
        float [d], of the blocks; a negative one asks for what is unlike.
    blocks
        The columns of each dimension.
    count
        How many; some more are returned, for those that are equal to the last one.
    among
        The items that may be found, int64; by default all.
    without
        Items that may not be found, a few.
    index
        Whether indexes draw candidates; by default where that reads less.
    """
    counted = [(b, w) for b, w in zip(blocks.values(), weights.tolist(), strict=True) if w]
    rows = store.count
    allowed = rows if among is None else len(among)
    depth = max(_FEWEST, 10 * count, math.ceil(_SHARES.get(len(counted), _ALWAYS) * rows))
    read = _COST * len(counted) * depth * rows / max(allowed, 1)
    ready = all(_exists(store, index_name(store.table(), block)) for block, _ in counted)
    if index is None:
        index = ready and read < allowed
    whole = np.zeros(len(query), np.float32)
    for block, weight in counted:
        whole[block] = weight * query[block]
    table, values = store.table(), {"whole": _text(whole), "count": count + _TIES}
    passed = _condition(among, without, values)
    wanted = f"SELECT t.item_id, CAST(t.vector AS real[]) FROM {table} t"
    best = "ORDER BY t.vector <#> CAST(:whole AS vector), t.item_id LIMIT :count"
    if index:
        drawn = _candidates(table, counted, query, passed, depth, values)
        with_them = f"WITH c AS MATERIALIZED ({drawn}) "
        statement = f"{with_them} {wanted} JOIN c USING (item_id) {best}"
    else:
        statement = f"{wanted} {passed} {best}"
    with store.database.engine.connect() as connection:
        if index:
            for setting in _settings(rows):
                connection.execute(sa.text(f"SET LOCAL {setting}"))
        found = connection.execute(sa.text(statement), values).all()
    vectors = np.array([row[1] for row in found], np.float32).reshape(len(found), len(query))
    return Found(np.array([row[0] for row in found], np.int64), vectors, index)


def _candidates(
    table: str,
    counted: list[tuple[slice, float]],
    query: np.ndarray,
    passed: str,
    depth: int,
    values: dict[str, Any],
) -> str:
    drawn = []
    for number, (block, weight) in enumerate(counted):
        values[f"q{number}"] = _text(query[block] if weight > 0 else -query[block])
        width = block.stop - block.start
        near = f"{_columns(block)} <#> CAST(:q{number} AS vector({width}))"
        drawn.append(f"(SELECT t.item_id FROM {table} t {passed} ORDER BY {near} LIMIT {depth})")
    return " UNION ".join(drawn)


def _condition(among: np.ndarray | None, without: np.ndarray | None, values: dict[str, Any]) -> str:
    if among is not None:
        values["among"] = among.tolist()
        return "WHERE t.item_id = ANY(CAST(:among AS bigint[]))"
    if without is not None and len(without):
        values["without"] = without.tolist()
        return "WHERE t.item_id <> ALL(CAST(:without AS bigint[]))"
    return ""


def _settings(rows: int) -> tuple[str, ...]:
    return (
        f"hnsw.ef_search = {_EF_SEARCH}",
        "hnsw.iterative_scan = relaxed_order",  # goes on where filters leave too few
        f"hnsw.max_scan_tuples = {max(rows, 1)}",
        "hnsw.scan_mem_multiplier = 4",
        "enable_seqscan = off",  # the planner takes a walk through the graph for dearer than it is
        "enable_bitmapscan = off",
        "jit = off",
    )


def _columns(block: slice) -> str:
    width = block.stop - block.start
    return f"(CAST(subvector(vector, {block.start + 1}, {width}) AS vector({width})))"


def _text(vector: np.ndarray) -> str:
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def _exists(store: SharedVectors, name: str) -> bool:
    with store.database.engine.connect() as connection:
        query = sa.text(
            "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid"
        )
        return connection.scalar(query, {"name": name}) is not None
