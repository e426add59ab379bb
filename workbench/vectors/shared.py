"""Vectors in a team's PostgreSQL database (pgvector), with a copy on every machine that reads them.

A set of vectors is a table of its own, named by its generation; `vector_sets` says which one is
current. Both change in one transaction: readers see the old set or the new one, whole. Searches,
maps and training read a memory-mapped copy in the cache folder, fetched once per generation.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from numpy.lib.format import open_memmap

from workbench.errors import ReadOnlyError, StorageError
from workbench.files import PARTIAL, alone, clear_storage_errors
from workbench.progress import Progress
from workbench.vectors.copy_format import END, HEADER, record
from workbench.vectors.store import (
    BLOCK,
    Arrays,
    VectorStore,
    open_arrays,
    remove_generations,
    save_arrays,
)

if TYPE_CHECKING:
    from workbench.catalogue.database import Database

MAX_DIM = 16_000  # of a vector in pgvector
_FEW = 100  # rows that are asked for one by one
_LOCK = 0x6D757369  # of those who make the tables, an arbitrary number
_DROP_WAIT = "2s"  # a replaced set that somebody is still reading is dropped by a later write
_SETS = """
CREATE TABLE IF NOT EXISTS vector_sets (
    name text PRIMARY KEY, generation text NOT NULL, rows bigint NOT NULL, dim integer NOT NULL,
    items text NOT NULL, written_at timestamptz NOT NULL DEFAULT now())
