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
from typing import NamedTuple

import numpy as np

from workbench.array_files import read_array
from workbench.errors import NotReadyError, StorageError
from workbench.files import alone, clear_storage_errors, sync, write_text


class _Arrays(NamedTuple):
    generation: str
    ids: np.ndarray
    vectors: np.ndarray


class VectorStore:
    """Vectors of items.

    Parameters
    ----------
    folder
        Where they lie.
    what
        What a row is called in sentences.
    command
        The command that makes them.

    Attributes
    ----------
    ids : int64 [n]
        The items, ascending.
    vectors : float32 [n, dim]
        Their vectors, memory-mapped.
    generation : str
        The name of this write; any later write has another.
    """

    def __init__(
        self, folder: Path, *, what: str = "vector", command: str = "workbench embed"
    ) -> None:
        self.folder = folder
        self._what, self._command = what, command

    @property
    def exists(self) -> bool:
        """Whether anything has been stored."""
        return (self.folder / "current").is_file()

    @property
    def ids(self) -> np.ndarray:
        """The items, int64 [n], ascending."""
        return self._arrays.ids

    @property
    def vectors(self) -> np.ndarray:
        """The vectors, float32 [n, dim], memory-mapped."""
        return self._arrays.vectors

    @property
    def generation(self) -> str:
        """The name of the write that `ids` and `vectors` are of; any later one has another."""
        return self._arrays.generation

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
                f"Item {wanted[~known][0]} has no {self._what} yet; run `{self._command}` first."
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
        with alone(self.folder):
            try:
                with clear_storage_errors(target):
                    target.mkdir()
                    np.save(target / "ids.npy", np.asarray(ids, dtype=np.int64)[order])
                    np.save(target / "vectors.npy", np.asarray(vectors, dtype=np.float32)[order])
                    # On the disk before the pointer names them: it might get there first.
                    for path in (target / "ids.npy", target / "vectors.npy", target):
                        sync(path)
                write_text(self.folder / "current", name)
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
            self._remove_others(name)
        self.__dict__.pop("_arrays", None)

    def refresh(self) -> None:
        """Look again at what is stored: another process may have written since."""
        self.__dict__.pop("_arrays", None)

    def hold(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Keep a complete new set in memory, for those who may store nothing; see `write`."""
        order = np.argsort(ids, kind="stable")
        rows = np.asarray(ids, np.int64)[order], vectors[order]
        self.__dict__["_arrays"] = _Arrays(uuid.uuid4().hex[:12], *rows)

    @cached_property
    def _arrays(self) -> _Arrays:
        """Both files of one generation, opened together; once open they outlive their removal."""
        while True:
            name = self._current()
            if name is None:
                raise NotReadyError(
                    f"There is no {self._what} of {self.folder.name} yet; run `{self._command}` "
                    "first."
                )
            try:
                return _open(self.folder / name)
            except (OSError, ValueError) as error:
                if self._current() == name:  # else it was replaced while we looked
                    raise StorageError(
                        f"{self.folder / name} is damaged or missing; delete {self.folder} and "
                        f"run `{self._command}` again."
                    ) from error

    def _current(self) -> str | None:
        try:
            return (self.folder / "current").read_text().strip()
        except FileNotFoundError:
            return None

    def _remove_others(self, current: str) -> None:
        """Remove the generation just replaced, and what others left who were ended in the middle.

        Whoever writes holds the folder's lock, so none of them is being written.
        """
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in (current, "parts"):
                shutil.rmtree(folder, ignore_errors=True)


def _open(folder: Path) -> _Arrays:
    ids = read_array(folder / "ids.npy")
    vectors = read_array(folder / "vectors.npy", mapped=True)
    if ids.ndim != 1 or vectors.ndim != 2 or len(vectors) != len(ids):
        raise ValueError("vectors and ids differ in number")
    if ids.dtype != np.int64 or vectors.dtype != np.float32:
        raise ValueError("ids or vectors are numbers of another kind")
    return _Arrays(folder.name, ids, vectors)
