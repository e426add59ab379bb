from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue import database
from workbench.workspace import ENVIRONMENT_VARIABLE


@pytest.fixture
def music(tmp_path: Path) -> Path:
    write(tmp_path / "music" / "a.wav", tone())
    write(tmp_path / "music" / "b.flac", tone(300))
    (tmp_path / "music" / "notes.txt").touch()
    return tmp_path / "music"


def titles(folder: Path) -> list[str]:
    return sorted(Workspace(folder).catalogue.items()["title"])


def sentence_of(answer) -> str:
    """Return the one sentence that a failed command said."""
    assert answer.code != 0
    *stages, last = answer.err.splitlines()
    assert all(stage.startswith("Importing: ") for stage in stages)
    assert last.startswith("workbench: ")
    return last.removeprefix("workbench: ")


# -- the way of a newcomer -------------------------------------------------------------------------


def test_init_import_and_again(workbench, music: Path, tmp_path: Path) -> None:
    answer = workbench("init", "../songs")
    assert (answer.code, answer.err) == (0, "")
    assert "`workbench import ../songs MUSIC_FOLDER`" in answer.out
    answer = workbench("import", "../songs", music)
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "2 songs and 0 tracks added, 0 already there, 1 other file left alone.",
        "Next: `workbench embed`.",
    ]
    assert answer.err.startswith("Importing: ")
    answer = workbench("import", "../songs", music / "a.wav", music / "b.flac")
    assert answer.out == "0 songs and 0 tracks added, 2 already there, 0 other files left alone.\n"
    assert titles(tmp_path / "songs") == ["a", "b"]


def test_failures_come_at_the_end_with_their_reasons(workbench, ws, music: Path) -> None:
    (music / "0.mp3").write_text("no sound")
    (music / "two\nlines.wav").touch()
    answer = workbench("import", ws.root, music)
    assert answer.code == 0
    assert answer.out.splitlines()[1:] == [
        "2 files could not be imported:",
        f"  {music}/0.mp3: cannot be decoded (invalid data found when processing input)",
        f"  {music}/two\\nlines.wav: the file is empty",
        "Next: `workbench embed`.",
    ]
    assert workbench("export", "failures", "failures.csv", "-w", ws.root).code == 0
    with Path("failures.csv").open(newline="") as file:
        assert [row["reason"] for row in csv.DictReader(file)][1] == "the file is empty"


def test_when_nothing_can_be_imported_the_command_fails(workbench, ws, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("no sound")
    answer = workbench("import", ws.root, tmp_path / "broken.wav")
    assert answer.code == 6
    assert "None of the files could be imported" in sentence_of(answer)
    assert "cannot be decoded" in answer.out


def test_a_manifest_is_read(workbench, ws, music: Path) -> None:
    (music / "list.csv").write_text("path,title,genre\na.wav,First,folk\n")
    answer = workbench("import", ws.root, music, "--manifest", music / "list.csv")
    assert answer.code == 0
    assert titles(ws.root) == ["First", "b"]


# -- which workspace -------------------------------------------------------------------------------


def test_the_workspace_is_named_in_four_ways(
    workbench, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "option", "environment", "here"):
        Workspace.create(tmp_path / name)

    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "environment"))
    assert workbench("import", "-w", tmp_path / "option", music).code == 0
    assert titles(tmp_path / "option") == ["a", "b"]
    assert workbench("import", tmp_path / "first", music / "a.wav").code == 0
    assert titles(tmp_path / "first") == ["a"]
    assert workbench("import", music / "b.flac").code == 0
    assert titles(tmp_path / "environment") == ["b"]
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    assert workbench("import", "--workspace", "", music).code == 0
    assert titles(tmp_path / "here") == ["a", "b"]


def test_a_workspace_without_music_to_import_is_told_apart(workbench, ws, music: Path) -> None:
    assert "Name the music to import too" in sentence_of(workbench("import", ws.root))
    assert "/nowhere is not a workspace" in sentence_of(workbench("import", "/nowhere", music))
    assert f"{music} is not a workspace" in sentence_of(workbench("import", music))


