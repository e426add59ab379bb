"""How long maps take and how far they can be believed: ``python -m tests.benchmarks.maps``.

Drawing itself is measured by the suite (`python -m tests.benchmarks maps`). Here a version of which
a tenth of the items moved is drawn going on from a map, fresh and by AlignedUMAP, and new items are
placed. ``python -m tests.benchmarks.maps large`` draws 100,000 items
of eight dimensions in a workspace, asks for neighbours and places one item; it takes minutes.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Workspace
from workbench.maps.layout import Settings, extent, go_on, kept_neighbours, lay_out, turned
from workbench.maps.placing import place, place_vectors
from workbench.maps.quality import measure
from workbench.search.nearest import nearest, neighbour_graph
from workbench.search.neighbours import STORED, make_neighbours, neighbours_of

SETTINGS = Settings()


def made(count: int, width: int = 32, *, seed: int = 0) -> np.ndarray:
    """Return unit vectors of 96 styles in 12 genres, each style with four directions of its own."""
    rng = np.random.default_rng(seed)
    styles = rng.normal(size=(12, 1, width)) + 0.6 * rng.normal(size=(12, 8, width))
    style = rng.choice(96, count, p=rng.dirichlet(np.full(96, 0.7)))
    ways = 0.35 * rng.normal(size=(96, 4, width))
    vectors = styles.reshape(96, width)[style]
    vectors += np.einsum("nk,nkd->nd", rng.normal(size=(count, 4)), ways[style])
    vectors += 0.15 * rng.normal(size=(count, width))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long work took, in seconds, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def draw(vectors: np.ndarray, settings: Settings = SETTINGS) -> np.ndarray:
    """Draw a map as the workbench does, neighbours included."""
    return lay_out(vectors, *neighbour_graph(vectors, STORED), settings)


def plain(vectors: np.ndarray) -> np.ndarray:
    """Draw it as umap-learn does."""
    import umap

    mapper = umap.UMAP(n_neighbors=15, min_dist=0.15, random_state=0, n_jobs=1)
    return np.asarray(mapper.fit_transform(vectors), dtype=np.float32)


def staying(count: int = 2000) -> None:
    """Print how far items go that did not move, and those that did, by way of drawing."""
    import umap

    rng = np.random.default_rng(5)
    before = made(count)
    after, moved = before.copy(), np.zeros(count, bool)
    moved[rng.choice(count, count // 10, replace=False)] = True
    after[moved] = before[rng.choice(count, moved.sum(), replace=False)]
    after[moved] += 0.05 * rng.normal(size=after[moved].shape)
    after /= np.linalg.norm(after, axis=1, keepdims=True)
    start, everyone = draw(before), np.arange(count)

    def going_on() -> np.ndarray:
        near, then = neighbour_graph(after, STORED), neighbour_graph(before, STORED)
        return go_on(start, kept_neighbours(near[0][:, :15], then[0][:, :15]), *near, SETTINGS)

    def slowly() -> np.ndarray:
        mapper = umap.UMAP(n_neighbors=15, min_dist=0.15, random_state=0, n_jobs=1, init=start,
                           learning_rate=0.1, n_epochs=100)  # fmt: skip
        return np.asarray(mapper.fit_transform(after))

    def aligned() -> tuple[np.ndarray, np.ndarray]:
        both = umap.AlignedUMAP(n_neighbors=15, min_dist=0.15, random_state=0)
        same = [dict(zip(everyone.tolist(), everyone.tolist(), strict=True))]
        return tuple(both.fit([before, after], relations=same).embeddings_)

    print(f"\n| a tenth of {count:,} items moved | trustworthiness | others went | these | time |")
    print("| --- | ---: | ---: | ---: | ---: |")
    ways: dict[str, Callable[[], Any]] = {
        "fresh, turned onto the old": lambda: draw(after, Settings(seed=1)),
        "begun on the old, small steps": slowly,
        "AlignedUMAP of both": aligned,
        "going on, as stored": going_on,
    }
    going_on(), aligned()  # compiled
    for name, way in ways.items():
        seconds, xy = timed(way)
        old, xy = xy if isinstance(xy, tuple) else (start, turned(xy, everyone, start))
        far = np.linalg.norm(xy - old, axis=1) / extent(old)
        good = measure(after, xy.astype(np.float32))
        assert good is not None
        print(f"| {name} | {good.trustworthiness:.4f} | {np.median(far[~moved]):.2%} "
              f"| {np.median(far[moved]):.0%} | {seconds:.1f} s |", flush=True)  # fmt: skip


def placing(count: int = 10_000, new: int = 500) -> None:
    """Print how near to their true neighbours new items are placed, beside umap's transform."""
    import umap

    vectors = made(count + new)
    known, queries = vectors[:count], vectors[count:]
    mapper = umap.UMAP(n_neighbors=15, min_dist=0.15, random_state=0, n_jobs=1).fit(known)
    xy = mapper.embedding_
    mapper.transform(queries[:2]), place(queries[:2], known, xy)  # compiled
    true, _ = nearest(queries, known, 15)
    print(f"\n| {new} new items on a map of {count:,} | from their true neighbours, mean | median "
          "| share of neighbours kept | all | one |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, way in {
        "placed here": lambda some: place(some, known, xy),
        "umap's transform": mapper.transform,
    }.items():
        seconds, places = timed(lambda way=way: way(queries))
        single, _ = timed(lambda way=way: way(queries[:1]))
        far = np.linalg.norm(xy[true] - places[:, None], axis=2) / extent(xy)
        found, _ = nearest(places, xy, 15)
        kept = kept_neighbours(found, true).mean()
        print(f"| {name} | {far.mean():.2%} | {np.median(far):.2%} | {kept:.3f} "
              f"| {1000 * seconds:.0f} ms | {1000 * single:.1f} ms |")  # fmt: skip


