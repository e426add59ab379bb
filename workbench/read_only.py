"""Folders that this process may only read: whatever would change them is refused.

Python announces every change of a file before it happens (PEP 578). One hook therefore hears of
all writers: ours and those of libraries, today's and those that are yet to be written. It cannot
be removed, and a folder once guarded stays so until the process ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from workbench.errors import ReadOnlyError

_FIRST, _SECOND, _BOTH = slice(0, 1), slice(1, 2), slice(0, 2)
# Which of an event's arguments are paths that it changes.
_CHANGES = {
    "os.chmod": _FIRST,
    "os.chown": _FIRST,
    "os.link": _BOTH,
    "os.mkdir": _FIRST,
    "os.remove": _FIRST,
    "os.rename": _BOTH,
    "os.rmdir": _FIRST,
    "os.setxattr": _FIRST,
    "os.symlink": _SECOND,
    "os.truncate": _FIRST,
    "os.utime": _FIRST,
    "shutil.rmtree": _FIRST,  # of what lies inside, only names are announced
}
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_guarded: set[str] = set()


def guard(folder: Path) -> None:
    """Refuse from now on, in the whole process, to change anything below a folder.

    Parameters
    ----------
    folder
        Any attempt to write, make, rename or remove a file there raises `ReadOnlyError`, and so
        does opening an SQLite file other than with ``mode=ro``.
    """
    if not _guarded:
        sys.addaudithook(_refuse)
    _guarded.add(os.path.realpath(folder))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    changed = _CHANGES.get(event)
    if changed is not None:
        paths = arguments[changed]
    elif event == "open" and arguments[2] & _TO_WRITE:
        paths = arguments[_FIRST]
    elif event == "sqlite3.connect":
        name = os.fsdecode(arguments[0])
        paths = () if name.startswith("file:") and "mode=ro" in name else (name,)
    else:
        return
    if any(_is_guarded(path) for path in paths):
        raise ReadOnlyError


def _is_guarded(path: Any) -> bool:
    """Return whether a path is in a guarded folder, as it is written or as links lead."""
    if not isinstance(path, str | bytes | os.PathLike):
        return False  # an open file, which was asked about when it was opened
    name = os.fsdecode(path).removeprefix("file:")
    places = {os.path.abspath(name), os.path.realpath(name)}
    return any(
        place == folder or place.startswith(folder + os.sep)
        for place in places
        for folder in _guarded
    )
