"""One number for all rows of a table, whatever their order and whichever database holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from workbench.copying.tables import TABLES, rows
from workbench.progress import Progress

_SIZE = 2**256


class Checksum(NamedTuple):
    """How many rows or bytes there are, and their checksum, hexadecimal."""

    size: int
    digest: str


def row_bytes(row: Iterable[Any]) -> bytes:
    r"""Return a row in its canonical form: every value with its kind and its length.

    Examples
    --------
    >>> row_bytes([1, "a", None, 0.5])
    b'i1:1s1:an0:f20:0x1.0000000000000p-1'
    """
    return b"".join(
        kind + str(len(value)).encode() + b":" + value for kind, value in map(_value, row)
    )


def _value(value: Any) -> tuple[bytes, bytes]:
    match value:
        case None:
            return b"n", b""
        case bool():
            return b"b", str(int(value)).encode()
        case int():
            return b"i", str(value).encode()
        case float():
            return b"f", (value + 0.0).hex().encode()  # SQLite stores no sign of zero
        case str():
            return b"s", value.encode(errors="surrogatepass")
        case bytes() | memoryview():
            return b"y", bytes(value)
        case datetime():
            return b"t", value.astimezone(UTC).isoformat(timespec="microseconds").encode()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def checksum(found: Iterable[Iterable[Any]]) -> Checksum:
    """Return the number of rows and the sum of their hashes, which no order changes."""
    count, total = 0, 0
    for row in found:
        count += 1
        total += int.from_bytes(hashlib.sha256(row_bytes(row)).digest())
    return Checksum(count, f"{total % _SIZE:064x}")


def table_checksums(connection: sa.Connection, progress: Progress) -> dict[str, Checksum]:
    """Return the checksum of every table of one view of a database."""
    found = {}
    for table in TABLES:
        found[table.name] = checksum(rows(connection, table))
        progress.advance(label=table.name)
    return found


def file_checksum(file: Path) -> Checksum:
    """Return the size of a file and its SHA-256."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Checksum(file.stat().st_size, digest)
