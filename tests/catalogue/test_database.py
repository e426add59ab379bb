from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import postgres
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres import as_plain_user, new_database_url

from workbench import Workspace
from workbench.catalogue import database as module
from workbench.catalogue.database import SCHEMA_REVISION, Database, sqlite_url
from workbench.catalogue.tables import Table
from workbench.errors import NotAWorkspaceError, StorageError
from workbench.judgements.log import Answer, new_id

MIGRATIONS = Path(module.__file__).parent / "migrations"
NEXT = f"{int(SCHEMA_REVISION) + 1:04d}"


in_a_file = pytest.mark.sqlite_file("reads or damages the SQLite file itself")


@pytest.fixture
def file(ws: Workspace) -> Path:
    """The database file of a workspace with one song."""
    ws.catalogue.add_item(kind="song", domain="audio", title="One")
    return ws.root / "workbench.sqlite"


# -- the schema --------------------------------------------------------------------------------


def test_migrations_make_exactly_the_tables(ws: Workspace) -> None:
    with ws.database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                # Made where vectors are shared, which takes pgvector.
                "include_name": lambda name, kind, _: (kind, name) != ("table", "vector_sets"),
            },
        )
        assert compare_metadata(context, Table.metadata) == []
        found = set(sa.inspect(connection).get_table_names())
        assert found - {"vector_sets"} == {*Table.metadata.tables, "alembic_version"}


@pytest.mark.sqlite_file("PostgreSQL words constraints in a way of its own")
def test_check_constraints_are_those_of_the_tables(ws: Workspace) -> None:
    inspector = sa.inspect(ws.database.engine)
    for table in Table.metadata.tables.values():
        expected = {
            constraint.name: str(constraint.sqltext)
            for constraint in table.constraints
            if isinstance(constraint, sa.CheckConstraint)
        }
        found = {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table.name)}
        assert found == expected


def test_the_revision_expected_is_the_last_migration(ws: Workspace) -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [SCHEMA_REVISION]
    assert ws.database.revision() == SCHEMA_REVISION


@pytest.mark.sqlite_file("asks SQLite itself how it writes")
def test_an_answer_is_on_disk_when_it_is_given(ws: Workspace) -> None:
    def level() -> int:
        return session.scalar(sa.text("PRAGMA synchronous"))

    with ws.database.write(durable=False) as session:
        assert level() == 1  # NORMAL
    with ws.database.write() as session:
        assert level() == 2  # FULL
        assert session.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_references_to_nothing_are_refused(ws: Workspace) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        ws.catalogue.add_item(kind="track", domain="audio", title="Part", parent_id=99)
    assert ws.catalogue.items().empty


# -- judgements are only ever added -------------------------------------------------------------


@pytest.fixture
def judged(ws: Workspace) -> Path:
    """The database file of a workspace with one judgement."""
    ids = [ws.catalogue.add_item(kind="song", domain="audio", title=t) for t in "ABC"]
    answer = Answer(
        id=new_id(),
        session_id=ws.judgements.open_session("Ada"),
        rater="Ada",
        dimension="genre",
        anchor_id=ids[0],
        a_id=ids[1],
        b_id=ids[2],
        a_is_left=True,
        choice="a",
        sampler="random",
    )
    ws.judgements.append_all([answer])
    return ws.root / "workbench.sqlite"


@in_a_file
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE judgements SET choice = 'b'",
        "DELETE FROM judgements",
        "INSERT OR REPLACE INTO judgements SELECT * FROM judgements",
    ],
)
def test_judgements_cannot_be_changed_by_anybody(judged: Path, statement: str) -> None:
    connection = sqlite3.connect(judged)  # any program, not ours
    before = connection.execute("SELECT * FROM judgements").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.rollback()
    assert connection.execute("SELECT * FROM judgements").fetchall() == before
    assert len(before) == 1
    connection.close()


