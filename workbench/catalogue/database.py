"""The workspace's database: SQLite in WAL mode by default, any SQLAlchemy URL for a team."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import sessionmaker

from workbench.errors import NotAWorkspaceError, ReadOnlyError, StorageError
from workbench.files import alone, atomic_path

SCHEMA_REVISION = "0005"
BUSY_TIMEOUT_S = 30.0  # how long a transaction waits for others; SQLite lets them in by chance
_SILENT_S = 10.0  # how long a server waits for the next word of a transaction
_PATIENCE = {  # until a network that drops is told; seconds, and tcp_user_timeout in ms
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_LOCK = 0x6D757370  # of PostgreSQL, held by whoever writes, an arbitrary number
_VECTOR_TABLES = ("vectors_", "vector_sets")
_MIGRATIONS = Path(__file__).parent / "migrations"


def sqlite_url(file: Path) -> sa.URL:
    """Return the address of an SQLite file, whatever characters its path holds."""
    return sa.URL.create("sqlite", database=str(file))


class Database:
    """Connections and transactions on one database.

    Safe to share between threads: every transaction takes its own connection from the pool.

    Parameters
    ----------
    url
        Its address.
    busy_timeout_s
        How long a transaction waits for others, in seconds.
    read_only
        Whether the database itself is told to refuse changes.

    Raises
    ------
    StorageError
        If the address is not understood or the driver it names is not installed.
    """

    def __init__(
        self,
        url: str | sa.URL,
        *,
        busy_timeout_s: float | None = None,
        read_only: bool = False,
    ) -> None:
        wait_s = BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s
        self._wait_s = wait_s
        self.read_only = read_only
        try:
            self.url = _known_url(url)
            address = self.url
            arguments: dict[str, Any] = {}
            if self.is_sqlite:
                address, arguments = _sqlite_address(self.url, read_only), {"timeout": wait_s}
            else:
                arguments = {k: v for k, v in _PATIENCE.items() if k not in self.url.query}
                if read_only:
                    given = str(self.url.query.get("options", ""))
                    arguments["options"] = f"{given} -c default_transaction_read_only=on".strip()
            # A team's database may have been restarted since a connection was last used.
            self.engine = sa.create_engine(
                address, connect_args=arguments, pool_pre_ping=not self.is_sqlite
            )
        except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
            raise StorageError(
                f"The database address cannot be used ({error}); it should look like "
                "postgresql+psycopg://user@host/name."
            ) from error
        sa.event.listen(self.engine, "handle_error", _say_it_clearly)
        if self.is_sqlite:
            prepare = _prepare_for_reading if read_only else _prepare_sqlite
            sa.event.listen(self.engine, "connect", prepare)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file inside the workspace."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[OrmSession]:
        """Open a session for queries."""
        with self._sessions() as session:
            yield session

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[OrmSession]:
        """Open a transaction: committed when the block succeeds, rolled back otherwise.

        With `durable` it is on the disk when the block ends. Without, a power failure may undo
        the last moments: for work that is simply done again.

        Raises
        ------
        ReadOnlyError
            If the database was opened for reading only.
        """
        if self.read_only:
            raise ReadOnlyError
        with self._sessions.begin() as session:
            self._begin_now(session, durable=durable)
            yield session

    def _begin_now(self, connection: OrmSession | sa.Connection, *, durable: bool = True) -> None:
        """Let one writer in at a time, on a server too: what it reads first then stays true.

        With SQLite, a read that upgrades later could even fail without waiting.
        """
        if self.is_sqlite:
            level = "FULL" if durable else "NORMAL"
            connection.execute(sa.text(f"PRAGMA synchronous = {level}"))
            connection.execute(sa.text("BEGIN IMMEDIATE"))
        else:
            # A writer whose network is gone must not keep the others waiting.
            limits = {
                "lock_timeout": self._wait_s,
                "idle_in_transaction_session_timeout": _SILENT_S,
            }
            for name, seconds in limits.items():
                connection.execute(sa.text(f"SET LOCAL {name} = '{1000 * seconds:.0f}ms'"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))

    def revision(self) -> str | None:
        """Return the schema revision stored in the database, None for an empty one."""
        with self.engine.connect() as connection:
            return _revision_of(connection)

    def upgrade(self, *, begin: bool = True) -> None:
        """Bring the schema to this version; what an older one holds is copied aside first.

        SQLite's file is copied beside itself. In PostgreSQL the tables are copied into a schema of
        their own, in the transaction that changes them: nothing but the database is needed.

        Parameters
        ----------
        begin
            Whether one without tables is a new one; else they are lost, and that is told.

        Raises
        ------
        NotAWorkspaceError
            If a newer version of the workbench wrote the database.
        StorageError
            If it is not a new one and has no tables.
        ReadOnlyError
            If it was opened for reading only and is older than this version.
        """
        found = self.revision()
        if found == SCHEMA_REVISION:
            return
        if found is None and not begin:
            raise StorageError(
                f"The database {self.url.database} is missing or empty; restore a backup of it, or "
                "begin an empty one with `workbench doctor --repair`."
            )
        if found is not None and found > SCHEMA_REVISION:
            raise NotAWorkspaceError(
                f"This workspace was written by a newer version of the workbench (schema "
                f"{found}, this version reads {SCHEMA_REVISION}); upgrade the package."
            )
        if self.read_only:
            raise ReadOnlyError(
                "This workspace is of an older version: whoever may change it opens it once."
            )
        if self.is_sqlite and self.url.database:
            with alone(Path(self.url.database).parent):  # of two programs, one finds it done
                self._upgrade()
        else:
            self._upgrade()

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        found = self.revision()
        if found is not None and found != SCHEMA_REVISION:
            self.back_up(f"schema-{found}")
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.engine.begin() as connection:
            self._begin_now(connection)
            found = _revision_of(connection)
            if not self.is_sqlite and found not in (None, SCHEMA_REVISION):
                _back_up_schema(connection, str(found))  # in the transaction that changes it
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def back_up(self, label: str) -> Path | None:
        """Copy an SQLite file aside, named by `label` and the moment; None on a server."""
        if not (self.is_sqlite and self.url.database):
            return None
        file = Path(self.url.database)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        copy = file.with_name(f"{file.stem}-{label}-{stamp}{file.suffix}")
        self.copy_to(copy)
        return copy

    def copy_to(self, file: Path) -> None:
        """Copy an SQLite database to a file; it is whole, even while another program writes."""
        with atomic_path(file) as partial, self.engine.connect() as connection:
            connection.execute(sa.text("VACUUM INTO :file"), {"file": str(partial)})

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _revision_of(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def _back_up_schema(connection: sa.Connection, revision: str) -> None:
    """Copy all tables but the vectors, which can be made again, into a schema of their own."""
    now = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if now != revision:
        return  # another program was first
    schema = f"workbench_schema_{revision}_{time.strftime('%Y%m%d_%H%M%S')}"
    tables = [
        name
        for name in sa.inspect(connection).get_table_names()
        if not name.startswith(_VECTOR_TABLES)
    ]
    try:
        connection.execute(sa.text(f'CREATE SCHEMA "{schema}"'))
    except sa.exc.ProgrammingError as error:
        raise StorageError(
            "The workspace is older than this version, and its database does not let this user "
            "make the copy that goes before an upgrade: have its owner open it once."
        ) from error
    for name in tables:
        connection.execute(sa.text(f'CREATE TABLE "{schema}"."{name}" AS TABLE "{name}"'))


def _known_url(url: str | sa.URL) -> sa.URL:
    """Return an address of a kind of database that a workspace can lie in.

    Raises
    ------
    ArgumentError
        If it is another kind, or no address.
    """
    known = sa.make_url(url)
    if known.drivername in ("postgres", "postgresql"):  # the first is what many services write
        known = known.set(drivername="postgresql+psycopg")
    if known.get_backend_name() not in ("sqlite", "postgresql"):
        raise sa.exc.ArgumentError(f"{known.get_backend_name()} is not supported")
    return known


def _sqlite_address(url: sa.URL, read_only: bool) -> sa.URL:
    if not (read_only and url.database):
        return url
    file = "file:" + quote(url.database)
    return url.set(database=file).update_query_dict({"mode": "ro", "uri": "true"})


def _prepare_for_reading(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `Database.write` says so
    connection.execute("PRAGMA foreign_keys = ON")
    if not _is_read_only(connection):
        _use_write_ahead_log(connection)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to WAL; for this one change SQLite does not wait for others by itself."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)


def _is_read_only(connection: sqlite3.Connection) -> bool:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    return bool(path) and not os.access(path, os.W_OK)


_REFUSALS = {
    "database is locked": "is locked by another program; wait for it to finish or close it, then "
    "try again.",
    "lock timeout": "is locked by another program; wait for it to finish or close it, then try "
    "again.",
    "readonly": "is read-only; check the permissions of the folder.",
    "read-only": "is read-only; check the permissions of the folder.",
    "unable to open database": "cannot be opened; check that the folder exists and that you may "
    "write to it.",
    "disk is full": "cannot grow because the disk is full; free some space and try again.",
    "disk i/o error": "cannot be read or written; the disk may be full or failing.",
    "not a database": "is damaged; restore it from a backup copy.",
    "malformed": "is damaged; restore it from a backup copy.",
}


def _say_it_clearly(context: sa.engine.ExceptionContext) -> None:
    """Replace the driver's message by one sentence for the refusals people can act on."""
    cause = context.original_exception
    if context.is_pre_ping:
        return  # a connection that has gone is replaced
    message = str(cause).lower()
    for words, sentence in _REFUSALS.items():
        if words in message:
            raise StorageError(f"The workspace's database {sentence}") from cause
    unreachable = context.connection is None and isinstance(cause, _operational(context))
    if unreachable or (context.is_disconnect and isinstance(cause, Exception)):  # not by Ctrl-C
        reason = " ".join(str(cause).split()).rstrip(".")
        raise StorageError(f"The workspace's database does not answer: {reason}.") from cause


def _operational(context: sa.engine.ExceptionContext) -> tuple[type[BaseException], ...]:
    """Return what the driver raises where it cannot connect, as while a server starts."""
    dialect = context.dialect
    return (dialect.dbapi.OperationalError,) if dialect and dialect.dbapi else ()
