"""Workspaces as earlier versions of the workbench left them."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from workbench.catalogue import database as module
from workbench.catalogue.database import Database, sqlite_url
from workbench.files import write_text


def workspace_of_revision(root: Path, revision: str, *, songs: int = 0) -> Path:
    """Make a workspace whose database has an older schema, and return its folder."""
    write_text(root / "workbench.toml", 'format = 1\nid = "0123456789ab"\ndatabase = ""\n')
    database = Database(sqlite_url(root / "workbench.sqlite"))
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for number in range(1, songs + 1):
            connection.exec_driver_sql(
                "INSERT INTO items (id, kind, domain, title, artist, start_s, created_at) VALUES "
                f"({number}, 'song', 'audio', 'Song {number}', '', 0, '2026-01-01 00:00:00')"
            )
    database.close()
    return root
