"""The whole of an export: pages, sound and what they need, in one folder that is there or not."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.errors import StorageError, WorkbenchError
from workbench.files import PARTIAL, atomic_path, clear_storage_errors, from_json, write_text

MANIFEST = "manifest.json"
FORMAT = "music-similarity-workbench dashboard"


def check_free(folder: Path, *, again: bool) -> None:
    """Refuse a folder that holds something else, or an earlier export unless it may be replaced.

    Raises
    ------
    WorkbenchError
        In one sentence that says what to do.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WorkbenchError(f"{folder} is a file; name a folder for the export.")
    if not any(folder.iterdir()):
        return
    if not _is_export(folder):
        raise WorkbenchError(f"{folder} holds something else; name a new or an empty folder.")
    if not again:
        raise WorkbenchError(f"{folder} is an earlier export; replace it with --again.")


def _is_export(folder: Path) -> bool:
    try:
        return from_json((folder / MANIFEST).read_text(encoding="utf-8"))["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def whole_folder(folder: Path, *, again: bool = False) -> Iterator[Path]:
    """Give a new folder beside `folder`; it takes its place when the block succeeds.

    Raises
    ------
    WorkbenchError
        As `check_free`.
    StorageError
        If the disk is full or may not be written to.
    """
    check_free(folder, again=again)
    with clear_storage_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PARTIAL))
        try:
            partial.chmod(0o755)
            yield partial
            _replace(folder, partial, again=again)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _replace(folder: Path, new: Path, *, again: bool) -> None:
    """Put `new` where `folder` is; what was there goes when the new one is in its place."""
    check_free(folder, again=again)  # it may have been made meanwhile
    if not folder.exists():
        os.rename(new, folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=PARTIAL))
    os.rename(folder, old / "old")
    os.rename(new, folder)
    shutil.rmtree(old)


def write_manifest(folder: Path, said: dict[str, Any]) -> None:
    """Describe an export: what is said of it, and length and SHA-256 of every file."""
    files = {
        str(file.relative_to(folder).as_posix()): {
            "bytes": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        }
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    manifest = {"format": FORMAT, **said, "files": files}
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def size_of(folder: Path) -> int:
    """Return the size of all files of a folder, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def zip_folder(folder: Path, *, again: bool = False) -> Path:
    """Write the folder as an archive beside it, and return where.

    Raises
    ------
    StorageError
        If there is such a file that may not be replaced.
    """
    archive = folder.parent / f"{folder.name}.zip"
    if archive.exists() and not again:
        raise StorageError(f"{archive} is there already; replace it with --again.")
    with atomic_path(archive) as partial, zipfile.ZipFile(partial, "w") as out:
        for file in sorted(folder.rglob("*")):
            packed = zipfile.ZIP_STORED if file.suffix == ".ogg" else zipfile.ZIP_DEFLATED
            out.write(file, f"{folder.name}/{file.relative_to(folder).as_posix()}", packed)
    return archive
