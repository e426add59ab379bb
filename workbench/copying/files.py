"""The files of a workspace, but for those that its database, its vectors and its cache make."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from workbench.copying.checksums import Checksum, file_checksum
from workbench.errors import StorageError
from workbench.files import LOCK, PARTIAL, atomic_path
from workbench.progress import Progress
from workbench.workspace import CONFIG_FILE, DATABASE_FILE, UNFINISHED_COPY

_LEFT = ("cache", "jobs")  # made again; what runs on this machine
_OWN = (CONFIG_FILE, UNFINISHED_COPY)


def files_of(root: Path, sets: Collection[str]) -> list[Path]:
    """Return the files that a copy takes, relative to the folder.

    What is half written, and the vectors of `sets`, is not taken. Links to files are followed.

    Raises
    ------
    StorageError
        If a folder is a link.
    """
    found = []
    for folder, below, names in os.walk(root, followlinks=False):
        here = Path(folder).relative_to(root)
        below[:] = sorted(name for name in below if _is_taken(here / name, sets))
        found += [here / name for name in sorted(names) if _is_taken(here / name, sets)]
        for name in below:
            if (root / here / name).is_symlink():
                raise StorageError(
                    f"{root / here / name} is a link to a folder; put the folder itself there, "
                    "then copy again."
                )
    return found


def _is_taken(path: Path, sets: Collection[str]) -> bool:
    first, *rest = path.parts
    if path.name.startswith(PARTIAL) or path.name == LOCK:
        return False
    if not rest:
        database = first.startswith(Path(DATABASE_FILE).stem) and ".sqlite" in first
        return first not in (*_LEFT, *_OWN) and not database
    if first == "vectors" and rest[0] in sets and len(rest) > 1:
        return rest[1] == "parts"
    return True


def copy_files(
    source: Path, target: Path, files: Collection[Path], progress: Progress
) -> dict[Path, tuple[Checksum, Checksum]]:
    """Copy files that are not there yet; return the checksums of each, there and here.

    Raises
    ------
    StorageError
        If one changed meanwhile, or cannot be read or written.
    """
    sums = {}
    progress.stage("Copying files", len(files))
    for path in files:
        theirs = file_checksum(source / path)
        if not (target / path).is_file() or file_checksum(target / path) != theirs:
            with atomic_path(target / path) as partial:
                shutil.copyfile(source / path, partial)
        sums[path] = (theirs, file_checksum(target / path))
        progress.advance(label=path.name)
    progress.close()
    return sums
