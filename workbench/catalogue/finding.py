"""Find sound files and scores in folders, and name what cannot be looked at."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbench.catalogue.media import AUDIO_SUFFIXES, SCORE_SUFFIXES, SURE_SCORE_SUFFIXES
from workbench.errors import WorkbenchError
from workbench.files import printable

_LEADS_OUT = "a link that leads out of the folder; import the file it leads to"


@dataclass
class Found:
    """What was found.

    Attributes
    ----------
    files
        Sound files and scores.
    doubtful
        Those among them that may be something else: tables and data found in a folder.
    ignored
        How many other files there are.
    unreadable
        What could not be looked at, and why.
    """

    files: list[Path] = field(default_factory=list)
    doubtful: set[Path] = field(default_factory=set)
    ignored: int = 0
    unreadable: list[tuple[Path, str]] = field(default_factory=list)


def find_files(paths: list[Path], *, leave: Path) -> Found:
    """Return the sound files and scores below `paths`, in order.

    Hidden folders and the folder `leave` are passed by; links to folders are not followed, and
    links to files only within `paths`. A file that is named counts as music even where its suffix
    is that of other things, too.

    Raises
    ------
    WorkbenchError
        If a path does not exist or there is neither sound nor score.
    """
    found = Found()
    named: set[Path] = set()
    wanted = [Path(os.path.abspath(p)) for p in paths]
    roots = [Path(os.path.realpath(path)) for path in wanted]  # also of links in circles
    for path in wanted:
        if path.is_dir():
            for file in _walk(path, leave, found.unreadable):
                if os.path.islink(file) and not _is_below(file, roots):
                    found.unreadable.append((file, _LEADS_OUT))
                else:
                    _sort_in(file, found)
        elif path.is_file():
            _sort_in(path, found)
            named.add(path.resolve())
        else:
            raise WorkbenchError(f"There is no file or folder {printable(path)}.")
    found.files = list(dict.fromkeys(found.files))
    found.doubtful -= named
    if not found.files and not found.unreadable:
        known = AUDIO_SUFFIXES | SCORE_SUFFIXES
        names = ", ".join(sorted(suffix.lstrip(".") for suffix in known))
        raise WorkbenchError(
            f"There are no sound files or scores in {', '.join(map(printable, paths))}; known "
            f"formats: {names}."
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


def _is_below(link: Path, roots: list[Path]) -> bool:
    """Return whether a link stays in these folders; one that leads nowhere is told later."""
    target = Path(os.path.realpath(link))
    return not target.exists() or any(target.is_relative_to(root) for root in roots)


def _sort_in(file: Path, found: Found) -> None:
    suffix = file.suffix.lower()
    doubtful = suffix in SCORE_SUFFIXES - SURE_SCORE_SUFFIXES
    if suffix not in AUDIO_SUFFIXES | SCORE_SUFFIXES or file.name.startswith("."):
        found.ignored += 1
        return
    try:
        if stat.S_ISREG(file.stat().st_mode):
            found.files.append(file.resolve())
            if doubtful:
                found.doubtful.add(found.files[-1])
            return
        reason = "is no regular file"
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    if doubtful:
        found.ignored += 1
    else:
        found.unreadable.append((file, reason))
