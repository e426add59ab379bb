"""A workspace copied whole: rows, vectors, files; the target becomes a workspace at the very end.

The rows come from one view of the source, so that people may go on working in it; files and vectors
are never older than the rows. What was copied is read again on both sides and compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.database import SCHEMA_REVISION, Database, sqlite_url
from workbench.copying.checksums import Checksum, table_checksums
from workbench.copying.files import copy_files, files_of
from workbench.copying.tables import TABLES, copy_tables, counts, snapshot
from workbench.errors import StorageError, WorkbenchError
from workbench.evaluation.floor_store import FLOOR_SETS
from workbench.files import write_text
from workbench.progress import Progress
from workbench.vectors.opening import open_vectors, stored_sets
from workbench.vectors.store import VectorStore
from workbench.workspace import CONFIG_FILE, DATABASE_FILE, UNFINISHED_COPY, Workspace

_ROWS = 8192  # of vectors, summed up at once


@dataclass(frozen=True)
class Compared:
    """One thing that was copied: its kind (``table``, ``vectors``, ``file``) and both checksums."""

    kind: str
    name: str
    source: Checksum
    target: Checksum

    @property
    def is_equal(self) -> bool:
        """Whether the copy is like the original."""
        return self.source == self.target


def copy_workspace(
    source: Workspace,
    target: Path,
    *,
    database: str | None = None,
    progress: Progress | None = None,
) -> list[Compared]:
    """Copy a workspace and compare the copy with it.

    Parameters
    ----------
    source
        The workspace; it may be in use.
    target
        A new or empty folder, or one where the same copy was interrupted: it goes on.
    database
        The address of an empty PostgreSQL database; by default an SQLite file in the folder.
    progress
        Told about rows, sets of vectors and files.

    Returns
    -------
    Every table, set of vectors and file, with the number of its rows or bytes and its checksum on
    both sides. All are equal: else the target is not made a workspace.

    Raises
    ------
    WorkbenchError
        If the target holds something else, or belongs to another copy.
    StorageError
        If something cannot be written, or a copy differs from its original.
    """
    progress = progress or Progress()
    target = target.expanduser().resolve()
    _check_place(source.root, target)
    resumed = _mark(source, target, database)
    there = Database(database or sqlite_url(target / DATABASE_FILE))
    try:
        if not resumed and there.revision() not in (None, SCHEMA_REVISION):
            (target / UNFINISHED_COPY).unlink()
            raise WorkbenchError(
                "The database named holds a workspace of an older version; name an empty one."
            )
        there.upgrade()
        if not resumed and (_holds_rows(there) or stored_sets(there, target)):
            (target / UNFINISHED_COPY).unlink()
            raise WorkbenchError(
                "The database named holds a workspace already; name an empty one, or share it: "
                f"`workbench init {target} --database ...`."
            )
        with snapshot(source.database) as view:
            sets = _vector_sets(source)
            files = copy_files(source.root, target, files_of(source.root, sets), progress)
            compared = [Compared("file", str(path), *sums) for path, sums in files.items()]
            compared += _copy_vectors(source, there, target, sets, progress)
            if not _holds_rows(there):
                copy_tables(view, there, progress)
            compared = _compare_tables(view, there, progress) + compared
    finally:
        there.close()
    different = [c for c in compared if not c.is_equal]
    if different:
        raise StorageError(
            f"The copy of {different[0].kind} {different[0].name} differs from its original, "
            "which may have been changed meanwhile: delete "
            f"{target}{', empty the database' if database else ''} and copy again."
        )
    _finish(source, target, database)
    return compared


# -- the target ---------------------------------------------------------------------------------


def _check_place(source: Path, target: Path) -> None:
    if target == source or target in source.parents or source in target.parents:
        raise WorkbenchError("A workspace cannot be copied into itself; name another folder.")
    if (target / CONFIG_FILE).exists():
        raise WorkbenchError(f"{target} is a workspace already; name a new folder.")
    if (target / UNFINISHED_COPY).exists() or not target.exists():
        return
    if not target.is_dir() or any(target.iterdir()):
        raise WorkbenchError(f"{target} is not empty; name a new or an empty folder.")


def _mark(source: Workspace, target: Path, database: str | None) -> bool:
    """Mark the folder as the target of this copy; return whether it was before.

    The address is remembered by its hash: it may hold a password.
    """
    address = hashlib.sha256((database or "").encode()).hexdigest()
    told = json.dumps({"source": source.id, "database": address})
    marker = target / UNFINISHED_COPY
    if not marker.exists():
        write_text(marker, told)
        return False
    if marker.read_text() != told:
        raise WorkbenchError(
            f"Another copy into {target} was not finished; run that one again, or delete the "
            "folder."
        )
    return True


def _finish(source: Workspace, target: Path, database: str | None) -> None:
    """Make the folder a workspace: the same one, with the settings it had."""
    text = (source.root / CONFIG_FILE).read_text(encoding="utf-8")
    top, bracket, tables = re.split(r"(?m)(^\s*\[|\Z)", text, maxsplit=1)
    line = f"database = {json.dumps(database or '', ensure_ascii=False)}"
    top, found = re.subn(r"(?m)^database\s*=.*$", lambda _: line, top, count=1)
    if not found:
        top = top.rstrip("\n") + f"\n{line}\n"
    write_text(target / CONFIG_FILE, top + bracket + tables)
    (target / UNFINISHED_COPY).unlink()


def _holds_rows(database: Database) -> bool:
    with database.engine.connect() as connection:
        return any(counts(connection).values())


# -- what is copied -----------------------------------------------------------------------------


def _vector_sets(ws: Workspace) -> list[str]:
    return [name for name in stored_sets(ws.database, ws.root) if name not in FLOOR_SETS]


def _copy_vectors(
    source: Workspace, there: Database, target: Path, sets: list[str], progress: Progress
) -> list[Compared]:
    compared = []
    if sets:
        progress.stage("Copying vectors", len(sets))
    for name in sets:
        original, copy = source.vectors(name), open_vectors(there, target, name)
        if not copy.exists or copy.generation != original.generation:
            copy.write(original.ids, original.vectors, generation=original.generation)
        compared.append(Compared("vectors", name, *map(_vectors_sum, (original, copy))))
        progress.advance(label=name)
    if sets:
        progress.close()
    return compared


def _vectors_sum(store: VectorStore) -> Checksum:
    items, numbers, count = hashlib.sha256(), hashlib.sha256(), 0
    for ids, vectors in store.blocks():
        items.update(np.ascontiguousarray(ids, "<i8").tobytes())
        numbers.update(np.ascontiguousarray(vectors, "<f4").tobytes())
        count += len(ids)
    return Checksum(count, hashlib.sha256(items.digest() + numbers.digest()).hexdigest())


def _compare_tables(view: sa.Connection, there: Database, progress: Progress) -> list[Compared]:
    progress.stage("Comparing rows", 2 * len(TABLES))
    ours = table_checksums(view, progress)
    with snapshot(there) as copied:
        theirs = table_checksums(copied, progress)
    progress.close()
    return [Compared("table", name, ours[name], theirs[name]) for name in ours]
