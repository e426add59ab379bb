"""One read of all vectors: the cosines of many items, in compiled loops on all cores.

NumPy has no product that takes a row in blocks: einsum comes nearest, on one core. The loops here
read the vectors once, as fast as memory gives them (docs/performance.md). They are compiled when a
machine first needs them and kept on its disk; importing this module imports numba.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from workbench.compiled import compiled

_TILE = 64  # rows whose cosines wait in the cache until they are turned
_MOST_THREADS = 8  # more do not read memory any faster


def block_cosines(vectors: np.ndarray, query: np.ndarray, dimensions: int) -> np.ndarray:
    """Return what `relevance.cosines` does, float32 [d, n].

    Parameters
    ----------
    vectors
        float32 [n, d * width], rows one behind the other; may be memory-mapped.
    query
        float32 [d * width]
    dimensions
        d
    """
    products = np.empty((dimensions, len(vectors)), np.float32)
    query = np.ascontiguousarray(query, dtype=np.float32)
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    edges = np.linspace(0, len(vectors), threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        parts = [
            pool.submit(_block_products, vectors[start:end], query, products[:, start:end])
            for start, end in pairwise(edges)
        ]
        for part in parts:
            part.result()
    return products


# Sums may be taken in another order, which lets them be taken sixteen at a time; that order is the
# same for every row, so that equal vectors have equal cosines.
@compiled({"reassoc", "contract"})
def _block_products(vectors: np.ndarray, query: np.ndarray, products: np.ndarray) -> None:
    """Write the products of each block into `products`, float32 [d, n]."""
    dimensions = len(products)
    width = vectors.shape[1] // dimensions
    tile = np.empty((dimensions, _TILE), np.float32)
    for start in range(0, len(vectors), _TILE):
        rows = min(_TILE, len(vectors) - start)
        for i in range(rows):
            for k in range(dimensions):
                total = np.float32(0)
                for j in range(width):
                    total += vectors[start + i, k * width + j] * query[k * width + j]
                tile[k, i] = total
        for k in range(dimensions):
            for i in range(rows):
                products[k, start + i] = tile[k, i]