def searching() -> None:
    """Print how long the graph takes, and what NN-descent misses."""
    neighbour_graph(made(3000), STORED, exact_up_to=100)  # compiled
    print("\n| neighbours of all, 30 each | exact | NN-descent | of which found |")
    print("| --- | ---: | ---: | ---: |")
    random = np.random.default_rng(0).normal(size=(30_000, 32)).astype(np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    sets = {f"{n:,} x 32": made(n) for n in (10_000, 30_000)} | {"30,000 x 32, no clusters": random}
    for name, vectors in sets.items():
        exact, (rows, _) = timed(lambda v=vectors: neighbour_graph(v, STORED, exact_up_to=10**9))
        fast, (found, _) = timed(lambda v=vectors: neighbour_graph(v, STORED, exact_up_to=1))
        recall = kept_neighbours(rows, found).mean()
        print(f"| {name} | {exact:.1f} s | {fast:.1f} s | {recall:.4f} |", flush=True)


def large(count: int = 100_000) -> None:
    """Print what a large catalogue costs."""
    from tests.benchmarks.search import DIMENSIONS, WIDTH, make_workspace, milliseconds
    from workbench.maps.store import Layout

    draw(made(4200)), neighbour_graph(made(3000), STORED, exact_up_to=100)  # compiled
    with tempfile.TemporaryDirectory() as folder:
        ws: Workspace = make_workspace(Path(folder) / "workspace", count)
        ids = ws.vectors("random").ids
        blocks = [made(count, WIDTH, seed=seed) for seed in range(DIMENSIONS)]
        for name in ("random", "model-v0001"):
            ws.vectors(name).write(ids, np.concatenate(blocks, axis=1))
        song = int(ids[4000])
        product, _ = milliseconds(lambda: neighbours_of(ws, song))
        songs = ids[::5]
        among, _ = milliseconds(lambda: neighbours_of(ws, song, among=songs))
        graph, near = timed(lambda: make_neighbours(ws)["genre"])
        stored, _ = milliseconds(lambda: neighbours_of(ws, song))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        layout, xy = timed(lambda: lay_out(blocks[0], near.indices, near.distances, SETTINGS))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        quality, good = timed(lambda: measure(blocks[0], xy))
        ws.maps.save("v0001", {n: Layout(ids, xy) for n in ws.models.card().dimensions})
        vector = ws.vectors("model-v0001").vectors[5]
        placed, _ = milliseconds(lambda: place_vectors(ws, vector), repeat=5)
        sample = np.arange(0, count, count // 500)
        true, _ = nearest(blocks[0][sample], blocks[0], STORED, own=sample)
        recall = kept_neighbours(true, near.indices[sample]).mean()
    print(f"\n{count:,} items, {DIMENSIONS} dimensions of {WIDTH}\n")
    print("| what | |\n| --- | ---: |")
    for what, told in {
        "neighbours, one dimension": f"{graph / DIMENSIONS:.1f} s",
        "of which found by NN-descent": f"{recall:.4f}",
        "layout, one dimension": f"{layout:.0f} s",
        "its trustworthiness and continuity": f"{good.trustworthiness:.3f}, {good.continuity:.3f}",
        "measuring both": f"{quality:.1f} s",
        "most memory before and after the layout": f"{before / 1e6:.2f} GB, {after / 1e6:.2f} GB",
        "neighbours of one item in all dimensions, stored": f"{stored:.1f} ms",
        "by a product": f"{product:.1f} ms",
        "by a product, among 20,000 songs": f"{among:.1f} ms",
        "one item placed in all dimensions": f"{placed:.0f} ms",
    }.items():
        print(f"| {what} | {told} |")


def main() -> None:
    """Print the tables."""
    warnings.simplefilter("ignore")
    if "large" in sys.argv[1:]:
        large()
        return
    staying()
    placing()
    searching()


if __name__ == "__main__":
    main()
