"""How long a search takes: ``python -m tests.benchmarks.search``.

A workspace of 100,000 items with tags and a model of eight dimensions of 32 is made of random
numbers. The whole query is timed, from the item's id to the table of results with filters, titles
and percentiles; beside it stand what a plain NumPy sort and scikit-learn's brute force need for the
order of the nearest alone.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.keys import key_name
from workbench.catalogue.tables import Item, Tag
from workbench.search.filters import Filters
from workbench.search.find import find
from workbench.search.index import catalogue_index
from workbench.subspaces.store import ModelCard

ITEMS, DIMENSIONS, WIDTH = 100_000, 8, 32
NAMES = ("genre", "mood", "instrument", "era", "tempo", "key", "rhythm", "sound")
INSTRUMENTS = ("voice", "drum kit", "bass guitar", "piano", "violin", "synth")


def make_workspace(folder: Path, count: int = ITEMS, **options: Any) -> Workspace:
    """Make a workspace of songs of four tracks, without sound."""
    return fill(Workspace.create(folder), count, **options)


def fill(
    ws: Workspace,
    count: int,
    *,
    names: tuple[str, ...] = NAMES,
    width: int = WIDTH,
    tagged: bool = True,
) -> Workspace:
    """Add songs of four tracks each, with vectors, a model and, where asked for, tags."""
    rng = np.random.default_rng(0)
    ids = np.arange(1, count + 1)
    parents = ids - (ids - 1) % 5
    items = [
        {"id": i, "kind": "song" if i == p else "track", "domain": "audio", "title": f"Item {i}",
         "artist": f"Artist {p % 997}", "parent_id": None if i == p else p, "start_s": 0.0,
         "duration_s": float(60 + i % 240)}
        for i, p in zip(ids.tolist(), parents.tolist(), strict=True)
    ]  # fmt: skip
    tags = []
    for i, p in zip(ids.tolist(), parents.tolist(), strict=True) if tagged else ():
        bpm = 60.0 + p % 120
        values = [
            ("genre", f"genre {p % 23}", None),
            ("instrument", INSTRUMENTS[i % 6], None),
            ("tempo", f"{bpm:g}", bpm),
            ("key", key_name(p % 12, major=bool(p % 2)), None),
        ]
        tags += [
            {"item_id": i, "dimension": d, "value": v, "number": n, "source": "made", "weak": False,
             "confidence": 1.0}
            for d, v, n in values
        ]  # fmt: skip
    with ws.database.write(durable=False) as session:
        session.execute(sa.insert(Item), items)
        if tags:
            session.execute(sa.insert(Tag), tags)
    card = ModelCard("v0001", "random", "linear", list(names), width)
    (ws.models.folder / "v0001").mkdir(parents=True)
    (ws.models.folder / "v0001" / "card.json").write_text(json.dumps(asdict(card)))
    ws.models.promote("v0001")
    blocks = rng.standard_normal((count, len(names), width), dtype=np.float32)
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True)
    ws.vectors("random").write(ids, np.zeros((count, 1), np.float32))  # heads are never asked
    ws.vectors("model-v0001").write(ids, blocks.reshape(count, -1))
    return ws


def milliseconds(action: Callable[[], object], repeat: int = 20) -> tuple[float, float]:
    """Return the shortest and the median time of an action that has been done before."""
    action()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - start))
    return min(times), float(np.median(times))


def main() -> None:
    """Make the workspace, time searches in it, print them beside the others."""
    from sklearn.neighbors import NearestNeighbors

    with tempfile.TemporaryDirectory() as folder:
        ws = make_workspace(Path(folder) / "workspace")
        start = time.perf_counter()
        catalogue_index(ws)
        print(f"the catalogue is read in {time.perf_counter() - start:.2f} s, once")
        vectors = np.array(ws.vectors("model-v0001").vectors)
        query = vectors[0].copy()
        some = Filters(kinds=("track",), tempo_bpm=(90, 110), tempo_octaves=True, key="A minor",
                       key_relation="neighbour", without=("drums",))  # fmt: skip
        others = {"tags": {"genre": ("genre 3", "genre 4")}, "has": ("vocals",), "used": False}
        searches: dict[str, Callable[[], object]] = {
            "ten nearest": lambda: find(ws, 1),
            "one dimension wanted, one not": lambda: find(ws, 1, weights={"mood": 1, "key": -1}),
            "tracks, tempo, key, no drums": lambda: find(ws, 1, filters=some),
            "genre, vocals, unused": lambda: find(ws, 1, filters=Filters(**others)),
            "a thousand nearest": lambda: find(ws, 1, count=1000),
        }
        index = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(vectors)
        beside: dict[str, Callable[[], object]] = {
            "NumPy, full sort": lambda: np.argsort(-(vectors @ query))[:10],
            "scikit-learn, brute force": lambda: index.kneighbors(query[None]),
        }
        known = {name: milliseconds(action) for name, action in beside.items()}
        print(f"\n| {ITEMS:,} x ({DIMENSIONS} x {WIDTH}) | best | median |", end="")
        print("".join(f" against {name} |" for name in known))
        print("| --- | ---: | ---: |" + " ---: |" * len(known))
        for name, (best, median) in known.items():
            print(f"| {name} | {best:.1f} ms | {median:.1f} ms |" + " |" * len(known))
        for name, action in searches.items():
            best, median = milliseconds(action)
            ratios = "".join(f" {other[0] / best:.2f} x |" for other in known.values())
            print(f"| {name} | {best:.1f} ms | {median:.1f} ms |{ratios}")


if __name__ == "__main__":
    main()
