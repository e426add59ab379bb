"""Heads: the mapping functions from the vector space into one dimension's subspace.

Three kinds share one interface (patent US 12,394,399: a mapping function may be a neural network,
a linear combination or a mask):

``mask``
    The paper's fixed, disjoint, equal blocks of the vector; nothing to train.
``linear``
    One matrix per dimension.
``mlp``
    The linear head plus a small network that corrects it and starts at zero.

The functions work on NumPy arrays and torch tensors alike: training and pages share one
definition, and pages need no torch.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from workbench.errors import WorkbenchError

HEADS = ("mask", "linear", "mlp")
HIDDEN = 64
Array: TypeAlias = Any  # np.ndarray or torch.Tensor
Parameters: TypeAlias = dict[str, Array]


def unit(vectors: Array) -> Array:
    """Return vectors of unit length along the last axis; zero vectors stay zero."""
    return vectors / ((vectors * vectors).sum(-1)[..., None] + 1e-12) ** 0.5


def apply_head(kind: str, parameters: Parameters, x: Array) -> Array:
    """Return unit vectors in a subspace.

    Parameters
    ----------
    kind
        ``mask``, ``linear`` or ``mlp``.
    parameters
        Its arrays: ``mask`` int [d]; ``weight`` [..., d, D]; for mlp also ``hidden`` [..., h, D],
        ``bias`` [..., h] and ``out`` [..., d, h]. Leading axes hold several heads at once.
    x
        Normalised vectors, [n, D].

    Returns
    -------
    [..., n, d]
    """
    if kind == "mask":
        return unit(x[..., parameters["mask"]])
    y = x @ parameters["weight"].swapaxes(-1, -2)
    if kind == "mlp":
        h = x @ parameters["hidden"].swapaxes(-1, -2) + parameters["bias"][..., None, :]
        y = y + (h * (h > 0)) @ parameters["out"].swapaxes(-1, -2)
    return unit(y)


def mask_blocks(width: int, dimensions: int) -> np.ndarray:
    """Return the columns of each dimension's block, int64 [dimensions, width / dimensions].

    Raises
    ------
    WorkbenchError
        If the width does not divide: 256 and six dimensions do not, hence the paper's 258 and 384.
    """
    if width % dimensions:
        raise WorkbenchError(
            f"A mask head needs an embedding size that divides by the number of dimensions; "
            f"{width} does not divide by {dimensions}."
        )
    return np.arange(width, dtype=np.int64).reshape(dimensions, -1)


def head_shapes(kind: str, width: int, subspace_dim: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each array of a head on vectors of `width`.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind == "mask":
        return {"mask": (subspace_dim,)}
    linear: dict[str, tuple[int, ...]] = {"weight": (subspace_dim, width)}
    if kind == "linear":
        return linear
    if kind == "mlp":
        return linear | {
            "hidden": (HIDDEN, width),
            "bias": (HIDDEN,),
            "out": (subspace_dim, HIDDEN),
        }
    raise ValueError(f"unknown head {kind!r}")


def widen_to_mlp(weight: np.ndarray, rng: np.random.Generator) -> Parameters:
    """Return mlp parameters that begin as the linear head `weight` [d, D]."""
    d, width = weight.shape
    scale = 1.0 / np.sqrt(width)
    return {
        "weight": weight,
        "hidden": rng.normal(scale=scale, size=(HIDDEN, width)).astype(np.float32),
        "bias": np.zeros(HIDDEN, np.float32),
        "out": np.zeros((d, HIDDEN), np.float32),
    }
