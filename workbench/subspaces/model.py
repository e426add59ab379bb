"""A model: how an encoder's vectors are normalised, and one head per dimension."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import StorageError, WorkbenchError
from workbench.files import atomic_write
from workbench.subspaces.heads import Parameters, apply_head, head_shapes
from workbench.subspaces.store import ModelCard

_REAL, _WHOLE = np.dtype(np.float32), np.dtype(np.int64)


@dataclass(frozen=True)
class Normaliser:
    """Standardises each column, then brings each block to equal length.

    Blocks of an encoder differ in width and scale; after this each contributes the same to a
    cosine, and the heads weigh them.

    Attributes
    ----------
    mean, scale : float32 [D]
    edges : int64 [blocks + 1]
        Where blocks begin and end.
    """

    mean: np.ndarray
    scale: np.ndarray
    edges: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, blocks: dict[str, slice]) -> Normaliser:
        """Learn means and scales from vectors [n, D]."""
        scale = vectors.std(axis=0)
        scale[scale < 1e-6] = 1.0
        edges = [b.start for b in blocks.values()] + [vectors.shape[1]]
        return cls(
            vectors.mean(axis=0).astype(np.float32),
            scale.astype(np.float32),
            np.array(edges, dtype=np.int64),
        )

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return normalised vectors, float32 [n, D], of unit length."""
        z = (np.asarray(vectors, dtype=np.float32) - self.mean) / self.scale
        blocks = list(zip(self.edges[:-1], self.edges[1:], strict=True))
        for start, end in blocks:
            block = z[:, start:end]
            block /= np.linalg.norm(block, axis=1, keepdims=True) + 1e-9
        return z / np.float32(np.sqrt(len(blocks)))


@dataclass(frozen=True)
class Model:
    """An encoder plus heads; `heads` maps each dimension to its parameters."""

    card: ModelCard
    normaliser: Normaliser
    heads: dict[str, Parameters]

    @property
    def width(self) -> int:
        """Columns of a row of subspace vectors."""
        return len(self.card.dimensions) * self.card.subspace_dim

    def transform(self, vectors: np.ndarray) -> np.ndarray:
        """Return the subspace vectors of encoder vectors, side by side in one row.

        Parameters
        ----------
        vectors
            float32 [n, D]

        Returns
        -------
        float32 [n, dimensions * subspace_dim]; each dimension's block has unit length.
        """
        if vectors.shape[1] != len(self.normaliser.mean):
            raise WorkbenchError(
                f"Model {self.card.version} expects vectors of width {len(self.normaliser.mean)}, "
                f"not {vectors.shape[1]}; embed the items with {self.card.encoder}."
            )
        x = self.normaliser(vectors)
        parts = [apply_head(self.card.head, self.heads[name], x) for name in self.card.dimensions]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def save(self, file: Path) -> str:
        """Write the arrays as safetensors and return their SHA-256."""
        from safetensors.numpy import save

        arrays = {f"normaliser.{k}": v for k, v in vars(self.normaliser).items()}
        for name, parameters in self.heads.items():
            arrays |= {f"heads.{name}.{k}": v for k, v in parameters.items()}
        data = save({k: np.ascontiguousarray(v) for k, v in arrays.items()})
        with atomic_write(file) as stream:
            stream.write(data)
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def load(cls, file: Path, card: ModelCard) -> Model:
        """Read a model; every array must be there with the shape the card implies.

        Raises
        ------
        StorageError
            If the file is missing, changed or of another shape.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        damaged = f"Model {card.version} is damaged ({{}}); restore its folder from a backup."
        try:
            data = file.read_bytes()
            if hashlib.sha256(data).hexdigest() != card.sha256:
                raise StorageError(damaged.format("its weights are not those the card names"))
            arrays = load(data)
            normaliser = Normaliser(
                *(arrays[f"normaliser.{k}"] for k in ("mean", "scale", "edges"))
            )
            heads: dict[str, Parameters] = {name: {} for name in card.dimensions}
            for key, array in arrays.items():
                if key.startswith("heads."):
                    name, parameter = key.removeprefix("heads.").rsplit(".", 1)
                    heads[name][parameter] = array
            _check_normaliser(normaliser)
            for name, parameters in heads.items():
                _check_head(card, name, parameters, len(normaliser.mean))
        except KeyError as error:
            raise StorageError(damaged.format(f"{error} is missing or unknown")) from error
        except (OSError, ValueError, SafetensorError) as error:
            raise StorageError(damaged.format(error)) from error
        return cls(card, normaliser, heads)


def _check_normaliser(normaliser: Normaliser) -> None:
    mean, scale, edges = normaliser.mean, normaliser.scale, normaliser.edges
    if mean.ndim != 1 or mean.shape != scale.shape or {mean.dtype, scale.dtype} != {_REAL}:
        raise ValueError("its mean and scale do not fit each other")
    if edges.dtype != _WHOLE or edges.ndim != 1 or len(edges) < 2:
        raise ValueError("its blocks have no edges")
    if edges[0] != 0 or edges[-1] != len(mean) or (np.diff(edges) <= 0).any():
        raise ValueError("its blocks do not cover the vector")


def _check_head(card: ModelCard, name: str, parameters: Parameters, width: int) -> None:
    """Compare the arrays of a head with what the card implies."""
    shapes = head_shapes(card.head, width, card.subspace_dim)
    found = {key: array.shape for key, array in parameters.items()}
    if found != shapes:
        raise ValueError(f"{name} has arrays {found}, not {shapes}")
    if any(a.dtype != (_WHOLE if key == "mask" else _REAL) for key, a in parameters.items()):
        raise ValueError(f"{name} has numbers of another kind")
    if card.head == "mask" and not np.isin(parameters["mask"], np.arange(width)).all():
        raise ValueError(f"the mask of {name} points outside the vector")
