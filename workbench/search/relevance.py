"""Relevance: weights of dimensions, and what cosines, distances and ranks say to people.

Relevance is 1 - D / D_max (patent US 12,394,399, figure 8), with D the Euclidean distance in a
subspace and D_max = 2, the largest distance of unit vectors: it means the same for every query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from workbench.errors import UnknownNameError, WorkbenchError

FURTHEST = 2.0  # distance of two unit vectors
_FEW = 32  # so many are compared with everyone faster than everyone is sorted
_MANY = (
    2**22
)  # numbers, 16 MB: so many are read by compiled loops; fewer take NumPy few milliseconds


def shares(
    weights: Mapping[str, float] | None,
    dimensions: Iterable[str],
    taught: Collection[str] | None = None,
) -> np.ndarray:
    """Return the weight of each dimension, float32 [d]; their sizes sum to 1.

    Parameters
    ----------
    weights
        By dimension; those not named count nothing. A negative weight asks for what is unlike.
        None: all that the model has learned count the same.
    dimensions
        Those of the model.
    taught
        Those that it has learned something about; by default all.

    Raises
    ------
    UnknownNameError
        If a weight names a dimension or relation that the model was not trained on.
    WorkbenchError
        If no weight is other than zero, or one is no number.
    """
    names = list(dimensions)
    taught = names if taught is None else taught
    if weights is None:
        counted = np.array([name in taught for name in names], np.float32)
        return counted / max(counted.sum(), 1.0)
    unknown = [name for name, weight in weights.items() if name not in taught and weight]
    if unknown:
        cure = (
            ": tag music by it or judge triplets about it, and train again"
            if unknown[0] in names
            else ""
        )
        raise UnknownNameError(
            f"The model has not learned {unknown[0]!r}{cure}; it knows {', '.join(taught)}."
        )
    wanted = np.array([weights.get(name, 0.0) for name in names], dtype=float)
    size = float(np.abs(wanted).sum())
    if not np.isfinite(size):
        raise WorkbenchError("A weight must be a number, such as 1, 0.5 or -1.")
    if size == 0:
        raise WorkbenchError(
            f"No dimension counts: give at least one of {', '.join(names)} a weight above or "
            "below zero."
        )
    return (wanted / size).astype(np.float32)


def cosines(vectors: np.ndarray, query: np.ndarray, dimensions: int) -> np.ndarray:
    """Return the cosine of every item with the query in every subspace, float32 [d, n].

    Parameters
    ----------
    vectors
        float32 [n, d * width]: d blocks of unit length side by side; may be memory-mapped.
    query
        float32 [d * width], alike.
    dimensions
        d

    Notes
    -----
    One product that reads every vector once. BLAS would need a matrix with the query's blocks in
    columns of their own, which is three times slower for 100,000 items of eight dimensions. Large
    catalogues are read by `scan`, on all cores; what it imports would make small ones wait.
    """
    if vectors.size >= _MANY and vectors.flags.c_contiguous:
        from workbench.search.scan import block_cosines

        return block_cosines(vectors, query, dimensions)
    blocks = vectors.reshape(len(vectors), dimensions, -1)
    products = np.einsum("ndw,dw->nd", blocks, query.reshape(dimensions, -1))
    return np.ascontiguousarray(products.T)  # turned afterwards: items are read in their order


def relevance(cosine: np.ndarray) -> np.ndarray:
    """Return 1 - D / D_max of unit vectors from their cosine.

    Examples
    --------
    >>> relevance(np.array([1.0, 0.5, -1.0])).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.asarray(1.0 - np.sqrt(2.0 - 2.0 * np.clip(cosine, -1.0, 1.0)) / FURTHEST)


def percentiles(
    found: np.ndarray, everyone: np.ndarray, allowed: np.ndarray | None = None
) -> np.ndarray:
    """Return the share of all that may be found which is further away than each of `found`.

    Parameters
    ----------
    found
        Cosines, [d, k].
    everyone
        Those of everyone, [d, n].
    allowed
        Who may be found, bool [n]; by default everyone.

    Returns
    -------
    [d, k], 0 to 1.

    Examples
    --------
    >>> percentiles(np.array([[0.9, 0.5]]), np.array([[0.9, 0.5, 0.5, 0.1]])).tolist()
    [[0.75, 0.25]]
    """
    if allowed is None:
        allowed = np.ones(everyone.shape[1], dtype=bool)
    count = int(np.count_nonzero(allowed))
    if 2 * count < len(allowed):
        further = _further(found, everyone.take(np.flatnonzero(allowed), axis=1))
    else:  # nearly everyone: those who may not be found are taken off again
        others = everyone.take(np.flatnonzero(~allowed), axis=1)
        further = _further(found, everyone) - _further(found, others)
    return np.asarray(further / max(count, 1))


def _further(found: np.ndarray, everyone: np.ndarray) -> np.ndarray:
    """Return how many of `everyone` [d, n] are further away than each of `found`, int64 [d, k]."""
    if found.shape[1] > _FEW:
        pairs = zip(found, everyone, strict=True)
        return np.array([np.searchsorted(np.sort(all_), some) for some, all_ in pairs])
    further = np.zeros(found.shape, np.int64)
    for row, column in np.ndindex(found.shape):
        further[row, column] = np.count_nonzero(everyone[row] < found[row, column])
    return further
