"""A workspace of the first release, opened by this version: nothing is lost, everything works."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench import Workspace
from workbench.catalogue.database import SCHEMA_REVISION
from workbench.listening.session import RatingSession
from workbench.listening.tasks import RatingTask
from workbench.search.find import find

HERE = Path(__file__).parent / "first_release"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder as version 0.1.0 left it."""
    with tarfile.open(HERE / "workspace.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "workspace"


def files_of(folder: Path) -> dict[Path, bytes]:
    """Return the files of a workspace but for those of SQLite's log, by name."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".sqlite-wal", ".sqlite-shm")
    }


def exported(what: str) -> pd.DataFrame:
    return pd.read_csv(HERE / f"{what}.csv", keep_default_na=False, dtype=str)


def command(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *arguments, "--workspace", str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_release_is_older_than_this_schema(old: Path) -> None:
    with sqlite3.connect(old / "workbench.sqlite") as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert SCHEMA_REVISION > "0001"


def test_opening_it_upgrades_after_a_copy_that_is_whole(old: Path) -> None:
    with sqlite3.connect(old / "workbench.sqlite") as database:
        before = list(database.iterdump())
    assert Workspace(old).database.revision() == SCHEMA_REVISION
    (copy,) = old.glob("workbench-schema-0001-*.sqlite")
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert list(database.iterdump()) == before


def test_programs_that_open_it_together_upgrade_it_once(old: Path) -> None:
    program = "import sys; from workbench import Workspace; Workspace(sys.argv[1]).database"
    programs = [subprocess.Popen([sys.executable, "-c", program, str(old)]) for _ in range(4)]
    assert [opened.wait(120) for opened in programs] == [0] * 4
    (copy,) = old.glob("workbench-schema-*.sqlite")
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_the_doctor_looks_at_it_and_leaves_it_as_it_is(old: Path) -> None:
    before = files_of(old)
    text = command(old, "doctor")
    assert "schema 0001" in text
    with sqlite3.connect(old / "workbench.sqlite") as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    assert files_of(old) == before


@pytest.mark.parametrize("what", ["items", "tags"])
def test_every_item_and_tag_says_what_it_said(old: Path, what: str) -> None:
    told = exported(what)
    command(old, "export", what, str(old / "now.csv"))
    now = pd.read_csv(old / "now.csv", keep_default_na=False, dtype=str)
    pd.testing.assert_frame_equal(now[told.columns], told)


def test_every_judgement_says_what_it_said(old: Path) -> None:
    told = exported("judgements")
    command(old, "judgements", "export", str(old / "now.csv"))
    now = pd.read_csv(old / "now.csv", keep_default_na=False, dtype=str)
    for table in (told, now):
        table["at"] = pd.to_datetime(table["at"])
    # Where a clip began and how long it was heard is now said of each of the three.
    kept = told.columns.drop(["heard_ms", "clip_start_s"])
    pd.testing.assert_frame_equal(now[kept], told[kept])


def test_models_maps_and_vectors_are_those_of_then(old: Path) -> None:
    files = {
        path.relative_to(old): path.read_bytes()
        for folder in ("models", "maps", "vectors")
        for path in (old / folder).rglob("*")
        if path.is_file()
    }
    ws = Workspace(old)
    assert ws.models.current() in [card.version for card in ws.models.versions()]
    for card in ws.models.versions():
        model = ws.models.load(card.version)
        layouts = ws.maps.load(card.version)
        assert set(layouts) == set(card.dimensions)
        stored = ws.vectors(f"model-{card.version}")
        x = ws.vectors(card.encoder).rows(stored.ids)
        np.testing.assert_allclose(model.transform(x), stored.vectors, atol=1e-5)
    assert {p: (old / p).read_bytes() for p in files} == files


def test_people_go_on_where_they_were(old: Path) -> None:
    ws = Workspace(old)
    judged = len(ws.judgements.table())
    assert len(find(ws, 1)) == 10
    task = RatingTask(dimensions=("genre",), sampler="random", clip_s=None, min_heard_s=0)
    sitting = RatingSession(ws, rater="Ada", task=task)
    assert sitting.answer(sitting.next(), "left")
    assert len(ws.judgements.table()) == judged + 1


@pytest.mark.slow
def test_the_commands_go_on_with_it(old: Path) -> None:
    assert "v0003" in command(old, "finetune")
    table = command(old, "search", "1", "--json")
    assert '"title"' in table
    assert '"fine": false' not in command(old, "doctor", "--json")
