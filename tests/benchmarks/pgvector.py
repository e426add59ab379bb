"""What a team's database finds: ``python -m tests.benchmarks.pgvector``.

100,000 items of eight dimensions of 32 numbers, once uniform on the sphere (the hardest there is)
and once in 200 clusters per dimension. Every query is answered by the database and by the product
of all vectors, in turn; recall is the share of the ten truly nearest that the database found.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from tests import postgres
from workbench.catalogue.database import Database
from workbench.evaluation.scores import wilson_interval
from workbench.progress import TerminalProgress
from workbench.vectors.indexed import build_indexes, nearest_rows
from workbench.vectors.shared import SharedVectors

ITEMS, DIMENSIONS, WIDTH, COUNT = 100_000, 8, 32, 10
WEIGHTED = {"one dimension": 1, "two, weighted": 2, "three, weighted": 3, "all eight": 8}
PASSING = {"all": 1.0, "10 %": 0.1, "1 %": 0.01}
KINDS = ("uniform", "clusters")
BLOCKS = {str(i): slice(i * WIDTH, (i + 1) * WIDTH) for i in range(DIMENSIONS)}


def made_vectors(kind: str, items: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit vectors side by side, float32 [items, DIMENSIONS * WIDTH]."""
    blocks = rng.normal(size=(items, DIMENSIONS, WIDTH))
    if kind == "clusters":
        centres = rng.normal(size=(DIMENSIONS, 200, WIDTH))
        centres /= np.linalg.norm(centres, axis=2, keepdims=True)
        chosen = rng.integers(200, size=(items, DIMENSIONS))
        blocks = centres[np.arange(DIMENSIONS), chosen] + 0.13 * blocks
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True)
    return blocks.astype(np.float32).reshape(items, -1)


def random_weights(counted: int, rng: np.random.Generator) -> np.ndarray:
    """Return weights of some dimensions, float32 [DIMENSIONS]; equal ones where all count."""
    weights = np.zeros(DIMENSIONS, np.float32)
    chosen = rng.permutation(DIMENSIONS)[:counted]
    weights[chosen] = 1.0 if counted == DIMENSIONS else rng.uniform(0.2, 1.0, counted)
    return weights


def plain(
    vectors: np.ndarray, query: np.ndarray, weights: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Return the rows of the nearest, from one product with the weighted query."""
    near = vectors @ (np.repeat(weights, WIDTH) * query)
    candidates = rows[np.argpartition(-near[rows], COUNT)[:COUNT]]
    return candidates[np.argsort(-near[candidates])]


def measure(store: SharedVectors, vectors: np.ndarray, queries: int) -> list[dict[str, object]]:
    """Return one row per kind of query and filter."""
    rng, rows = np.random.default_rng(1), []
    for words, counted in WEIGHTED.items():
        for passing, share in PASSING.items():
            found, drawn, times = 0, 0, ([], [])
            for _ in range(queries):
                row, weights = int(rng.integers(len(vectors))), random_weights(counted, rng)
                allowed = rng.random(len(vectors)) < share
                allowed[row] = False
                chosen = np.flatnonzero(allowed)
                start = time.perf_counter()
                truth = plain(vectors, vectors[row], weights, chosen)
                times[0].append(time.perf_counter() - start)
                start = time.perf_counter()
                limits = {"among": chosen + 1} if share < 1 else {"without": np.array([row + 1])}
                near = nearest_rows(store, vectors[row], weights, BLOCKS, count=COUNT, **limits)
                times[1].append(time.perf_counter() - start)
                assert np.isin(near.ids - 1, chosen).all()
                found += len(set(near.ids[:COUNT].tolist()) & set((truth + 1).tolist()))
                drawn += near.by_index
            total = COUNT * queries
            low, high = wilson_interval(found / total, total)
            exact, database = (1000 * float(np.median(t)) for t in times)
            rows.append({"query": words, "passing": passing, "k": found, "n": total, "low": low,
                         "high": high, "by index": drawn, "queries": queries,
                         "product ms": exact, "database ms": database})  # fmt: skip
            print(f"| {words} | {passing} | {found}/{total} | {found / total:.3f} "
                  f"[{low:.3f}, {high:.3f}] | {drawn}/{queries} | {exact:.1f} | {database:.1f} | "
                  f"{database / exact:.1f} |", flush=True)  # fmt: skip
    return rows


def main() -> None:
    """Store, index and search both kinds of vectors; print a table, and JSON on demand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    results = {}
    for kind in asked.kinds:
        vectors = made_vectors(kind, asked.items, np.random.default_rng(0))
        database = Database(postgres.new_database_url())
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            store = SharedVectors(database, kind, folder=place / "parts", cache=place / "cache")
            start = time.perf_counter()
            store.write(np.arange(1, asked.items + 1), vectors)
            stored = time.perf_counter()
            build_indexes(store, BLOCKS, progress=TerminalProgress())
            built = time.perf_counter()
            other = SharedVectors(database, kind, folder=place / "parts", cache=place / "other")
            assert len(other.vectors) == asked.items
            fetched = time.perf_counter()
            print(f"\n{kind}, {asked.items:,} x ({DIMENSIONS} x {WIDTH}): stored in "
                  f"{stored - start:.1f} s, indexed in {built - stored:.0f} s, fetched in "
                  f"{fetched - built:.1f} s\n")  # fmt: skip
            print("| query | items that pass | found of the ten nearest | recall | by index | "
                  "product, ms | database, ms | ratio |")  # fmt: skip
            print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
            results[kind] = measure(store, vectors, asked.queries)
        database.close()
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
