"""Rows of vectors as PostgreSQL's binary COPY has them.

https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"; a vector is sent as its
length, two bytes that are zero, and its numbers (pgvector, ``vector_send``). All rows of one set
are equally long, so that numpy reads and writes thousands of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"


@dataclass(frozen=True)
class Record:
    """A row of an item's id and its vector.

    Attributes
    ----------
    dtype
        How it lies in the stream, big-endian.
    """

    dim: int
    dtype: np.dtype

    def new(self, ids: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return rows that can be sent, [n].

        Parameters
        ----------
        ids
            int64 [n]
        vectors
            float32 [n, dim]
        """
        rows = np.zeros(len(ids), self.dtype)
        rows["fields"], rows["id_bytes"], rows["vector_bytes"] = 2, 8, 4 + 4 * self.dim
        rows["dim"], rows["id"], rows["vector"] = self.dim, ids, vectors
        return rows

    def read(self, chunks: Iterable[bytes | memoryview]) -> Iterator[np.ndarray]:
        """Yield the rows of a stream, as many at once as have come.

        Raises
        ------
        ValueError
            If the stream is none of such rows.
        """
        waiting, skip = bytearray(), len(HEADER)
        for chunk in chunks:
            waiting += chunk
            if skip and len(waiting) >= skip:
                if waiting[: len(HEADER)] != HEADER:
                    raise ValueError("no binary copy")
                del waiting[:skip]
                skip = 0
            count = 0 if skip else len(waiting) // self.dtype.itemsize
            if count * self.dtype.itemsize >= 2**20:
                yield self._rows(waiting, count)
                del waiting[: count * self.dtype.itemsize]
        count = len(waiting) // self.dtype.itemsize
        if skip or waiting[count * self.dtype.itemsize :] != END:
            raise ValueError("the copy is not whole")
        yield self._rows(waiting, count)

    def _rows(self, waiting: bytearray, count: int) -> np.ndarray:
        rows = np.frombuffer(bytes(waiting[: count * self.dtype.itemsize]), self.dtype)
        if not ((rows["fields"] == 2).all() and (rows["dim"] == self.dim).all()):
            raise ValueError("rows of another form")
        return rows


@lru_cache(maxsize=16)
def record(dim: int) -> Record:
    """Return the row for vectors of `dim` numbers."""
    fields = [
        *(("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"), ("vector_bytes", ">i4")),
        *(("dim", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dim,))),
    ]
    return Record(dim, np.dtype(fields))
