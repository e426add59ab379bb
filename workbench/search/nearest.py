"""Nearest vectors: exactly, by products of blocks, or by NN-descent where there are very many."""

from __future__ import annotations

import numpy as np

EXACT_UP_TO = 30_000  # items; so many are compared in four seconds, and the time grows as n squared
_NUMBERS = 2**23  # products held at once, 32 MB
_CHUNK = 64  # columns of which only the largest is looked at first
_CROWD = 64  # times as many candidates as asked for: vectors that are equal in great numbers


def nearest(
    queries: np.ndarray, vectors: np.ndarray, count: int, *, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which vectors are nearest to each query, the nearest first, and how far they are.

    Parameters
    ----------
    queries
        float32 [m, d]
    vectors
        float32 [n, d]
    count
        How many, k; fewer where there are fewer.
    own
        The row of each query among `vectors`, int [m], which is not its own neighbour.

    Returns
    -------
    indices
        int32 [m, k]; of equally near ones the lower row goes first.
    distances
        float32 [m, k], Euclidean. Unit vectors have the same order by their cosine.

    Notes
    -----
    Products find the candidates, block by block, so that memory stays bounded; their distances
    are then taken from the differences, which tells equal vectors from very similar ones. The
    k-th largest of the largest products of chunks of columns is no larger than the k-th largest
    product: everything below it can be left out unsorted, twice to four times as fast as a
    partition of all.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [3.0]], np.float32)
    >>> indices, distances = nearest(line, line, 1, own=np.arange(3))
    >>> indices[:, 0].tolist(), distances[:, 0].tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    count = max(0, min(count, len(vectors) - (own is not None)))
    indices = np.zeros((len(queries), count), np.int32)
    distances = np.zeros((len(queries), count), np.float32)
    if count == 0 or not len(queries):
        return indices, distances
    chunk = max(1, min(_CHUNK, len(vectors) // (4 * count)))
    columns = _columns(vectors, chunk)
    margin = 4e-6 * float(np.einsum("nd,nd->n", vectors, vectors).max())
    step = max(1, _NUMBERS // columns.shape[1])
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        near = np.concatenate([block, np.ones((len(block), 1), np.float32)], axis=1) @ columns
        if own is not None:
            near[np.arange(len(block)), own[start : start + step]] = -np.inf
        rows, found = _candidates(near, count, chunk, margin)
        apart = _distances(block, vectors, rows, found)
        order = np.lexsort((found, apart, rows))
        first = np.searchsorted(rows, np.arange(len(block)))
        best = order[first[:, None] + np.arange(count)]
        indices[start : start + step], distances[start : start + step] = found[best], apart[best]
    return indices, distances


def neighbour_graph(
    vectors: np.ndarray, count: int, *, seed: int = 0, exact_up_to: int = EXACT_UP_TO
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest others of every vector, as `nearest` does.

    Parameters
    ----------
    vectors
        float32 [n, d]
    count
        How many neighbours each.
    seed
        Of NN-descent.
    exact_up_to
        Up to so many vectors all are compared with all; more are searched by NN-descent, which
        finds nearly all neighbours in a fraction of the time (docs/performance.md).

    Notes
    -----
    NN-descent: Dong, Moses and Li 2011, as pynndescent has it, on one thread: with several it
    gives another graph each time.
    """
    everyone = np.arange(len(vectors))
    if len(vectors) <= max(exact_up_to, count + 1):
        return nearest(vectors, vectors, count, own=everyone)
    return _descent(np.ascontiguousarray(vectors, dtype=np.float32), count, seed)


def _columns(vectors: np.ndarray, chunk: int) -> np.ndarray:
    """Return what a query (and a 1) is multiplied with: the larger the product, the nearer.

    Columns of minus infinity fill the last chunk.
    """
    width = -(-len(vectors) // chunk) * chunk
    columns = np.zeros((vectors.shape[1] + 1, width), np.float32)
    columns[:-1, : len(vectors)] = vectors.T
    columns[-1, : len(vectors)] = -0.5 * np.einsum("nd,nd->n", vectors, vectors)
    columns[-1, len(vectors) :] = -np.inf
    return columns


def _candidates(
    near: np.ndarray, count: int, chunk: int, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (ascending) and columns among which the `count` largest of each row are."""
    tops = near.reshape(len(near), -1, chunk).max(axis=2)
    place = tops.shape[1] - count
    least = np.partition(tops, place, axis=1)[:, place] - margin
    passed = near >= least[:, None]
    if np.count_nonzero(passed) > _CROWD * count * len(near):
        found = np.argsort(-near, axis=1, kind="stable")[:, :count]
        return np.repeat(np.arange(len(near)), count), found.ravel()
    rows, found = np.nonzero(passed)
    return rows, found


def _distances(
    queries: np.ndarray, vectors: np.ndarray, rows: np.ndarray, found: np.ndarray
) -> np.ndarray:
    apart = vectors[found] - queries[rows]
    return np.sqrt(np.einsum("pd,pd->p", apart, apart))


def _descent(vectors: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from pynndescent import NNDescent

    wide = min(count + 1 + count // 2, len(vectors))  # some more are sought: fewer are missed
    search = NNDescent(vectors, n_neighbors=wide, random_state=seed, n_jobs=1)
    found = search.neighbor_graph[0].astype(np.int32)
    everyone = np.arange(len(vectors), dtype=np.int32)
    rows = np.repeat(everyone, wide)
    apart = _distances(vectors, vectors, rows, found.ravel()).reshape(found.shape)
    apart[(found == everyone[:, None]) | (found < 0)] = np.inf  # itself, and what it did not find
    order = np.lexsort((found, apart), axis=1)[:, :count]
    indices = np.take_along_axis(found, order, axis=1)
    distances = np.take_along_axis(apart, order, axis=1)
    poor = np.flatnonzero(np.isinf(distances).any(axis=1))
    if len(poor):
        indices[poor], distances[poor] = nearest(vectors[poor], vectors, count, own=poor)
    return indices, distances
