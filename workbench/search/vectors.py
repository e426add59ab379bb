"""Stored vectors: one float32 array per encoder or model, opened memory-mapped, ids beside it.

Each complete write is a generation of its own; a pointer file names the current one and is
replaced in one step, so readers see the old pair of files or the new one, never a mixture.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from workbench.errors import NotReadyError, StorageError
from workbench.files import clear_storage_errors, write_text


class VectorStore:
    """Vectors of items.

    Attributes
    ----------
    ids : int64 [n]
        The items, ascending.
    vectors : float32 [n, dim]
        Their vectors, memory-mapped.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        """Whether anything has been stored."""
        return (self.folder / "current").is_file()

    @cached_property
    def _generation(self) -> Path:
        if not self.exists:
            raise NotReadyError(
                f"There are no vectors of {self.folder.name} yet; run `workbench embed` first."
            )
        return self.folder / (self.folder / "current").read_text().strip()

    @cached_property
    def ids(self) -> np.ndarray:
        """The items, int64 [n], ascending."""
        return self._load("ids.npy", mapped=False)

    @cached_property
    def vectors(self) -> np.ndarray:
        """The vectors, float32 [n, dim], memory-mapped."""
        vectors = self._load("vectors.npy", mapped=True)
        if vectors.ndim != 2 or len(vectors) != len(self.ids):
            raise StorageError(
                f"{self._generation} is damaged: its vectors and ids differ in number; "
                "delete the folder and run `workbench embed` again."
            )
        return vectors

    def rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vectors of `ids`, float32 [len(ids), dim].

        Raises
        ------
        NotReadyError
            If one of them has no vector yet.
        """
        return np.asarray(self.vectors[self.positions(ids)])

    def positions(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the row numbers of `ids`, int64 [len(ids)]."""
        wanted = np.asarray(ids, dtype=np.int64)
        found = np.searchsorted(self.ids, wanted)
        known = found < len(self.ids)
        known[known] = self.ids[found[known]] == wanted[known]
        if not known.all():
            raise NotReadyError(
                f"Item {wanted[~known][0]} has no vector yet; run `workbench embed` first."
            )
        return found

    def write(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Store a complete new set and make it the current one.

        Parameters
        ----------
        ids
            int64 [n]
        vectors
            float32 [n, dim]
        """
        order = np.argsort(ids, kind="stable")
        name = uuid.uuid4().hex[:12]
        target = self.folder / name
        with clear_storage_errors(target):
            target.mkdir(parents=True)
            np.save(target / "ids.npy", np.asarray(ids, dtype=np.int64)[order])
            np.save(target / "vectors.npy", np.asarray(vectors, dtype=np.float32)[order])
        write_text(self.folder / "current", name)
        for old in self.folder.iterdir():
            if old.is_dir() and old.name not in (name, "parts"):
                shutil.rmtree(old, ignore_errors=True)
        for attribute in ("_generation", "ids", "vectors"):
            self.__dict__.pop(attribute, None)

    def _load(self, name: str, *, mapped: bool) -> np.ndarray:
        try:
            return np.load(
                self._generation / name, mmap_mode="r" if mapped else None, allow_pickle=False
            )
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{self._generation / name} is damaged or missing; delete {self.folder} and run "
                "`workbench embed` again."
            ) from error
