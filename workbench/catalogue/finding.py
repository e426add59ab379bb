"""Find the sound files in folders, and name what cannot be looked at."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.catalogue.media import AUDIO_SUFFIXES
from workbench.errors import WorkbenchError
from workbench.files import printable


@dataclass
class Found:
    """Sound files, how many other files there are, and what could not be looked at."""

    files: list[Path] = field(default_factory=list)
    ignored: int = 0
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def find_files(paths: list[Path], *, leave: Path) -> Found:
    """Return the sound files below `paths`, in order.

    Hidden folders and the folder `leave` are passed by; links to folders are not followed.

    Raises
    ------
    WorkbenchError
        If a path does not exist or there are no sound files.
    """
    found = Found()
    for path in (Path(os.path.abspath(p)) for p in paths):
        if path.is_dir():
            for file in _walk(path, leave, found.unreadable):
                _sort_in(file, found)
        elif path.is_file():
            _sort_in(path, found)
        else:
            raise WorkbenchError(f"There is no file or folder {printable(path)}.")
    found.files = list(dict.fromkeys(found.files))
    if not found.files and not found.unreadable:
        names = ", ".join(sorted(suffix.lstrip(".") for suffix in AUDIO_SUFFIXES))
        raise WorkbenchError(
            f"There are no sound files in {', '.join(map(printable, paths))}; known formats: "
            f"{names}."
        )
    return found


def _walk(folder: Path, leave: Path, unreadable: list[tuple[Path, str]]) -> Iterator[Path]:
    def note(error: OSError) -> None:
        unreadable.append((Path(error.filename), f"the folder cannot be read: {error.strerror}"))

    for root, folders, names in os.walk(folder, onerror=note):
        here = Path(root)
        folders[:] = sorted(
            name for name in folders if name[0] != "." and (here / name).resolve() != leave
        )
        yield from (here / name for name in sorted(names))


def _sort_in(file: Path, found: Found) -> None:
    if file.suffix.lower() not in AUDIO_SUFFIXES or file.name.startswith("."):
        found.ignored += 1
        return
    try:
        if stat.S_ISREG(file.stat().st_mode):
            found.files.append(file.resolve())
        else:
            found.unreadable.append((file, "is no regular file"))
    except OSError as error:
        found.unreadable.append((file, f"cannot be read: {error.strerror}"))
