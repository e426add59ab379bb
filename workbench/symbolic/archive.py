"""Zip archives from strangers: how much they hold is known before it is read."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import MediaError

MOST_MEMBERS = 1000
MOST_RATIO = 200  # text shrinks to a tenth; a bomb to a thousandth
_SMALL = 2**20  # bytes: an empty piano-roll shrinks to nothing, and does no harm

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, UnicodeDecodeError, EOFError),
    *(NotImplementedError, RuntimeError),
)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive.

    Raises
    ------
    MediaError
        If it is none, is damaged where it is read, or has too many members.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MOST_MEMBERS:
                raise MediaError(f"{path.name}: an archive of more than {MOST_MEMBERS:,} files.")
            yield archive
    except _DAMAGE as error:
        raise MediaError(f"{path.name}: a damaged archive ({str(error)[:80]}).") from error


def member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, *, limit: int, ratio: int | None
) -> bytes:
    """Return the bytes of one member, in memory only: nothing is ever unpacked to a path.

    Parameters
    ----------
    archive
        The archive.
    info
        The member.
    name
        What sentences call the file.
    limit
        The most bytes it may hold.
    ratio
        How many times larger than in the archive it may be, if it is large; None for any.

    Raises
    ------
    MediaError
        If it is larger, whatever the archive says of its size.
    """
    size = info.file_size
    swollen = ratio is not None and size > _SMALL and size > ratio * max(info.compress_size, 1)
    if size > limit or swollen:
        raise MediaError(f"{name}: unpacks to {size:,} bytes, which is too much for a score.")
    with archive.open(info) as stream:
        # zipfile never gives more than the stated size, whatever is packed; asking for no more
        # than that keeps it from unpacking more on the way.
        return stream.read(size)
