"""Writes that are whole or absent: a half-written file is never read."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import StorageError


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
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=path.suffix)
        try:
            yield Path(name)
            os.fsync(handle)
            os.chmod(name, 0o644)
            os.replace(name, path)
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
