"""NumPy files from elsewhere: what a header claims is compared with what is there before it counts.

`numpy.load` takes memory for whatever a header says, and a damaged one makes it raise a dozen kinds
of exceptions. Here they all are `ValueError`. Nothing that could run code is ever read.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import numpy as np

MOST_BYTES = 2**30  # of the arrays in one archive; vectors are files of their own, without limit
_MOST_ARRAYS = 10_000
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_DAMAGE = (
    *(KeyError, EOFError, SyntaxError, TypeError, OverflowError, RecursionError, MemoryError),
    *(tokenize.TokenError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
)


def read_array(file: Path, *, mapped: bool = False) -> np.ndarray:
    """Return the array of a ``.npy`` file.

    Parameters
    ----------
    file
        The file.
    mapped
        Whether it stays on disk and is read where it is looked at.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is damaged, or holds something other than numbers and text.
    """
    try:
        with file.open("rb") as stream:
            check_header(stream, file.stat().st_size)
            stream.seek(0)
            mode: Literal["r"] | None = "r" if mapped else None
            source = file if mapped else stream
            array: np.ndarray = np.load(source, mmap_mode=mode, allow_pickle=False)
    except _DAMAGE as error:
        raise ValueError(f"no array ({type(error).__name__})") from error
    return array


@contextmanager
def opened_arrays(file: Path, *, most_bytes: int = MOST_BYTES) -> Iterator[Arrays]:
    """Open a ``.npz`` file; each of its arrays is read when it is asked for.

    Parameters
    ----------
    file
        The file.
    most_bytes
        How much they may take together.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is damaged, larger than that, holds something other than numbers and text, or lacks
        what the block asks for.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            yield Arrays(archive, most_bytes)
    except _DAMAGE as error:
        raise ValueError(f"not the arrays there should be ({type(error).__name__})") from error


class Arrays(Mapping[str, np.ndarray]):
    """The arrays of an open ``.npz`` file by name, see `opened_arrays`."""

    def __init__(self, archive: zipfile.ZipFile, most_bytes: int) -> None:
        members = archive.infolist()
        if len(members) > _MOST_ARRAYS or sum(info.file_size for info in members) > most_bytes:
            raise ValueError("it holds too much")
        self._archive = archive
        self._members = {info.filename.removesuffix(".npy"): info for info in members}

    def __getitem__(self, name: str) -> np.ndarray:
        info = self._members[name]
        with self._archive.open(info) as stream:
            check_header(stream, info.file_size)
        with self._archive.open(info) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._members)


def check_header(stream: IO[bytes], size: int) -> None:
    """Refuse an array whose header promises anything but the rest of `size` bytes.

    Raises
    ------
    ValueError
        If it does, or holds objects; other exceptions where the header is damaged.
    """
    shape, _, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    if dtype.hasobject:
        raise ValueError("it holds objects, which could run code")
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != size - stream.tell():
        raise ValueError("it is not as large as it says")
