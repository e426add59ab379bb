"""Workspaces copied between SQLite and PostgreSQL are the same to the last row."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from postgres import new_database_url
from synthetic import ENCODER, judge, opinion

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.catalogue.tables import Item, Judgement, Table
from workbench.copying import copy as module
from workbench.copying.copy import copy_workspace
from workbench.errors import NotAWorkspaceError, StorageError, WorkbenchError
from workbench.search.find import find

HOSTILE = [
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "'; DROP TABLE items; --",
    "tab\tnew\nline\r\\N \\. \\x00",
    "🎵 \N{COMBINING ACUTE ACCENT}\N{RIGHT-TO-LEFT OVERRIDE}naïve",
    "",
    "\\.",
    "x" * 300_000,
]
DATABASES = pytest.mark.parametrize(
    "database", [None, "postgres"], ids=["to-sqlite", "to-postgres"]
)


def address(database: str | None) -> str | None:
    return new_database_url(empty=True) if database else None


def dump(ws: Workspace) -> dict[str, list[Any]]:
    """All rows, read by the mapper and not by what copies them."""
    found = {}
    with ws.database.read() as session:
        for mapper in Table.registry.mappers:
            rows = [
                {c.key: getattr(row, c.key) for c in mapper.columns}
                for row in session.scalars(sa.select(mapper.class_))
            ]
            for row in rows:
                for name, value in row.items():
                    if isinstance(value, datetime):
                        row[name] = value.replace(tzinfo=value.tzinfo or UTC)
            found[mapper.class_.__name__] = sorted(rows, key=lambda r: repr(list(r.values())))
    return found


@pytest.fixture
def lived_in(fitted: Workspace) -> Workspace:
    """Songs, some with odd titles, a model, judgements and files."""
    ws, songs = fitted, fitted.vectors(ENCODER).ids
    for number, title in enumerate(HOSTILE):
        ws.catalogue.add_item(
            kind="song",
            domain="audio",
            title=title,
            tags=[TagValue("mood", title[:50] or "none", "test", number=float(number) / 3)],
        )
    judge(ws, opinion(songs, 30, np.random.default_rng(0)))
    (ws.root / "media" / "a b").mkdir(parents=True)
    (ws.root / "media" / "a b" / "naïve ♭.bin").write_bytes(bytes(range(256)) * 99)
    (ws.root / "media" / "empty").write_bytes(b"")
    config = ws.root / "workbench.toml"
    config.write_text(config.read_text() + '[dimensions.mood_arc]\nnotion = "shared_tag"\n')
    return ws


@DATABASES
def test_a_copy_is_the_same_workspace(
    lived_in: Workspace, tmp_path: Path, database: str | None
) -> None:
    compared = copy_workspace(lived_in, tmp_path / "copy", database=address(database))
    assert all(c.is_equal for c in compared)
    assert {c.name for c in compared if c.kind == "table"} == set(Table.metadata.tables)
    copy = Workspace(tmp_path / "copy")
    assert copy.database.is_sqlite == (database is None)
    assert copy.id == lived_in.id
    assert copy.config["dimensions"] == {"mood_arc": {"notion": "shared_tag"}}
    ours, theirs = dump(lived_in), dump(copy)
    assert ours == theirs
    assert len(theirs["Judgement"]) == 30
    for name in (ENCODER, "model-v0001"):
        one, other = lived_in.vectors(name), copy.vectors(name)
        assert one.generation == other.generation
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.vectors, other.vectors)
    song = int(lived_in.vectors(ENCODER).ids[0])
    assert find(copy, song).equals(find(lived_in, song))
    file = Path("media") / "a b" / "naïve ♭.bin"
    assert (copy.root / file).read_bytes() == (lived_in.root / file).read_bytes()
    assert not (copy.root / ".copying").exists()


@DATABASES
def test_numbering_goes_on_after_the_last_row(
    lived_in: Workspace, tmp_path: Path, database: str | None
) -> None:
    last = int(lived_in.catalogue.items().index.max())
    copy_workspace(lived_in, tmp_path / "copy", database=address(database))
    copy = Workspace(tmp_path / "copy")
    assert copy.catalogue.add_item(kind="song", domain="audio", title="Next") == last + 1


def test_there_and_back_gives_the_same_files(lived_in: Workspace, tmp_path: Path) -> None:
    first = copy_workspace(lived_in, tmp_path / "there", database=address("postgres"))
    there = Workspace(tmp_path / "there")
    second = copy_workspace(there, tmp_path / "back")
    tables = [(c.name, c.source) for c in first if c.kind == "table"]
    assert tables == [(c.name, c.target) for c in second if c.kind == "table"]
    assert dump(Workspace(tmp_path / "back")) == dump(lived_in)
    files = [(c.name, c.source) for c in first if c.kind == "file"]
    assert files == [(c.name, c.target) for c in second if c.kind == "file"]


@DATABASES
def test_odd_numbers_moments_and_references_arrive(
    ws: Workspace, tmp_path: Path, database: str | None
) -> None:
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2024, 3, 31, 2, 30, 0, 1, tzinfo=elsewhere).astimezone(UTC),
    ]
    numbers = [float("inf"), -1e-320, 0.1 + 0.2, -0.0, 1.7976931348623157e308]
    with ws.database.write() as session:
        parent = 5000  # refers to a row that comes later
        for number, start in enumerate(numbers):
            session.add(
                Item(
                    id=number + 1,
                    kind="song",
                    domain="audio",
                    title=f"{number}",
                    start_s=start,
                    created_at=moments[number % 3],
                )
            )
        session.add(Item(id=parent, kind="song", domain="audio", title="parent"))
        session.flush()
        session.execute(sa.update(Item).where(Item.id == 1).values(parent_id=parent))
    copy_workspace(ws, tmp_path / "copy", database=address(database))
    with Workspace(tmp_path / "copy").database.read() as session:
        found = session.scalars(sa.select(Item).order_by(Item.id)).all()
    assert [item.start_s for item in found[:5]] == numbers
    assert found[0].parent_id == parent
    made = [item.created_at for item in found[:3]]
    assert [m.replace(tzinfo=m.tzinfo or UTC) for m in made] == moments


def test_a_file_of_more_than_two_gigabytes_fits(ws: Workspace, tmp_path: Path) -> None:
    size = 7 * 2**40
    with ws.database.write() as session:
        session.execute(
            sa.text(
                "INSERT INTO media (sha256, path, format, size_bytes) VALUES ('0', 'x', 'wav', :n)"
            ),
            {"n": size},
        )
    for name, database in (("there", address("postgres")), ("here", None)):
        copy_workspace(ws, tmp_path / name, database=database)
        with Workspace(tmp_path / name).database.read() as session:
            assert session.scalar(sa.text("SELECT size_bytes FROM media")) == size


def test_text_that_no_database_holds_is_made_visible_alike(ws: Workspace, tmp_path: Path) -> None:
    item = ws.catalogue.add_item(kind="song", domain="audio", title="a\0b\ud83d")
    seen = "a\N{SYMBOL FOR NULL}b\\ud83d"
    assert ws.catalogue.items()["title"][item] == seen
    if ws.database.is_sqlite:  # what an older version stored as it was
        with ws.database.write() as session:
            session.execute(sa.text("UPDATE items SET title = 'a' || char(0) || 'b'"))
        seen = "a\N{SYMBOL FOR NULL}b"
    copy_workspace(ws, tmp_path / "copy", database=address("postgres"))
    assert Workspace(tmp_path / "copy").catalogue.items()["title"][item] == seen


def test_a_number_that_sqlite_cannot_hold_is_refused(ws: Workspace, tmp_path: Path) -> None:
    if ws.database.is_sqlite:
        pytest.skip("SQLite has no NaN to copy")
    item = ws.catalogue.add_item(kind="song", domain="audio", title="One")
    with ws.database.write() as session:
        session.execute(sa.text("UPDATE items SET duration_s = 'NaN'"))
    with pytest.raises(StorageError, match=rf"NaN.*duration_s of row {item} in items"):
        copy_workspace(ws, tmp_path / "copy")
    copy_workspace(ws, tmp_path / "team", database=address("postgres"))
    with Workspace(tmp_path / "team").database.read() as session:
        assert session.scalar(sa.text("SELECT duration_s = 'NaN' FROM items"))


# -- what is refused ----------------------------------------------------------------------------


def test_only_an_empty_place_is_copied_to(ws: Workspace, tmp_path: Path) -> None:
    other = Workspace.create(tmp_path / "other")
    with pytest.raises(WorkbenchError, match="is a workspace already"):
        copy_workspace(ws, other.root)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(WorkbenchError, match="is not empty"):
        copy_workspace(ws, tmp_path / "full")
    for inside in (ws.root, ws.root / "copy", ws.root.parent):
        with pytest.raises(WorkbenchError, match="into itself"):
            copy_workspace(ws, inside)


def test_a_database_in_use_is_not_copied_to(ws: Workspace, tmp_path: Path) -> None:
    url = new_database_url()
    shared = Workspace.create(tmp_path / "shared", database=url)
    shared.catalogue.add_item(kind="song", domain="audio", title="Theirs")
    for _ in range(2):  # asking again changes nothing
        with pytest.raises(WorkbenchError, match="holds a workspace already"):
            copy_workspace(ws, tmp_path / "copy", database=url)
    assert shared.catalogue.items()["title"].tolist() == ["Theirs"]


def test_a_database_of_an_older_version_is_neither_copied_to_nor_changed(
    ws: Workspace, tmp_path: Path
) -> None:
    url = new_database_url()
    execute_on = sa.create_engine(url)
    with execute_on.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
    with pytest.raises(WorkbenchError, match="older version"):
        copy_workspace(ws, tmp_path / "copy", database=url)
    with execute_on.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "0004"
    execute_on.dispose()


# -- interruptions and writers ------------------------------------------------------------------


@DATABASES
@pytest.mark.parametrize("after", ["copy_files", "_copy_vectors", "copy_tables", "_compare_tables"])
def test_a_copy_that_broke_off_is_no_workspace_and_goes_on(
    lived_in: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    database: str | None,
    after: str,
) -> None:
    url, target = address(database), tmp_path / "copy"
    done: Callable[..., Any] = getattr(module, after)

    def then_stop(*arguments: Any) -> None:
        done(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, after, then_stop)
        with pytest.raises(KeyboardInterrupt):
            copy_workspace(lived_in, target, database=url)
    for use in (Workspace, Workspace.create):
        with pytest.raises(NotAWorkspaceError, match="was not finished: run the same"):
            use(target)
    with pytest.raises(WorkbenchError, match="Another copy into"):
        copy_workspace(lived_in, target, database=new_database_url())
    compared = copy_workspace(lived_in, target, database=url)
    assert all(c.is_equal for c in compared)
    assert dump(Workspace(target)) == dump(lived_in)


def test_a_source_that_changed_between_two_tries_is_told(
    lived_in: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_compare_tables", stop)
        with pytest.raises(KeyboardInterrupt):
            copy_workspace(lived_in, tmp_path / "copy")
    lived_in.catalogue.add_item(kind="song", domain="audio", title="Meanwhile")
    with pytest.raises(StorageError, match="table items differs"):
        copy_workspace(lived_in, tmp_path / "copy")
    with pytest.raises(NotAWorkspaceError):
        Workspace(tmp_path / "copy")


@DATABASES
def test_a_source_in_use_is_copied_as_it_was_at_one_moment(
    lived_in: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str | None
) -> None:
    before = dump(lived_in)
    copy_files = module.copy_files

    def while_others_work(*arguments: Any) -> Any:
        judge(lived_in, [("genre", 1, 3, 5, "a")], rater="Late")
        return copy_files(*arguments)

    monkeypatch.setattr(module, "copy_files", while_others_work)
    copy_workspace(lived_in, tmp_path / "copy", database=address(database))
    assert dump(Workspace(tmp_path / "copy")) == before
    assert len(dump(lived_in)["Judgement"]) == len(before["Judgement"]) + 1


def test_a_row_that_was_changed_on_the_way_is_found(
    lived_in: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_tables = module.copy_tables

    def and_spoil(view: Any, there: Any, progress: Any) -> None:
        copy_tables(view, there, progress)
        with there.write() as session:
            session.execute(sa.text("UPDATE tags SET confidence = confidence + 1e-9 WHERE id = 3"))

    monkeypatch.setattr(module, "copy_tables", and_spoil)
    with pytest.raises(StorageError, match="table tags differs from its original"):
        copy_workspace(lived_in, tmp_path / "copy")


# -- the command --------------------------------------------------------------------------------


def test_the_command_prints_what_was_compared(lived_in: Workspace, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "copy", str(lived_in.root)]
    done = subprocess.run([*command, str(tmp_path / "one")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "table judgements" in done.stdout
    assert "equal to the last row" in done.stdout
    done = subprocess.run(
        [*command, str(tmp_path / "two"), "--json"], capture_output=True, text=True
    )
    found = json.loads(done.stdout)["compared"]
    assert all(c["equal"] and c["source"] == c["target"] for c in found)
    judgements = next(c for c in found if c["name"] == "judgements")
    with lived_in.database.read() as session:
        assert judgements["source"]["size"] == session.scalar(
            sa.select(sa.func.count()).select_from(Judgement)
        )
    again = subprocess.run([*command, str(tmp_path / "one")], capture_output=True, text=True)
    assert again.returncode == 1
    assert again.stderr.strip().endswith("is a workspace already; name a new folder.")


@pytest.mark.nightly
def test_a_million_rows_are_copied_in_bounded_memory(tmp_path: Path) -> None:
    count = 1_000_000
    ws = Workspace.create(tmp_path / "large", database=None)
    if not ws.database.is_sqlite:
        pytest.skip("the rows are made in the SQLite file")
    ws.database.close()
    with sqlite3.connect(ws.root / "workbench.sqlite") as connection:
        connection.executemany(
            "INSERT INTO items (id, kind, domain, title, artist, start_s, created_at) "
            "VALUES (?, 'song', 'audio', ?, '', 0, '2024-01-01 00:00:00.000000')",
            ((i, f"Song {i} 🎵") for i in range(1, count + 1)),
        )
    program = (
        "import resource, sys; from pathlib import Path; from workbench import Workspace; "
        "from workbench.copying.copy import copy_workspace; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "copy_workspace(Workspace(sys.argv[1]), Path(sys.argv[2]), database=sys.argv[3] or None); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    paths = [ws.root, tmp_path / "there", tmp_path / "back"]
    for source, target, url in zip(paths, paths[1:], [address("postgres"), ""], strict=False):
        done = subprocess.run(
            [sys.executable, "-c", program, str(source), str(target), str(url)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 100_000  # KiB more than after the imports
        copied = Workspace(target)
        with copied.database.read() as session:
            assert session.scalar(sa.text("SELECT count(*) FROM items")) == count
    shutil.rmtree(tmp_path / "back")
