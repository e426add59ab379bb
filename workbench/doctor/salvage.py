"""Save what can still be read of a damaged SQLite database into a new one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.catalogue.tables import Table
from workbench.files import PARTIAL, sync

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen

_BESIDE = ("-wal", "-shm")
_LONGEST_GAP = 1_000_000  # rows asked for one by one


def salvage(seen: Seen, kept: LostAndFound) -> str:
    """Build a new database of all rows that can be read, and keep the damaged one.

    The tables are those of this version; columns that a row lacks get their defaults. Rows that
    refer to lost ones are kept: later checks find them.
    """
    from workbench.catalogue.database import Database, sqlite_url

    seen.database.close()
    file = Path(str(seen.database.url.database))
    fresh = file.with_name(f"{PARTIAL}salvage{file.suffix}")
    fresh.unlink(missing_ok=True)
    database = Database(sqlite_url(fresh))
    database.upgrade()
    database.close()
    damaged, rows = file.with_name(f"{PARTIAL}damaged{file.suffix}"), 0
    for path in (file, *(file.with_name(file.name + end) for end in _BESIDE)):
        if path.exists():
            kept.copy(path)
            shutil.copy2(path, damaged.with_name(damaged.name + path.name[len(file.name) :]))
    with closing(sqlite3.connect(fresh)) as target:
        if damaged.exists():
            with closing(sqlite3.connect(damaged)) as source:
                source.execute("PRAGMA writable_schema = ON")  # else a cut file is not read at all
                rows = sum(_copy(source, target, t.name) for t in Table.metadata.sorted_tables)
        target.commit()
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
    sync(fresh)
    for end in _BESIDE:  # they belong to the damaged one, which stays until it is replaced
        file.with_name(file.name + end).unlink(missing_ok=True)
    os.replace(fresh, file)
    sync(file.parent)
    for end in ("", *_BESIDE):
        damaged.with_name(damaged.name + end).unlink(missing_ok=True)
    return (
        f"{rows:,} rows of the damaged database were saved into a new one. If there is a backup, "
        "put it in its place now; without one, repair again what refers to rows that are lost."
    )


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str) -> int:
    known = [row[1] for row in target.execute(f'PRAGMA table_info("{table}")')]
    try:
        there = {row[1] for row in source.execute(f'PRAGMA table_info("{table}")')}
    except sqlite3.DatabaseError:
        return 0
    columns = [name for name in known if name in there]
    if not columns:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    added = 0
    for row in _rows(source, table, names):
        try:
            added += target.execute(
                f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({marks})', row
            ).rowcount
        except sqlite3.DatabaseError:  # a row of torn cells that the table refuses
            continue
    return added


def _rows(source: sqlite3.Connection, table: str, names: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows from both ends up to what cannot be read."""
    seen: set[int] = set()
    for order in ("ASC", "DESC"):
        query = f'SELECT rowid, {names} FROM "{table}" ORDER BY rowid {order}'
        try:
            for number, *cells in source.execute(query):
                if number in seen:
                    return  # the ends have met
                seen.add(number)
                yield tuple(cells)
            return
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
    yield from _between(source, table, names, seen)


def _between(
    source: sqlite3.Connection, table: str, names: str, seen: set[int]
) -> Iterator[tuple[Any, ...]]:
    """Yield rows between two damaged places, asked for one by one."""
    query = f'SELECT {names} FROM "{table}" WHERE rowid = ?'
    for number in range(*_gap(seen)):
        try:
            yield from source.execute(query, (number,))
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue


def _gap(seen: set[int]) -> tuple[int, int]:
    """Return the first number and the one after the last that were not read."""
    numbers = sorted(seen)
    gaps = [(b - a, a + 1, b) for a, b in pairwise(numbers)]
    _, low, high = max(gaps, default=(0, 0, 0))
    return low, min(high, low + _LONGEST_GAP)
