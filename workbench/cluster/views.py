"""A workspace as processes see it that work for another one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cluster.place import Place

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class View:
    """How to open a workspace: its folder, and a copy of its database to read instead."""

    root: Path
    database: Path | None = None


@contextmanager
def view_for(ws: Workspace, place: Place) -> Iterator[View]:
    """Give what processes open a workspace by.

    Hosts that share a folder do not share the memory that an open SQLite file needs. So a cluster
    reads a copy of it that nobody writes; one on PostgreSQL is read where it is.
    """
    from workbench.workspace import Workspace

    if place.cluster is None or not ws.database.is_sqlite:
        yield View(ws.root)
        return
    copy = ws.cache_folder / f"database-{uuid.uuid4().hex}.sqlite"
    Workspace(ws.root).database.copy_to(copy)  # `ws` may be open for reading only
    try:
        yield View(ws.root, copy)
    finally:
        copy.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def opened_workspace(view: View) -> Workspace:
    """Return a process's own view of a workspace, opened once."""
    from workbench.catalogue.database import Database, sqlite_url
    from workbench.workspace import Workspace

    ws = Workspace(view.root)
    if view.database is not None:
        ws.database = Database(sqlite_url(view.database), read_only=True)
    return ws
