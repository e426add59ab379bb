"""Maps against plain umap-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.benchmarks.maps import draw, made, plain
from tests.benchmarks.suite import Comparison, Growth, Row, alternately
from workbench.maps.quality import measure


def drawing(count: int) -> Iterator[Row]:
    """Draw one map of `count` items, neighbours included, against umap-learn."""
    vectors = made(count)
    maps: dict[str, np.ndarray] = {}
    draw(made(4200)), plain(made(4200))  # compiled
    found = alternately(
        {
            "ours": lambda: maps.update(ours=draw(vectors)),
            "other": lambda: maps.update(other=plain(vectors)),
        },
        rounds=2,
        warm=False,
    )
    trust = {name: measure(vectors, xy).trustworthiness for name, xy in maps.items()}
    yield Row(
        "maps",
        f"draw a map of {count:,} x 32 (trustworthiness {trust['ours']:.4f})",
        found["ours"],
        f"umap-learn, same settings and seed ({trust['other']:.4f})",
        found["other"],
    )


def drawing_of(count: int) -> Callable[[], Any]:
    """Return how a map of `count` items is drawn."""
    draw(made(600))  # compiled
    vectors = made(count)
    return lambda: draw(vectors)


def graph_of(count: int) -> Callable[[], Any]:
    """Return how the neighbours of `count` items are found."""
    from workbench.search.nearest import neighbour_graph
    from workbench.search.neighbours import STORED

    neighbour_graph(made(3000), STORED, exact_up_to=100)  # compiled
    vectors = made(count)
    return lambda: neighbour_graph(vectors, STORED)


COMPARISONS = (Comparison("maps", drawing, (10_000,)),)
GROWTHS = (
    Growth("neighbours", "neighbours of all, 30 each: items", graph_of, (500, 5000, 50_000)),
    Growth("maps", "draw a map: items", drawing_of, (300, 3000, 30_000)),
)
