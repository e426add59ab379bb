"""A folder is there whole or not at all, and nothing else is ever overwritten."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from workbench.errors import StorageError, WorkbenchError
from workbench.publishing.folder import (
    MANIFEST,
    size_of,
    whole_folder,
    write_manifest,
    zip_folder,
)


def _export(folder: Path, text: str, *, again: bool = False) -> None:
    with whole_folder(folder, again=again) as partial:
        (partial / "index.html").write_text(text)
        write_manifest(partial, {"workspace": "songs"})


def test_the_folder_appears_when_it_is_whole(tmp_path: Path):
    with whole_folder(tmp_path / "a" / "out") as partial:
        (partial / "index.html").write_text("x")
        assert not (tmp_path / "a" / "out").exists()
    assert [file.name for file in (tmp_path / "a").rglob("*")] == ["out", "index.html"]


@pytest.mark.parametrize("trouble", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_one_that_broke_off(tmp_path: Path, trouble: type[BaseException]):
    def break_off() -> None:
        with whole_folder(tmp_path / "out") as partial:
            (partial / "index.html").write_text("x")
            raise trouble

    with pytest.raises(trouble):
        break_off()
    assert not list(tmp_path.iterdir())


def test_an_earlier_export_stays_until_the_new_one_is_whole(tmp_path: Path):
    _export(tmp_path / "out", "old")
    with pytest.raises(WorkbenchError, match="--again"):
        _export(tmp_path / "out", "new")
    with pytest.raises(ValueError), whole_folder(tmp_path / "out", again=True):  # noqa: PT011
        raise ValueError
    assert (tmp_path / "out" / "index.html").read_text() == "old"
    _export(tmp_path / "out", "new", again=True)
    assert (tmp_path / "out" / "index.html").read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("manifest", [None, "{}", "[]", "{", '{"format": "else"}'])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, manifest: str | None):
    (tmp_path / "thesis.txt").write_text("mine")
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(WorkbenchError, match="something else"):
        _export(tmp_path, "x", again=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_an_empty_folder_is_taken_and_a_file_refused(tmp_path: Path):
    (tmp_path / "out").mkdir()
    _export(tmp_path / "out", "x")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WorkbenchError, match="is a file"):
        _export(tmp_path / "file", "x")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(small_disk: Path):
    with pytest.raises(StorageError, match="full"), whole_folder(small_disk / "out") as partial:
        (partial / "large").write_bytes(bytes(2 << 20))
    assert not list(small_disk.iterdir())


def test_the_manifest_names_every_file(tmp_path: Path):
    _export(tmp_path / "out", "hello")
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    digest = hashlib.sha256(b"hello").hexdigest()
    assert manifest["files"] == {"index.html": {"bytes": 5, "sha256": digest}}
    assert manifest["workspace"] == "songs"


def test_the_archive_holds_the_folder_and_replaces_nothing_unasked(tmp_path: Path):
    _export(tmp_path / "out", "hello")
    archive = zip_folder(tmp_path / "out")
    with zipfile.ZipFile(archive) as held:
        assert sorted(held.namelist()) == ["out/index.html", f"out/{MANIFEST}"]
        assert held.read("out/index.html") == b"hello"
    with pytest.raises(StorageError, match="--again"):
        zip_folder(tmp_path / "out")
    assert zip_folder(tmp_path / "out", again=True) == archive


def test_the_size_is_that_of_all_files(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(bytes(7))
    (tmp_path / "c").write_bytes(bytes(5))
    assert size_of(tmp_path) == 12
