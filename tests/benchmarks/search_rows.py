"""Search: the order of the nearest, and the whole of `find`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from tests.benchmarks.search import make_workspace
from tests.benchmarks.suite import Comparison, Growth, Row, alternately, scratch
from workbench import Workspace
from workbench.search.find import find, nearest_rows
from workbench.search.relevance import cosines

NAMES = tuple(f"dimension {n}" for n in range(12))
WIDTH, NEAREST = 32, 10


def made(count: int) -> Workspace:
    """Return a workspace of `count` items in 12 dimensions of 32, without tags."""
    return make_workspace(scratch() / "workspace", count, names=NAMES, width=WIDTH, tagged=False)


def searching(count: int) -> Iterator[Row]:
    """Find the ten nearest of `count`, against FAISS and against reading the vectors once.

    FAISS has one thread or all, whichever takes it less time: a single query on several is often
    slower.
    """
    import faiss

    ws = made(count)
    vectors = ws.vectors("model-v0001").vectors
    query, threads = np.array(vectors[0]), os.cpu_count() or 1
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    weight = np.full(len(NAMES), 1 / len(NAMES), np.float32)
    everyone, equal = np.ones(count, dtype=bool), np.zeros(count)
    pool = ThreadPoolExecutor(threads)
    parts = np.array_split(vectors, threads)

    def ours() -> np.ndarray:
        near = np.einsum("d,dn->n", weight, cosines(vectors, query, len(NAMES)))
        return nearest_rows(near, everyone, equal, NEAREST)

    def faiss_on(number: int) -> np.ndarray:
        faiss.omp_set_num_threads(number)
        return np.asarray(index.search(query[None], NEAREST)[1][0])

    assert np.array_equal(ours(), faiss_on(1))
    sides: dict[str, Callable[[], Any]] = {
        "ours": ours,
        "find": lambda: find(ws, 1),
        "one": lambda: faiss_on(1),
        "all": lambda: faiss_on(threads),
        "read": lambda: list(pool.map(np.max, parts)),
    }
    found = alternately(sides, rounds=15)
    pool.shutdown()
    other = min(found["one"], found["all"])
    beside = f"FAISS IndexFlatIP, {1 if found['one'] == other else threads} of {threads} threads"
    read = f"one read of the vectors, {threads} threads"
    large = count >= 1_000_000
    size = f"{count:,} x {len(NAMES) * WIDTH}"
    yield Row(
        "search",
        f"search {size}: ten nearest, cosines of {len(NAMES)} dimensions, {threads} threads",
        found["ours"],
        beside,
        other,
        read,
        found["read"],
        at_least=2.0 if large else None,
        within=1.5 if large else None,
    )
    yield Row(
        "search",
        f"the whole of `find` over {size}: filters, titles, percentiles of every dimension, too",
        found["find"],
        beside,
        other,
        read,
        found["read"],
    )


def finding(count: int) -> Callable[[], Any]:
    """Return a search in a catalogue of `count` items."""
    ws = made(count)
    return lambda: find(ws, 1)


def listing(count: int) -> Callable[[], Any]:
    """Return how the items of a catalogue are listed with their tags, and one is looked up."""
    from workbench.widgets.item_lists import playable_items, search_items

    ws = make_workspace(scratch() / "workspace", count)

    def work() -> None:
        ws.catalogue.items()
        ws.catalogue.tags("genre")
        search_items(playable_items(ws), "item 7", limit=20)

    return work


COMPARISONS = (
    Comparison("search", searching, (10_000, 100_000, 1_000_000), largest_quick=100_000),
)
GROWTHS = (
    Growth("search", "`find`: items of 12 x 32", finding, (10_000, 100_000, 1_000_000)),
    Growth("listing", "list items and a tag, look one up: items", listing, (1000, 10_000, 100_000)),
)