"""
_STRAYS = """
SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = current_schema() AND relkind = 'r' AND relname ~ '^vectors_[0-9a-f]{12}$'
AND substr(relname, 9) NOT IN (SELECT generation FROM vector_sets)
"""


class Replaced(ValueError):
    """A generation that is gone, since another one has taken its place this moment."""


class SharedVectors(VectorStore):
    """Vectors that a team shares; see `VectorStore`.

    Parameters
    ----------
    database
        The team's.
    name
        Of the set.
    folder
        Where part files of this machine lie.
    cache
        Where copies are kept. Those who may write nothing keep them in memory.
    progress
        Makes who is told about long transfers.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        *,
        folder: Path,
        cache: Path,
        progress: Callable[[], Progress] = Progress,
    ) -> None:
        super().__init__(folder)
        self.database, self.name = database, name
        self._cache, self._progress = cache, progress

    @property
    def exists(self) -> bool:
        """Whether anything has been stored."""
        return self._current() is not None

    def same_items(self, other: VectorStore) -> bool:
        """Return whether both hold vectors of the same items, without fetching them."""
        if not isinstance(other, SharedVectors):
            return super().same_items(other)
        ours, theirs = self._told("items"), other._told("items")
        return ours is not None and ours == theirs

    @property
    def is_fetched(self) -> bool:
        """Whether the current generation lies on this machine."""
        name = self._current()
        return name is not None and (self._cache / name / "vectors.npy").is_file()

    @property
    def count(self) -> int:
        """How many items have a vector."""
        return int(self._told("rows") or 0)

    def rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the vectors of `ids`, float32 [len(ids), dim]; a few are not worth fetching all.

        Raises
        ------
        NotReadyError
            If one of them has no vector yet.
        """
        here = "_arrays" in self.__dict__ or self.is_fetched
        if here or not 0 < len(ids) <= _FEW or not self.exists:
            return super().rows(ids)
        wanted = np.asarray(ids, np.int64).tolist()
        query = sa.text(
            f"SELECT item_id, CAST(vector AS real[]) FROM {self.table()} "
            "WHERE item_id = ANY(CAST(:ids AS bigint[]))"
        )
        with self.database.engine.connect() as connection:
            found = {row[0]: row[1] for row in connection.execute(query, {"ids": wanted})}
        for item in wanted:
            if item not in found:
                raise self._missing(item)
        return np.array([found[item] for item in wanted], np.float32).reshape(len(wanted), -1)

    def table(self) -> str:
        """Return the table of the current generation.

        Raises
        ------
        NotReadyError
            If nothing has been stored.
        """
        return table_of(self._current() or self.generation)

    def _current(self) -> str | None:
        found = self._told("generation")
        return None if found is None else str(found)

    def _told(self, column: str) -> Any:
        """Return what `vector_sets` says of this set, None where there is none."""
        with self.database.engine.connect() as connection:
            if connection.scalar(sa.text("SELECT to_regclass('vector_sets')")) is None:
                return None
            query = sa.text(f"SELECT {column} FROM vector_sets WHERE name = :name")
            return connection.scalar(query, {"name": self.name})

    # -- writing --------------------------------------------------------------------------------

    def _replace(self, arrays: Arrays) -> None:
        if self.database.read_only:
            raise ReadOnlyError
        self._check(arrays)
        prepare(self.database)
        with clear_postgres_errors(), self.database.engine.begin() as connection:
            self._send(connection, arrays)
        _drop_strays(self.database)
        with suppress(StorageError):  # the database has them: they can be fetched
            self._keep(arrays)

    def _check(self, arrays: Arrays) -> None:
        width = arrays.vectors.shape[1]
        if width > MAX_DIM:
            raise StorageError(
                f"Vectors of {width} numbers are too long for PostgreSQL, which takes {MAX_DIM}; "
                "choose an encoder with shorter ones."
            )
        for start in range(0, len(arrays.ids), BLOCK):
            odd = ~np.isfinite(arrays.vectors[start : start + BLOCK]).all(axis=1)
            if odd.any():
                raise StorageError(
                    f"The vector of item {arrays.ids[start + odd.argmax()]} holds a number that "
                    "is not finite, which PostgreSQL refuses; nothing was stored."
                )

    def _send(self, connection: sa.Connection, arrays: Arrays) -> None:
        table, dim = table_of(arrays.generation), max(arrays.vectors.shape[1], 1)
        connection.execute(
            sa.text(
                f"CREATE TABLE {table} (item_id bigint NOT NULL, vector vector({dim}) NOT NULL)"
            )
        )
        progress = _telling(self._progress, "Storing vectors", arrays.vectors.nbytes, arrays.ids)
        cursor: Any = connection.connection.cursor()
        # Frozen: nobody can have seen the table before, so that it needs no later cleaning.
        with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY, FREEZE)") as copy:
            copy.write(HEADER)
            for start in range(0, len(arrays.ids), BLOCK):
                part = slice(start, start + BLOCK)
                rows = record(dim).new(arrays.ids[part], arrays.vectors[part])
                copy.write(rows.tobytes())
                progress.advance(len(rows))
            copy.write(END)
        progress.close()
        connection.execute(sa.text(f"ALTER TABLE {table} ADD PRIMARY KEY (item_id)"))
        connection.execute(sa.text(f"ANALYZE {table}"))
        connection.execute(
            sa.text(
                "INSERT INTO vector_sets (name, generation, rows, dim, items) "
                "VALUES (:name, :generation, :rows, :dim, :items) ON CONFLICT (name) DO UPDATE "
                "SET generation = excluded.generation, rows = excluded.rows, dim = excluded.dim, "
                "items = excluded.items, written_at = now()"
            ),
            {
                "name": self.name,
                "generation": arrays.generation,
                "rows": len(arrays.ids),
                "dim": arrays.vectors.shape[1],
                "items": hashlib.sha256(arrays.ids.tobytes()).hexdigest(),
            },
        )

    def remove(self) -> None:
        """Forget the set; a later write drops what it held."""
        with self.database.write() as session:
            query = sa.text("DELETE FROM vector_sets WHERE name = :name")
            session.execute(query, {"name": self.name})
        self.__dict__.pop("_arrays", None)

    # -- reading --------------------------------------------------------------------------------

    def _open(self, name: str) -> Arrays:
        folder = self._cache / name
        with suppress(OSError, ValueError):  # not here, or damaged: fetched again
            return open_arrays(folder)
        if self.database.read_only:
            return self._fetch(name, _in_memory)
        with alone(self._cache):
            with suppress(OSError, ValueError):  # another process has fetched it meanwhile
                return open_arrays(folder)
            partial = self._partial()
            try:
                with clear_storage_errors(partial):
                    partial.mkdir(parents=True)
                    arrays = self._fetch(name, _in_file(partial))
                    np.save(partial / "ids.npy", arrays.ids)
                self._settle(partial, name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            return open_arrays(folder)

    def _fetch(self, name: str, space: Callable[[int, int], np.ndarray]) -> Arrays:
        """Return a generation from the database.

        `space` makes the array that the vectors are put in, float32 [n, dim].
        """
        size, found = self._stored(name)
        ids, vectors = np.zeros(size.rows, np.int64), space(size.rows, size.dim)
        progress = _telling(self._progress, "Fetching vectors", vectors.nbytes, ids)
        place = 0
        for rows in found:
            there = slice(place, place + len(rows))
            ids[there] = rows["id"]
            if len(rows):
                vectors[there] = rows["vector"]
            place += len(rows)
            progress.advance(len(rows))
        progress.close()
        if place != size.rows:
            raise ValueError(f"{place} rows of {size.rows}")
        return Arrays(name, ids, vectors)

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all items and their vectors as the database has them, some at a time."""
        for rows in self._stored(self._current() or self.generation)[1]:
            yield rows["id"], rows["vector"]

    def _stored(self, name: str) -> tuple[sa.Row[Any], Iterator[np.ndarray]]:
        """Return how large a generation is, and its rows; `Replaced` where it is gone."""
        with self.database.engine.connect() as connection:
            size = connection.execute(
                sa.text("SELECT rows, dim FROM vector_sets WHERE generation = :name"),
                {"name": name},
            ).first()
            if size is None:
                raise Replaced(name)
            return size, self._rows(name, size.dim)

    def _rows(self, name: str, dim: int) -> Iterator[np.ndarray]:
        import psycopg

        query = f"(SELECT item_id, vector FROM {table_of(name)} ORDER BY item_id)"
        with clear_postgres_errors(), self.database.engine.connect() as connection:
            cursor: Any = connection.connection.cursor()
            try:
                with cursor.copy(f"COPY {query} TO STDOUT (FORMAT BINARY)") as copy:
                    yield from record(max(dim, 1)).read(copy)
            except psycopg.errors.UndefinedTable as error:  # replaced this moment
                raise Replaced(name) from error

    def _keep(self, arrays: Arrays) -> None:
        """Keep a copy of what was written on this machine."""
        with alone(self._cache):
            partial = self._partial()
            try:
                save_arrays(partial, arrays)
                self._settle(partial, arrays.generation)
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    def _partial(self) -> Path:
        return self._cache / f"{PARTIAL}{uuid.uuid4().hex[:12]}"

    def _settle(self, partial: Path, name: str) -> None:
        """Give a whole copy its name, in place of the one before."""
        with clear_storage_errors(partial):
            shutil.rmtree(self._cache / name, ignore_errors=True)
            os.replace(partial, self._cache / name)
        remove_generations(self._cache, but=name)


