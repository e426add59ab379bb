"""Writes that are whole or absent: a half-written file is never read.

What is renamed into place has been on the disk before, and the rename is, too, when the block
ends: after a power failure there is the old file or the new one.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import StorageError

PARTIAL = ".partial-"  # how the names of what is not finished begin
LOCK = ".lock"


@contextmanager
def clear_storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write `path` into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageError(
                f"The disk that holds {path} is full; free some space and run the command again."
            ) from error
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give the name of an empty file beside `path`; it takes its place when the block succeeds.

    The name is nobody else's and keeps the suffix, so that writers see the format.
    """
    with clear_storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL, suffix=path.suffix)
        try:
            _lock(handle)
            yield Path(name)
            os.fsync(handle)
            os.chmod(name, 0o644)
            os.replace(name, path)
            sync(path.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path` and rename it into place when the block succeeds."""
    with atomic_path(path) as partial, partial.open("wb") as stream:
        yield stream
        stream.flush()


def write_text(path: Path, text: str) -> None:
    """Replace the text of `path` in one step."""
    with atomic_write(path) as stream:
        stream.write(text.encode())


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, written to the disk itself."""
    if os.name == "nt" and path.is_dir():
        return  # folders cannot be opened there; the system writes names by itself
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file that others add to as well; it is on the disk when this returns.

    What an earlier writer left without an end of line was never acknowledged, and is cut off.
    """
    with alone(path.parent), clear_storage_errors(path), path.open("ab+", buffering=0) as stream:
        stream.seek(0)
        whole = stream.read().rfind(b"\n") + 1
        stream.truncate(whole)
        try:
            stream.write(f"{line}\n".encode())
            os.fsync(stream.fileno())
        except OSError:
            stream.truncate(whole)
            raise
    sync(path.parent)


_held = threading.local()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time change what lies in a folder; the others wait.

    The system gives the lock back when a process ends, however it ends. Where it has no such
    locks, nobody waits.
    """
    ours: set[Path] = _held.__dict__.setdefault("folders", set())
    if folder in ours:  # by an outer block of this thread
        yield
        return
    with clear_storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / LOCK).open("ab")
    with stream:
        _lock(stream.fileno())
        ours.add(folder)
        try:
            yield
        finally:
            ours.discard(folder)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a lock file while a block runs; where there is no place for one, go on without.

    For work that would only be done twice, such as compiling; see `alone` for what would be lost.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            _lock(stack.enter_context(path.open("ab")).fileno())
        yield


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep an empty file there while a block runs; `is_abandoned` says that it is in use."""
    with clear_storage_errors(path), path.open("ab") as stream:
        _lock(stream.fileno())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_abandoned(partial: Path) -> bool:
    """Return whether nobody writes an unfinished file any more: `atomic_path` holds its lock."""
    try:
        with partial.open("rb") as stream:
            return _lock(stream.fileno(), wait=False)
    except FileNotFoundError:
        return False


def _lock(handle: int, *, wait: bool = True) -> bool:
    """Lock an open file until it is closed; return whether it is ours."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # a system or a disk without locks
        return True
    return True


def from_json(text: str | bytes) -> Any:
    """Return what JSON says; a `ValueError` where it is none, or is nested deeper than it may be.

    Raises
    ------
    ValueError
        Of any kind of damage: Python alone would end deep nesting with a `RecursionError`.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def printable(text: str | os.PathLike[str]) -> str:
    r"""Return a name of any bytes as text that every terminal and database takes.

    Examples
    --------
    >>> print(printable("two\nlines"))
    two\nlines
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in os.fspath(text)
    )
