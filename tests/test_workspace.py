from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue.media import describe_audio
from workbench.doctor.examine import examine, repair
from workbench.errors import NotAWorkspaceError, StorageError, WorkbenchError
from workbench.workspace import ENVIRONMENT_VARIABLE, find_workspace


def test_a_new_workspace_has_an_identity_and_an_empty_catalogue(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "some" / "songs")
    assert len(ws.id) == 12
    int(ws.id, 16)
    assert ws.root == tmp_path / "some" / "songs"
    assert ws.catalogue.items().empty
    assert Workspace.create(tmp_path / "other").id != ws.id


def test_creating_again_opens_what_is_there(ws: Workspace) -> None:
    item = ws.catalogue.add_item(kind="song", domain="audio", title="One")
    again = Workspace.create(ws.root)
    assert again.id == ws.id
    assert list(again.catalogue.items().index) == [item]


@pytest.mark.parametrize("name", ["with space", "what?", "50% #1", "naïve ♭", "a'b\"c", "q?x=1&y"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    ws = Workspace.create(tmp_path / name)
    ws.catalogue.add_item(kind="song", domain="audio", title="One")
    assert len(Workspace(tmp_path / name).catalogue.items()) == 1
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "workbench.sqlite").stat().st_size > 0


def test_a_workspace_can_be_moved_with_its_sounds(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "here")
    file = write(ws.root / "media" / "tone.wav", tone())
    item = ws.catalogue.add_item(
        kind="song", domain="audio", title="Tone", media=describe_audio(file)
    )
    ws.database.close()
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = Workspace(tmp_path / "there")
    assert moved.id == ws.id
    assert moved.catalogue.media_path(item) == tmp_path / "there" / "media" / "tone.wav"


# -- which workspace is meant ------------------------------------------------------------------


def test_the_argument_goes_before_the_environment_and_that_before_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "named"))
    assert find_workspace("argument") == tmp_path / "argument"
    assert find_workspace() == tmp_path / "named"
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "")
    assert find_workspace() == tmp_path
    monkeypatch.delenv(ENVIRONMENT_VARIABLE)
    assert find_workspace() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_workspace("~/songs") == tmp_path / "songs"


# -- what cannot be opened ---------------------------------------------------------------------


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NotAWorkspaceError, match="make one with `workbench init"):
            Workspace(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_place_for_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(WorkbenchError, match="is a file; choose a folder"):
        Workspace.create(tmp_path / "file")
    with pytest.raises(StorageError, match="cannot be written"):
        Workspace.create(tmp_path / "file" / "below")


def test_a_newer_format_asks_for_an_upgrade(ws: Workspace) -> None:
    config = ws.root / "workbench.toml"
    config.write_text(config.read_text().replace("format = 1", "format = 2"))
    with pytest.raises(NotAWorkspaceError, match=r"newer version .* upgrade the package"):
        Workspace(ws.root)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("format = ", "is damaged"),
        ("\ufffe", "is damaged"),
        ("format = 1", "lacks its format or id line"),
        ('id = "0123"', "lacks its format or id line"),
        ('format = "one"\nid = "0123"', "lacks its format or id line"),
    ],
)
def test_a_damaged_configuration_is_one_sentence(ws: Workspace, text: str, sentence: str) -> None:
    (ws.root / "workbench.toml").write_text(text, encoding="utf-16" if "\ufffe" in text else None)
    with pytest.raises(StorageError, match=sentence):
        Workspace(ws.root)


def test_notes_in_any_language_may_stand_in_the_configuration(ws: Workspace) -> None:
    config = ws.root / "workbench.toml"
    config.write_text(config.read_text() + "\n# Größe: 𝄞\n", encoding="utf-8")
    program = "import sys; from workbench import Workspace; print(Workspace(sys.argv[1]).id)"
    command = [sys.executable, "-X", "utf8=0", "-c", program, str(ws.root)]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == ws.id


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+nodriver://host/name", "mysql://host/name", 5]
)
def test_a_wrong_database_address_is_one_sentence(ws: Workspace, url: object) -> None:
    config = ws.root / "workbench.toml"
    line = f"database = {url!r}"
    config.write_text(config.read_text().replace('\ndatabase = ""', f"\n{line}"))
    with pytest.raises(StorageError, match=r"address cannot be used .*should look like postgresql"):
        _ = Workspace(ws.root).catalogue


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_database_that_is_gone_is_told_and_no_other_begun_in_its_place(
    ws: Workspace, how: str
) -> None:
    ws.database.close()
    file = ws.root / "workbench.sqlite"
    file.unlink() if how == "missing" else file.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StorageError, match="is missing or empty; restore"):
            _ = Workspace(ws.root).catalogue
    assert any(f.theme == "database" and f.fault for f in examine(Workspace(ws.root)))
    repair(Workspace(ws.root))
    assert Workspace(ws.root).catalogue.items().empty


def test_programs_that_create_one_workspace_together_all_succeed(tmp_path: Path) -> None:
    program = "import sys; from workbench import Workspace; Workspace.create(sys.argv[1])"
    command = [sys.executable, "-c", program, str(tmp_path / "songs")]
    programs = [subprocess.Popen(command) for _ in range(4)]
    assert [p.wait() for p in programs] == [0, 0, 0, 0]
    assert Workspace(tmp_path / "songs").catalogue.items().empty


def test_a_folder_with_other_things_in_it_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"mine")
    with pytest.raises(WorkbenchError, match="is not empty and no workspace"):
        Workspace.create(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["song.wav"]