def table_of(generation: str) -> str:
    """Return the name of a generation's table."""
    return f"vectors_{generation}"


def prepare(database: Database) -> None:
    """Make what vectors need in a team's database, where it is not there yet.

    Raises
    ------
    StorageError
        If pgvector is not installed beside the database, or this user may not switch it on.
    """
    with database.engine.connect() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('vector_sets')")) is not None:
            return
    try:
        with clear_postgres_errors(), database.engine.begin() as connection:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            found = sa.text("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
            if connection.scalar(found) is None:
                connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
            connection.execute(sa.text(_SETS))
    except sa.exc.DBAPIError as error:
        raise StorageError(
            "The team's database has no pgvector, where vectors are kept: ask its administrator "
            "to install it and to run `CREATE EXTENSION vector` in this database."
        ) from error


def shared_sets(database: Database) -> list[str]:
    """Return the names of the sets in a team's database."""
    with database.engine.connect() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('vector_sets')")) is None:
            return []
        return list(connection.scalars(sa.text("SELECT name FROM vector_sets ORDER BY name")))


def _in_memory(rows: int, dim: int) -> np.ndarray:
    return np.zeros((rows, dim), np.float32)


def _in_file(folder: Path) -> Callable[[int, int], np.ndarray]:
    file = folder / "vectors.npy"
    return lambda rows, dim: (
        open_memmap(file, "w+", np.float32, (rows, dim))
        if rows and dim
        else _saved(file, dim, rows)
    )


def _saved(file: Path, dim: int, rows: int) -> np.ndarray:
    """Store an array without numbers, which no file can be mapped for."""
    empty = np.zeros((rows, dim), np.float32)
    np.save(file, empty)
    return empty


@contextmanager
def clear_postgres_errors() -> Iterator[None]:
    """Turn what a copy runs into, which SQLAlchemy does not see, into one sentence."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise StorageError(
            f"The team's database broke off: {str(error).splitlines()[0]}; try again."
        ) from error


def _drop_strays(database: Database) -> None:
    """Drop replaced sets; one that is being read waits for a later write."""
    with database.engine.connect() as connection:
        strays = connection.scalars(sa.text(_STRAYS)).all()
    for table in strays:
        with suppress(sa.exc.DBAPIError, StorageError), database.engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_DROP_WAIT}'"))
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))


def _telling(make: Callable[[], Progress], what: str, size: int, ids: np.ndarray) -> Progress:
    """Return a progress that tells of what may take over two seconds, silent for the rest."""
    if size < 2**25:
        return Progress()
    progress = make()
    progress.stage(what, len(ids))
    return progress
