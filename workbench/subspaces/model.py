"""A model: how an encoder's vectors are normalised, and one head per dimension."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import StorageError, WorkbenchError
from workbench.files import atomic_write
from workbench.subspaces.heads import HEADS, Parameters, apply_head
from workbench.subspaces.store import ModelCard


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
                    _, name, parameter = key.split(".", 2)
                    heads[name][parameter] = array
            for name, parameters in heads.items():
                _check_shapes(card, name, parameters, len(normaliser.mean))
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise StorageError(damaged.format(error)) from error
        return cls(card, normaliser, heads)


def _check_shapes(card: ModelCard, name: str, parameters: Parameters, width: int) -> None:
    if card.head not in HEADS:
        raise ValueError(f"unknown head {card.head!r}")
    main = "mask" if card.head == "mask" else "weight"
    expected = (card.subspace_dim,) if main == "mask" else (card.subspace_dim, width)
    if parameters[main].shape != expected:
        raise ValueError(f"{name} has shape {parameters[main].shape}, not {expected}")
