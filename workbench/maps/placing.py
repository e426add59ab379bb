"""Place new items on a finished map, beside their neighbours, without drawing it again.

NumPy alone: a page can place what somebody has just recorded without importing UMAP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import WorkbenchError
from workbench.search.nearest import nearest
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    from workbench.workspace import Workspace

NEIGHBOURS = 15
_STEPS = 10


def place_vectors(
    ws: Workspace, vectors: np.ndarray, *, version: str | None = None
) -> dict[str, np.ndarray]:
    """Return where items that are not on the stored maps belong on them.

    Parameters
    ----------
    ws
        The workspace.
    vectors
        Subspace vectors as the model stores them, its dimensions side by side,
        float32 [m, d * width].
    version
        The model version; by default the current one.

    Returns
    -------
    Places on the map of each dimension, float32 [m, 2].

    Raises
    ------
    NotReadyError
        If there is no model, or its maps have not been drawn.
    WorkbenchError
        If the vectors are not as wide as the model's.
    """
    card = ws.models.card(version)
    layouts = ws.maps.load(card.version)
    store, blocks = read_subspaces(ws, card.version)
    vectors = np.atleast_2d(vectors)
    width = store.vectors.shape[1]
    if vectors.ndim != 2 or vectors.shape[1] != width or not np.isfinite(vectors).all():
        raise WorkbenchError(
            f"To be placed on the maps of model {card.version} an item needs a vector of {width} "
            "numbers, none of them missing."
        )
    places = {}
    for name, layout in layouts.items():
        still = np.isin(layout.ids, store.ids)
        rows = store.positions(layout.ids[still])
        known = store.vectors[:, blocks[name]]
        everyone = len(rows) == len(known)  # then there is nothing to pick out
        places[name] = place(
            vectors[:, blocks[name]], known if everyone else known[rows], layout.xy[still]
        )
    return places


def place(
    vectors: np.ndarray, known: np.ndarray, xy: np.ndarray, *, neighbours: int = NEIGHBOURS
) -> np.ndarray:
    """Return places for new vectors on a map of known ones, float32 [m, 2].

    Parameters
    ----------
    vectors
        float32 [m, d]
    known, xy
        The vectors of the items on the map, float32 [n, d], and where they lie, float32 [n, 2].
    neighbours
        How many of the nearest known items each is placed by.

    Examples
    --------
    >>> known = np.array([[0.0], [1.0], [8.0], [9.0]], np.float32)
    >>> xy = np.array([[0, 0], [0, 1], [5, 5], [5, 6]], np.float32)
    >>> place(np.array([[1.0]]), known, xy, neighbours=2).round(1).tolist()
    [[0.0, 1.0]]
    """
    found, apart = nearest(vectors, known, neighbours)
    return settle(xy[found], memberships(apart))


def memberships(distances: np.ndarray) -> np.ndarray:
    """Return how much each neighbour counts, float32 [m, k], as UMAP weights its edges.

    Parameters
    ----------
    distances
        Of the k nearest, ascending, float32 [m, k].

    Notes
    -----
    ``exp(-(D - D_nearest) / s)`` with s such that the weights of an item sum to log2 k (McInnes,
    Healy and Melville 2018, section 3.1); found by bisection.
    """
    beyond = distances - distances[:, :1]
    wanted = np.log2(max(distances.shape[1], 2))
    low = np.full((len(distances), 1), 1e-6)
    high = np.full((len(distances), 1), 1e3)
    for _ in range(50):
        middle = np.sqrt(low * high)
        large = np.exp(-beyond / middle).sum(axis=1, keepdims=True) > wanted
        high = np.where(large, middle, high)
        low = np.where(large, low, middle)
    return np.exp(-beyond / low).astype(np.float32)


def settle(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return where items come to rest among their neighbours, float32 [m, 2].

    Parameters
    ----------
    places
        Of the neighbours, float32 [m, k, 2].
    weights
        How much each of them counts, float32 [m, k].

    Notes
    -----
    Each item starts at its foremost neighbour and goes to the weighted mean of its neighbours, of
    which those near by count more, weight / (1 + d^2), again and again: UMAP's attraction alone.
    A plain mean would leave items whose neighbours lie on two islands in the sea between them.
    """
    at = places[np.arange(len(places)), weights.argmax(axis=1)]
    for _ in range(_STEPS):
        apart = np.square(places - at[:, None]).sum(axis=2)
        pull = weights / (1.0 + apart)
        at = np.einsum("mk,mkc->mc", pull / pull.sum(axis=1, keepdims=True), places)
    return np.asarray(at, dtype=np.float32)
