"""Rows of all tables from one database into another, as they are, in one transaction each.

Rows are read as plain values in a fixed form, whatever the database: text, numbers, bytes, moments
in UTC, JSON as the text it is. So nothing is interpreted on the way, and both sides can be summed
up alike (`copying.checksums`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from workbench.catalogue.database import Database
from workbench.catalogue.stored_text import StoredText, stored_text
from workbench.catalogue.tables import Table
from workbench.errors import StorageError
from workbench.progress import Progress

BATCH = 2000  # rows held at once
Row = tuple[Any, ...]
TABLES: tuple[sa.Table, ...] = tuple(Table.metadata.sorted_tables)
"""What a row refers to goes before it."""


@contextmanager
def snapshot(database: Database) -> Iterator[sa.Connection]:
    """Open one view of a database that stays as it is while others write."""
    connection = database.engine.connect()
    try:
        if database.is_sqlite:
            connection.execute(sa.text("BEGIN"))
        else:
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        connection.execute(sa.select(sa.func.count()).select_from(TABLES[0]))  # it begins here
        yield connection
    finally:
        connection.rollback()
        connection.close()


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return the number of rows of each table."""
    counted = sa.func.count()
    return {t.name: connection.scalar(sa.select(counted).select_from(t)) or 0 for t in TABLES}


def rows(connection: sa.Connection, table: sa.Table) -> Iterator[Row]:
    """Yield the rows of a table in their fixed form, a batch in memory at a time."""
    moments = [i for i, c in enumerate(table.columns) if isinstance(c.type, sa.DateTime)]
    texts = [i for i, c in enumerate(table.columns) if isinstance(c.type, sa.String | StoredText)]
    columns = [
        sa.cast(c, sa.Text).label(c.name) if isinstance(c.type, sa.JSON) else c
        for c in table.columns
    ]
    options = {"yield_per": BATCH, "stream_results": True}
    for row in connection.execution_options(**options).execute(sa.select(*columns)):
        values = list(row)
        for i in moments:
            if values[i] is not None:  # SQLite's moments are in UTC, without saying so
                known = values[i].tzinfo is not None
                values[i] = values[i].astimezone(UTC) if known else values[i].replace(tzinfo=UTC)
        for i in texts:
            if values[i] is not None:
                values[i] = stored_text(values[i])
        yield tuple(values)


def copy_tables(source: sa.Connection, target: Database, progress: Progress) -> None:
    """Copy all rows into empty tables, ids included: all of them or, if stopped, none.

    Raises
    ------
    StorageError
        If the target cannot hold a value; the sentence names it.
    """
    from workbench.vectors.shared import clear_postgres_errors

    progress.stage("Copying rows", sum(counts(source).values()))
    insert = _into_sqlite if target.is_sqlite else _into_postgres
    with target.write() as session, clear_postgres_errors():
        connection = session.connection()
        if target.is_sqlite:  # rows may refer to later ones; all are there at the end
            connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        for table in TABLES:
            insert(connection, table, rows(source, table), progress)
    progress.close()


def _into_sqlite(
    connection: sa.Connection, table: sa.Table, found: Iterator[Row], progress: Progress
) -> None:
    plain = sa.table(
        table.name,
        *(
            sa.column(c.name, sa.Text() if isinstance(c.type, sa.JSON) else c.type)
            for c in table.columns
        ),
    )
    names = [c.name for c in table.columns]
    batch: list[dict[str, Any]] = []

    def store() -> None:
        if batch:
            connection.execute(plain.insert(), batch)
            progress.advance(len(batch), label=table.name)
            batch.clear()

    for row in found:
        for name, value in zip(names, row, strict=True):
            if isinstance(value, float) and math.isnan(value):
                raise StorageError(
                    f"SQLite has no number that is none (NaN), as {name} of row {row[0]!r} in "
                    f"{table.name} is; correct it there, then copy again."
                )
        batch.append(dict(zip(names, row, strict=True)))
        if len(batch) == BATCH:
            store()
    store()


def _into_postgres(
    connection: sa.Connection, table: sa.Table, found: Iterator[Row], progress: Progress
) -> None:
    # One COPY is one statement: what its rows refer to is looked for at its end.
    names = ", ".join(f'"{c.name}"' for c in table.columns)
    cursor: Any = connection.connection.cursor()
    waiting = 0
    with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in found:
            copy.write_row(row)
            waiting += 1
            if waiting == BATCH:
                progress.advance(waiting, label=table.name)
                waiting = 0
    progress.advance(waiting, label=table.name)
    number = table.autoincrement_column
    if number is not None:
        connection.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{number.name}'), "
                f"greatest(max({number.name}), 1), max({number.name}) IS NOT NULL) "
                f'FROM "{table.name}"'
            )
        )