# -- older and newer workspaces ------------------------------------------------------------------


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migration script of a pretended next version of the workbench."""
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    script = migrations / "versions" / f"{NEXT}_note.py"
    script.write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        f"revision, down_revision = '{NEXT}', '{SCHEMA_REVISION}'\n"
        "def upgrade():\n"
        "    op.add_column('items', sa.Column('note', sa.String()))\n"
    )
    monkeypatch.setattr(module, "_MIGRATIONS", migrations)
    monkeypatch.setattr(module, "SCHEMA_REVISION", NEXT)
    return script


def _rows(file: Path, query: str) -> list[tuple]:
    with sqlite3.connect(file) as connection:
        return connection.execute(query).fetchall()


@in_a_file
def test_an_older_schema_is_upgraded_after_a_copy(
    ws: Workspace, file: Path, next_version: Path
) -> None:
    Database(sqlite_url(file)).upgrade()

    assert _rows(file, "SELECT title, note FROM items") == [("One", None)]
    (copy,) = ws.root.glob(f"workbench-schema-{SCHEMA_REVISION}-*.sqlite")
    assert _rows(copy, "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]
    assert _rows(copy, "SELECT title FROM items") == [("One",)]
    assert "note" not in {row[1] for row in _rows(copy, "PRAGMA table_info(items)")}
    Database(sqlite_url(file)).upgrade()
    assert len(list(ws.root.glob("workbench-schema-*"))) == 1


@in_a_file
def test_the_copy_is_whole_while_another_program_writes(
    ws: Workspace, file: Path, next_version: Path
) -> None:
    with sqlite3.connect(file) as other:  # what it wrote last is not in the main file yet
        other.execute("INSERT INTO items (kind, domain, title, artist, start_s, created_at)"
                      " VALUES ('song', 'audio', 'Two', '', 0, '2026-01-01')")  # fmt: skip
        other.commit()
        Database(sqlite_url(file)).upgrade()
    (copy,) = ws.root.glob(f"workbench-schema-{SCHEMA_REVISION}-*.sqlite")
    assert _rows(copy, "SELECT title FROM items ORDER BY id") == [("One",), ("Two",)]
    assert _rows(copy, "PRAGMA integrity_check") == [("ok",)]


@in_a_file
def test_an_upgrade_that_fails_changes_nothing(file: Path, next_version: Path) -> None:
    with next_version.open("a") as script:
        script.write("    op.execute('SELECT * FROM nowhere')\n")
    with pytest.raises(sa.exc.OperationalError, match="nowhere"):
        Database(sqlite_url(file)).upgrade()
    assert _rows(file, "SELECT version_num FROM alembic_version") == [(SCHEMA_REVISION,)]
    assert "note" not in {row[1] for row in _rows(file, "PRAGMA table_info(items)")}


@in_a_file
def test_a_newer_schema_asks_for_an_upgrade_and_is_left_alone(ws: Workspace, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = file.read_bytes()
    with pytest.raises(NotAWorkspaceError, match=r"newer version .*0999.* upgrade the package"):
        _ = Workspace(ws.root).catalogue
    assert file.read_bytes() == before


def test_judgements_of_the_first_schema_keep_all_they_said(tmp_path: Path) -> None:
    """The one migration that touches judgements: its guard is back afterwards."""
    file = tmp_path / "old.sqlite"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    database = Database(sqlite_url(file))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with sqlite3.connect(file) as old:
        old.executemany(
            "INSERT INTO items (id, kind, domain, title, artist, start_s, created_at)"
            " VALUES (?, 'song', 'audio', 'One', '', 0, '2026-01-01')",
            [(1,), (2,), (3,)],
        )
        old.execute("INSERT INTO sessions VALUES ('s', 'Ada', '', '2026-01-01')")
        insert = (
            "INSERT INTO judgements (id, session_id, rater, at, dimension, anchor_id, a_id, b_id,"
            " a_is_left, choice, heard_ms, clip_start_s, sampler, app_version)"
            " VALUES (?, 's', 'Ada', '2026-01-01', 'tempo', 1, 2, 3, 1, 'a', ?, ?, 'mix', '0.1')"
        )
        old.execute(insert, ("one", '{"anchor": 10, "a": 20, "b": 30}', 1.5))
        old.execute(insert, ("two", None, 0.0))
    database.upgrade()
    rows = _rows(file, "SELECT id, clips, purpose, answer_id FROM judgements ORDER BY id")
    assert [(row[0], json.loads(row[1]), row[2], row[3]) for row in rows] == [
        (
            "one",
            {
                "anchor": {"heard_ms": 10, "start_s": 1.5},
                "a": {"heard_ms": 20},
                "b": {"heard_ms": 30},
            },
            "new",
            None,
        ),
        ("two", {"anchor": {"start_s": 0.0}}, "new", None),
    ]
    for statement in ("UPDATE judgements SET choice = 'b'", "DELETE FROM judgements"):
        with sqlite3.connect(file) as other, pytest.raises(sqlite3.IntegrityError):
            other.execute(statement)


# -- refusals ------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock in another process."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        holder.communicate()


@in_a_file
def test_a_locked_database_can_be_read_and_says_who_waits(ws: Workspace, file: Path) -> None:
    database = Database(sqlite_url(file), busy_timeout_s=0.1)
    with locked(file):
        assert len(ws.catalogue.items()) == 1
        with pytest.raises(StorageError, match="locked by another program"), database.write():
            pass
    with database.write():
        pass


def test_a_database_locked_before_its_first_use_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    sqlite3.connect(file).execute("CREATE TABLE other (id)")
    with locked(file), pytest.raises(StorageError, match="locked by another program"):
        Database(sqlite_url(file), busy_timeout_s=0.1).upgrade()


@in_a_file
def test_a_read_only_database_is_one_sentence(file: Path) -> None:
    url = sa.make_url(f"sqlite:///file:{file}?mode=ro&uri=true")
    database = Database(url)
    with database.read() as session:
        assert session.scalar(sa.text("SELECT title FROM items")) == "One"
    statement = sa.text("DELETE FROM items")
    with pytest.raises(StorageError, match="read-only"), database.write() as session:
        session.execute(statement)


@in_a_file
def test_a_read_only_file_system_is_one_sentence(small_disk: Path) -> None:
    ws = Workspace.create(small_disk / "songs")
    ws.database.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match=r"read-only|cannot be opened.* may write"):
        Workspace(ws.root).catalogue.add_item(kind="song", domain="audio", title="One")


@in_a_file
def test_a_full_disk_is_one_sentence_and_keeps_what_was_written(small_disk: Path) -> None:
    ws = Workspace.create(small_disk / "songs")
    titles: list[str] = []

    def fill() -> None:
        while True:
            ws.catalogue.add_item(kind="song", domain="audio", title="x" * 10_000)
            titles.append("x" * 10_000)

    with pytest.raises(StorageError, match="disk"):
        fill()
    ws.database.close()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert titles
    assert list(Workspace(ws.root).catalogue.items()["title"]) == titles


@in_a_file
def test_a_disk_too_full_to_open_the_database_is_one_sentence(small_disk: Path) -> None:
    ws = Workspace.create(small_disk / "songs")
    ws.database.close()
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    with pytest.raises(StorageError, match="disk"):
        Workspace(ws.root).catalogue.add_item(kind="song", domain="audio", title="One")


@in_a_file
@pytest.mark.parametrize("damage", [b"garbage" * 1000, None])
def test_a_damaged_file_is_one_sentence(ws: Workspace, file: Path, damage: bytes | None) -> None:
    ws.database.close()
    if damage is None:  # the middle of a real database
        data = bytearray(file.read_bytes())
        data[4096 : len(data) - 4096] = bytes(len(data) - 8192)
        damage = bytes(data)
    file.write_bytes(damage)
    with pytest.raises(StorageError, match="damaged"):
        Workspace(ws.root).catalogue.items()


# -- a team's database --------------------------------------------------------------------------


def test_a_teams_older_tables_are_copied_into_a_schema_first(
    tmp_path: Path, next_version: Path
) -> None:
    with pytest.MonkeyPatch.context() as before:
        before.setattr(module, "_MIGRATIONS", MIGRATIONS)
        before.setattr(module, "SCHEMA_REVISION", SCHEMA_REVISION)
        ws = Workspace.create(tmp_path / "team", database=new_database_url())
        item = ws.catalogue.add_item(kind="song", domain="audio", title="One")
        ws.vectors("some-1").write(np.array([item]), np.ones((1, 3), np.float32))
    for _ in range(2):
        Database(ws.database.url).upgrade()
    with ws.database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        (schema,) = (n for n in inspector.get_schema_names() if n.startswith("workbench_schema"))
        assert schema.startswith(f"workbench_schema_{SCHEMA_REVISION}_")
        assert set(inspector.get_table_names(schema)) == {
            *Table.metadata.tables,
            "alembic_version",
        }
        rows = connection.execute(
            sa.text(f'SELECT title, note FROM "{schema}".items, (SELECT note FROM items) n')
        )
        assert rows.all() == [("One", None)]
        old = connection.scalar(sa.text(f'SELECT version_num FROM "{schema}".alembic_version'))
        assert old == SCHEMA_REVISION
    assert Workspace(ws.root).vectors("some-1").rows([item]).tolist() == [[1.0, 1.0, 1.0]]


def test_a_user_who_may_make_no_schema_is_told_who_can(tmp_path: Path, next_version: Path) -> None:
    with pytest.MonkeyPatch.context() as before:
        before.setattr(module, "_MIGRATIONS", MIGRATIONS)
        before.setattr(module, "SCHEMA_REVISION", SCHEMA_REVISION)
        ws = Workspace.create(tmp_path / "team", database=new_database_url())
        _ = ws.database
    url = as_plain_user(ws.database.url)
    with pytest.raises(StorageError, match="have its owner open it once"):
        Database(url).upgrade()
    assert ws.database.revision() == SCHEMA_REVISION


def test_connections_cut_off_by_a_restart_are_made_again(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "team", database=new_database_url())
    ws.catalogue.add_item(kind="song", domain="audio", title="One")
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        f"'{ws.database.url.database}'"
    )
    assert ws.catalogue.items()["title"].tolist() == ["One"]


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    with pytest.raises(StorageError, match=r"^The workspace's database does not answer: [^\n]*\.$"):
        Workspace.create(tmp_path / "team", database=url)


@pytest.mark.parametrize("written", ["postgres", "postgresql", "postgresql+psycopg"])
def test_addresses_are_taken_as_services_write_them(written: str) -> None:
    database = Database(f"{written}://ada@db.example/songs")
    assert database.url.drivername == "postgresql+psycopg"
    assert (database.url.host, database.is_sqlite) == ("db.example", False)
