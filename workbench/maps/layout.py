"""Lay a subspace out in two dimensions, anew or going on from an earlier map.

UMAP: McInnes, Healy and Melville 2018. Neighbours are found beforehand and shared with the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from workbench.maps.placing import memberships, settle

_FEW = 50  # a spectral start needs more items than this to be stable
_MANY = 2000  # as trustworthy after 200 rounds as after UMAP's 500
_ROUNDS, _STEPS, _PACE, _PULL = 10, 20, 0.5, 0.6
_LOST = 0.3  # an item with a smaller share of its old neighbours is placed anew


@dataclass(frozen=True)
class Settings:
    """How maps are drawn.

    Attributes
    ----------
    neighbours
        UMAP's neighbourhood size; smaller catalogues use at most a third of their items.
    min_dist
        How close items may come to each other.
    seed
        Makes the layout reproducible.
    """

    neighbours: int = 15
    min_dist: float = 0.15
    seed: int = 0

    def near(self, items: int) -> int:
        """Return the neighbourhood size for a catalogue, the item itself included."""
        return int(np.clip(items // 3, 2, self.neighbours))


def lay_out(
    vectors: np.ndarray, indices: np.ndarray, distances: np.ndarray, settings: Settings
) -> np.ndarray:
    """Return places of items that were on no map before, float32 [n, 2].

    Parameters
    ----------
    vectors
        float32 [n, d]
    indices, distances
        The nearest others of each, [n, k], as `workbench.search.nearest.neighbour_graph` finds.
    settings
        How.

    Notes
    -----
    One, two or three items lie as their principal components say.
    """
    count = len(vectors)
    if count < 4:
        return _principal(vectors)
    near = _with_itself(indices, distances, settings.near(count))
    with _quiet():
        import umap

        mapper = umap.UMAP(
            n_neighbors=settings.near(count),
            min_dist=settings.min_dist,
            init="random" if count < _FEW else "spectral",
            n_epochs=200 if count > _MANY else None,
            precomputed_knn=near,
            random_state=settings.seed,
            n_jobs=1,
        )
        return np.asarray(mapper.fit_transform(vectors), dtype=np.float32)


def go_on(
    start: np.ndarray,
    kept: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    settings: Settings,
) -> np.ndarray:
    """Return places that follow from an earlier map, float32 [n, 2]: what moved moves.

    Parameters
    ----------
    start
        Where items lay, float32 [n, 2]; the places of items with ``kept == 0`` are not read.
    kept
        Which share of each item's neighbours was among its neighbours before, float32 [n]; 0 for
        new ones.
    indices, distances, settings
        As for `lay_out`.

    Notes
    -----
    Items that have lost their neighbours go to their new ones first. Then UMAP's descent runs in
    rounds, and after each round every item is drawn back to its start by its share of kept
    neighbours. docs/decisions.md compares this with AlignedUMAP.
    """
    count = len(start)
    if count < 4 or kept.min() == 1:  # nothing has changed
        return start
    start = _lost_placed(start, kept, indices, distances, settings)
    with _quiet():
        from umap.layouts import optimize_layout_euclidean
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, make_epochs_per_sample

        near = _with_itself(indices, distances, settings.near(count))
        random = np.random.RandomState(settings.seed)
        graph = fuzzy_simplicial_set(
            start, settings.near(count), random, "euclidean", {}, near[0], near[1]
        )[0].tocoo()
        graph.data[graph.data < graph.data.max() / (_ROUNDS * _STEPS)] = 0.0
        graph.eliminate_zeros()
        turns = make_epochs_per_sample(graph.data, _ROUNDS * _STEPS)
        a, b = find_ab_params(1.0, settings.min_dist)
        places = np.array(start, dtype=np.float32, order="C")
        pull = _PULL * kept[:, None].astype(np.float32)
        limits = np.iinfo(np.int32)
        for round_ in range(_ROUNDS):
            pace = _PACE * (1.0 - round_ / _ROUNDS)
            chance = random.randint(limits.min + 1, limits.max - 1, 3).astype(np.int64)
            places = optimize_layout_euclidean(
                places, places, graph.row, graph.col, _STEPS, count, turns, a, b, chance, 1.0, pace
            )
            places += pull * (start - places)
    return places


def turned(
    xy: np.ndarray, onto: np.ndarray, target: np.ndarray, *, scaled: bool = False
) -> np.ndarray:
    """Return places shifted, turned and mirrored so that some lie as near as they can to a target.

    Parameters
    ----------
    xy
        All places, float [n, 2].
    onto
        Rows of those that have a target, int [m].
    target
        Where these shall lie, float [m, 2].
    scaled
        Whether the map may also grow or shrink, the same in all directions.

    Notes
    -----
    Orthogonal Procrustes (Schönemann 1966). A single known item gives a shift alone.
    """
    centre = xy[onto].mean(axis=0)
    goal = target.mean(axis=0)
    known = xy[onto] - centre
    u, stretch, v = np.linalg.svd(known.T @ (target - goal))
    spread = float(np.square(known).sum())
    scale = float(stretch.sum()) / spread if scaled and spread > 0 else 1.0
    return np.asarray((xy - centre) @ (u @ v) * (scale or 1.0) + goal, dtype=np.float32)


def extent(xy: np.ndarray) -> float:
    """Return the longer side of a map, which moves are measured in; 1 where all lie in a place."""
    return (float(np.ptp(xy, axis=0).max()) if len(xy) else 0.0) or 1.0


def kept_neighbours(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return the share of each item's neighbours that were neighbours before, float32 [n].

    Parameters
    ----------
    now, before
        Neighbours, int [n, k] and [n, j], in the same numbers; negative ones are nobody.
    """
    shares = np.zeros(len(now), np.float32)
    step = max(1, 2**24 // max(now.shape[1] * before.shape[1], 1))
    for start in range(0, len(now), step):
        some = slice(start, start + step)
        same = now[some, :, None] == before[some, None]
        shares[some] = (same & (now[some, :, None] >= 0)).any(axis=2).mean(axis=1)
    return shares


def _lost_placed(
    start: np.ndarray,
    kept: np.ndarray,
    indices: np.ndarray,
    distances: np.ndarray,
    settings: Settings,
) -> np.ndarray:
    """Return the start with items that have lost their neighbours beside their new ones.

    Neighbours that are lost themselves count little at first, and as they stand afterwards.
    """
    start = np.array(start, dtype=np.float32)
    lost = np.flatnonzero(kept < _LOST)
    if not len(lost):
        return start
    near = slice(0, settings.near(len(start)))
    found, weights = indices[lost, near], memberships(distances[lost, near])
    stay = kept >= _LOST
    start[kept == 0] = start[stay].mean(axis=0) if stay.any() else 0.0
    trust = np.where(stay, 1.0, 0.02).astype(np.float32)
    for _ in range(3):
        start[lost] = settle(start[found], weights * trust[found])
        trust[:] = 1.0
    shaken = np.random.default_rng(settings.seed).normal(scale=1e-3, size=(len(lost), 2))
    start[lost] += (extent(start) * shaken).astype(np.float32)  # equal vectors come apart
    return start


def _with_itself(
    indices: np.ndarray, distances: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return neighbours as UMAP counts them, each item its own first, [n, count]."""
    own = np.arange(len(indices), dtype=np.int32)[:, None]
    nothing = np.zeros((len(indices), 1), np.float32)
    return (
        np.hstack([own, indices[:, : count - 1]]),
        np.hstack([nothing, distances[:, : count - 1]]),
    )


def _principal(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(vectors), 2), np.float32)
    found = centred @ axes[:2].T
    places[:, : found.shape[1]] = found
    return places


@contextmanager
def _quiet() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba and umap announce what a user cannot change
        yield
