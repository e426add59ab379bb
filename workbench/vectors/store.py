"""Stored vectors: one float32 array per encoder or model, opened memory-mapped, ids beside it.

Each complete write is a generation of its own; a pointer file names the current one and is
replaced in one step, so readers see the old pair of files or the new one, never a mixture.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workbench.array_files import read_array
from workbench.errors import NotReadyError, StorageError
from workbench.files import alone, clear_storage_errors, sync, write_text

CHECKSUMS = "sha256"
BLOCK = 8192  # rows that are read or sent at once


class Arrays(NamedTuple):
    """One generation: its name, the items (int64 [n], ascending) and vectors (float32 [n, dim])."""

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
            raise self._missing(wanted[~known][0])
        return found

    def _missing(self, item: int) -> NotReadyError:
        return NotReadyError(f"Item {item} has no {self._what} yet; run `{self._command}` first.")

    def write(self, ids: np.ndarray, vectors: np.ndarray, *, generation: str | None = None) -> None:
        """Store a complete new set and make it the current one.

        Parameters
        ----------
        ids
            int64 [n]
        vectors
            float32 [n, dim]
        generation
            The name of this write, for a copy that keeps that of its original.
        """
        items, rows = np.asarray(ids, np.int64), np.asanyarray(vectors, np.float32)
        if (np.diff(items) < 0).any():  # else they stay where they lie, perhaps on the disk
            order = np.argsort(items, kind="stable")
            items, rows = items[order], rows[order]
        arrays = Arrays(generation or uuid.uuid4().hex[:12], items, rows)
        self._replace(arrays)
        self.__dict__.pop("_arrays", None)

    def _replace(self, arrays: Arrays) -> None:
        with alone(self.folder):
            if self._current() != arrays.generation:  # left by a copy that was ended in the middle
                shutil.rmtree(self.folder / arrays.generation, ignore_errors=True)
            try:
                save_arrays(self.folder / arrays.generation, arrays)
                write_text(self.folder / "current", arrays.generation)
            except BaseException:
                shutil.rmtree(self.folder / arrays.generation, ignore_errors=True)
                raise
            remove_generations(self.folder, but=arrays.generation)

    def refresh(self) -> None:
        """Look again at what is stored: another process may have written since."""
        self.__dict__.pop("_arrays", None)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all items and their vectors as they are stored, some at a time."""
        for start in range(0, len(self.ids), BLOCK):
            yield self.ids[start : start + BLOCK], self.vectors[start : start + BLOCK]

    def same_items(self, other: VectorStore) -> bool:
        """Return whether both hold vectors of the same items."""
        return self.exists and np.array_equal(self.ids, other.ids)

    def hold(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        """Keep a complete new set in memory, for those who may store nothing; see `write`."""
        order = np.argsort(ids, kind="stable")
        rows = np.asarray(ids, np.int64)[order], vectors[order]
        self.__dict__["_arrays"] = Arrays(uuid.uuid4().hex[:12], *rows)

    @cached_property
    def _arrays(self) -> Arrays:
        """Both files of one generation, opened together; once open they outlive their removal."""
        while True:
            name = self._current()
            if name is None:
                raise NotReadyError(
                    f"There is no {self._what} of {self.folder.name} yet; run `{self._command}` "
                    "first."
                )
            try:
                return self._open(name)
            except (OSError, ValueError) as error:
                if self._current() == name:  # else it was replaced while we looked
                    raise StorageError(
                        f"{self.folder / name} is damaged or missing; delete {self.folder} and "
                        f"run `{self._command}` again."
                    ) from error

    def _open(self, name: str) -> Arrays:
        return open_arrays(self.folder / name)

    def _current(self) -> str | None:
        try:
            return (self.folder / "current").read_text().strip()
        except FileNotFoundError:
            return None


def save_arrays(folder: Path, arrays: Arrays) -> None:
    """Write both files of a generation into a new folder; they are on the disk afterwards."""
    with clear_storage_errors(folder):
        folder.mkdir(parents=True)
        np.save(folder / "ids.npy", arrays.ids)
        np.save(folder / "vectors.npy", arrays.vectors)
        write_text(folder / CHECKSUMS, _checksums(folder))
        # On the disk before a pointer names them: it might get there first.
        for path in (folder / "ids.npy", folder / "vectors.npy", folder):
            sync(path)


def is_intact(folder: Path) -> bool:
    """Return whether both files of a generation hold what was written, which reads all of them.

    Of generations that older versions wrote it is not known; they count as intact.
    """
    try:
        return (folder / CHECKSUMS).read_text() == _checksums(folder)
    except FileNotFoundError:
        return True


def _checksums(folder: Path) -> str:
    """Return lines of SHA-256 and name, as `sha256sum --check` takes them."""
    lines = []
    for name in ("ids.npy", "vectors.npy"):
        with (folder / name).open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines)


def open_arrays(folder: Path) -> Arrays:
    """Return both files of a generation, the vectors memory-mapped."""
    ids = read_array(folder / "ids.npy")
    vectors = read_array(folder / "vectors.npy", mapped=True)
    if ids.ndim != 1 or vectors.ndim != 2 or len(vectors) != len(ids):
        raise ValueError("vectors and ids differ in number")
    if ids.dtype != np.int64 or vectors.dtype != np.float32:
        raise ValueError("ids or vectors are numbers of another kind")
    return Arrays(folder.name, ids, vectors)


def remove_generations(folder: Path, *, but: str) -> None:
    """Remove the generation just replaced, and what others left who were ended in the middle.

    Whoever writes holds the folder's lock, so none of them is being written.
    """
    for generation in folder.iterdir():
        if generation.is_dir() and generation.name not in (but, "parts"):
            shutil.rmtree(generation, ignore_errors=True)
