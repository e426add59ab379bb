"""Whoever may only read changes nothing, by whatever way they try."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from postgres import copied, new_database_url

from workbench import Workspace
from workbench.errors import ReadOnlyError
from workbench.search.find import find
from workbench.search.subspaces import read_subspaces

VIEWER = Path(__file__).with_name("viewer_process.py")


class Story(NamedTuple):
    """What a viewer's process said, the folder before it and after it, and what it should see."""

    said: dict[str, Any]
    before: dict[str, str]
    after: dict[str, str]
    ws: Workspace


def _contents(folder: Path) -> dict[str, str]:
    """Return a hash of every file, without what SQLite keeps beside its own to coordinate."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(("-shm", "-wal"))
    }


def _run(ws: Workspace, role: str) -> dict[str, Any]:
    environment = {**os.environ, "WORKBENCH_ROLE": role}
    command = [sys.executable, str(VIEWER), str(ws.root)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def story(fitted_once: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A viewer's process in a workspace whose subspace vectors are yet to be made."""
    folder = tmp_path_factory.mktemp("viewed") / "workspace"
    ws = copied(fitted_once, folder)
    ws.models.save(ws.models.load(), promote=False)
    read_subspaces(ws)
    shutil.rmtree(ws.root / "vectors" / f"model-{ws.models.current()}")
    ws.database.close()
    before = _contents(folder)
    return Story(_run(ws, "viewer"), before, _contents(folder), ws)


def test_every_writer_is_refused_in_one_sentence(story: Story) -> None:
    refused = "ReadOnlyError: This page is read-only: ask for a rater's address."
    not_so = {name: said for name, said in story.said["writing"].items() if said != refused}
    # The database itself refuses what goes past our own transactions.
    assert "is read-only" in not_so.pop("SQL")
    assert not_so == {}
    assert len(story.said["writing"]) > 40


def test_nothing_has_changed_in_the_folder(story: Story) -> None:
    assert story.after == story.before


def test_reading_goes_on_and_what_is_missing_is_made_in_memory(story: Story) -> None:
    said = story.said["reading"]
    store, blocks = read_subspaces(story.ws)
    assert said["read_only"] is True
    assert said["items"] == len(story.ws.catalogue.items())
    assert said["blocks"] == list(blocks)
    assert said["subspaces"][0] == list(store.vectors.shape)
    assert said["subspaces"][1] == pytest.approx(float(np.abs(store.vectors).sum()))
    assert said["found"] == len(find(story.ws, int(store.ids[0])))


def test_raters_processes_may_write(fitted: Workspace) -> None:
    said = _run(fitted, "rater")["writing"]
    assert [said[name] for name in ("song", "stars", "vectors", "mkdir")] == ["done"] * 4


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_a_workspace_of_an_older_version_is_not_upgraded_for_a_viewer(ws: Workspace) -> None:
    from workbench.catalogue.database import Database

    file = ws.root / "workbench.sqlite"
    with ws.database.write() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(ReadOnlyError, match="older version"):
        Database(f"sqlite:///{file}", read_only=True).upgrade()


def test_postgresql_refuses_too() -> None:
    import sqlalchemy as sa

    from workbench.catalogue.database import Database

    url = new_database_url()
    viewer = Database(url, read_only=True)
    with viewer.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM items")) == 0
    with pytest.raises(ReadOnlyError), viewer.write():
        pass
    with (
        pytest.raises(Exception, match="read-only"),
        viewer.engine.begin() as connection,
    ):
        connection.execute(sa.text("DELETE FROM items"))
    viewer.close()