@pytest.mark.parametrize(
    "arguments",
    [["embed"], ["models", "list"], ["evaluate"], ["finetune"], ["map"], ["search", "1"],
     ["export", "items", "x.csv"], ["train", "heads"], ["serve"], ["lab"]],
    ids=" ".join,
)  # fmt: skip
def test_every_command_says_when_there_is_no_workspace(workbench, arguments: list[str]) -> None:
    answer = workbench(*arguments)
    assert answer.code == 3
    assert "is not a workspace; make one with `workbench init" in sentence_of(answer)


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["import", "{ws}", "{music}/empty"], 1, "There are no sound files or scores"),
        (["import", "{ws}", "{music}/missing.wav"], 1, "There is no file or folder"),
        (["import", "{ws}", "{music}", "--manifest", "{music}/m.csv"], 1, "no column `path`"),
        (["import", "{ws}", "{music}", "--manifest", "{music}/no.csv"], 1, "There is no manifest"),
        (["init", "{music}/a.wav"], 1, "is a file; choose a folder"),
        (["init", "{music}/a.wav/x"], 5, "cannot be written"),
        (["evaluate", "-w", "{ws}", "--dimension", "smell"], 4, "no dimension 'smell'"),
        (["encoders", "install", "nonsense"], 4, "nothing called 'nonsense'"),
        (["export", "smells", "x.csv", "-w", "{ws}"], 2, "No such command 'smells'"),
        (["export", "items", "x.xlsx", "-w", "{ws}"], 1, "needs the suffix .csv or .jsonl"),
        (["export", "items", "{music}/a.wav/x.csv", "-w", "{ws}"], 5, "cannot be written"),
        (["embed", "-w", "{ws}"], 7, "import some with `workbench import`"),
        (["search", "1", "-w", "{ws}", "--weight", "tempo"], 1, "write it like `tempo=0.5`"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence(
    workbench, ws, music: Path, arguments: list[str], code: int, sentence: str
) -> None:
    (music / "empty").mkdir()
    (music / "m.csv").write_text("file,title\na.wav,A\n")
    answer = workbench(*(a.format(ws=ws.root, music=music) for a in arguments))
    assert answer.code == code
    assert sentence in sentence_of(answer)
    assert answer.out == ""


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_a_newer_workspace_is_one_sentence(workbench, ws, music: Path) -> None:
    with sqlite3.connect(ws.root / "workbench.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    answer = workbench("import", ws.root, music)
    assert (answer.code, "newer version" in sentence_of(answer)) == (3, True)
    config = ws.root / "workbench.toml"
    config.write_text(config.read_text().replace("format = 1", "format = 7"))
    answer = workbench("import", ws.root, music)
    assert (answer.code, "format 7" in sentence_of(answer)) == (3, True)


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_a_locked_database_is_one_sentence(
    workbench, ws, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(ws.root / "workbench.sqlite")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    answer = workbench("import", ws.root, music, "--processes", "1")
    holder.communicate()
    assert (answer.code, "locked by another program" in sentence_of(answer)) == (5, True)
    assert workbench("import", ws.root, music, "--processes", "1").code == 0


def test_a_read_only_file_system_is_one_sentence(workbench, small_disk: Path, music: Path) -> None:
    Workspace.create(small_disk / "songs").database.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    answer = workbench("import", small_disk / "songs", music)
    assert answer.code == 5
    assert "may write to it" in sentence_of(answer) or "read-only" in sentence_of(answer)
    answer = workbench("init", small_disk / "more")
    assert answer.code == 5
    assert "Read-only file system" in sentence_of(answer)


def test_a_full_disk_is_one_sentence(workbench, small_disk: Path, tmp_path: Path) -> None:
    Workspace.create(small_disk / "songs").database.close()
    for number in range(3):  # the playable copies are too large
        write(tmp_path / "music" / f"{number}.aiff", tone(100 * (number + 1), seconds=20))
    answer = workbench("import", small_disk / "songs", tmp_path / "music", "--processes", "2")
    assert answer.code == 5
    assert "disk" in sentence_of(answer)
    assert "full" in sentence_of(answer)


# -- export ----------------------------------------------------------------------------------------


def test_tables_are_exported(workbench, ws, music: Path) -> None:
    workbench("import", ws.root, music, "--processes", "1")
    answer = workbench("export", "items", "new/items.CSV", "-w", ws.root)
    assert answer.out == "2 rows written to new/items.CSV.\n"
    with Path("new/items.CSV").open(newline="") as file:
        assert [row["title"] for row in csv.DictReader(file)] == ["a", "b"]
    assert workbench("export", "items", "items.jsonl", "-w", ws.root).code == 0
    rows = [json.loads(line) for line in Path("items.jsonl").read_text().splitlines()]
    assert [(row["id"], row["title"]) for row in rows] == [(1, "a"), (2, "b")]
    for what in ("tags", "failures"):
        assert workbench("export", what, f"{what}.csv", "-w", ws.root).code == 0
    assert "judgements export" in workbench("export", "judgements", "j.csv", "-w", ws.root).err


def test_a_spreadsheet_runs_nothing_of_an_exported_table(workbench, ws) -> None:
    formula = '=HYPERLINK("http://example.com";"press")'
    ws.catalogue.add_item(kind="song", domain="audio", title=formula, artist="@SUM(1)")
    assert workbench("export", "items", "items.csv", "-w", ws.root).code == 0
    with Path("items.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["title"], row["artist"]) == (f"'{formula}", "'@SUM(1)")
    assert row["media_id"] == ""


def test_the_command_runs_as_a_module_and_as_a_program(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("workbench")
    for number, command in enumerate([[sys.executable, "-m", "workbench"], [str(program)]]):
        folder = tmp_path / str(number)
        subprocess.run([*command, "init", str(folder)], check=True, env=dict(os.environ))
        assert titles(folder) == []
