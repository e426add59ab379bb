from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from workbench.errors import StorageError
from workbench.files import atomic_path, atomic_write, printable, write_text


def test_text_replaces_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "note.txt"
    write_text(file, "one")
    write_text(file, "zwei - ♭")
    assert file.read_text(encoding="utf-8") == "zwei - ♭"
    assert list(file.parent.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    write_text(file, "old")
    with pytest.raises(TypeError), atomic_write(file) as stream:
        stream.writelines([b"half of the new", "no bytes"])  # type: ignore[list-item]
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    write_text(file, "old")
    child = os.fork()
    if child == 0:  # ends in the middle, without any clearing up
        with atomic_write(file) as stream:
            stream.write(b"half of the new")
            stream.flush()
            os._exit(9)
    os.waitpid(child, 0)
    assert file.read_text() == "old"


def test_two_writers_have_names_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "sound.flac"
    with atomic_path(file) as one, atomic_path(file) as two:
        assert one != two
        assert {one.suffix, two.suffix} == {".flac"}
        assert not file.exists()
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_one_sentence(small_disk: Path) -> None:
    file = small_disk / "large.bin"
    with pytest.raises(StorageError, match="full; free some space"), atomic_write(file) as stream:
        stream.write(bytes(3_000_000))
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_is_full_at_the_last_moment_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)  # where some file systems first say so
    with pytest.raises(StorageError, match="full; free some space"):
        write_text(tmp_path / "note.txt", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot be written"):
        write_text(tmp_path / "file" / "note.txt", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"folder cannot be written"):
        write_text(tmp_path / "folder", "text")
    with pytest.raises(StorageError, match=r"name too long"):
        write_text(tmp_path / ("n" * 300) / "note.txt", "text")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Prélude - ♭.wav", "Prélude - ♭.wav"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        (os.fsdecode(b"latin \xe9.wav"), r"latin \udce9.wav"),
    ],
)
def test_names_become_printable(name: str, shown: str) -> None:
    assert printable(name) == printable(Path(name)) == shown
    printable(name).encode("utf-8")
