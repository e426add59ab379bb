"""Read a TensorFlow checkpoint (TensorBundle) with NumPy alone.

The ``.index`` file is a LevelDB table: blocks of prefix-compressed entries, an index block that
points to them and a 48-byte footer. Its values are BundleEntryProto messages that say where in
the ``.data`` file a tensor lies. Only what that needs is read here: uncompressed blocks, one
shard, float32.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from workbench.errors import StorageError

_MAGIC = 0xDB4775248B80FB57
_FLOAT32 = 1


class Entry(NamedTuple):
    """Where a tensor lies in the data file."""

    shape: tuple[int, ...]
    dtype: int
    offset: int
    size: int


def read_tensors(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """Return the float32 tensors of a checkpoint by name.

    Parameters
    ----------
    index, data
        The bytes of the ``.index`` and of the only ``.data-00000-of-00001`` file.

    Raises
    ------
    StorageError
        If the bytes are no such checkpoint.
    """
    try:
        tensors = {}
        for key, value in _table(index):
            if not key:  # the header of the bundle
                continue
            entry = _entry(value)
            if entry.dtype != _FLOAT32:
                continue
            raw = data[entry.offset : entry.offset + entry.size]
            tensors[key.decode()] = np.frombuffer(raw, "<f4").reshape(entry.shape)
        if not tensors:
            raise ValueError("it holds no tensors")
        return tensors
    except (IndexError, ValueError, OverflowError, struct.error) as error:
        raise StorageError(f"The checkpoint is damaged ({error}); install it again.") from error


def _table(buffer: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield all (key, value) pairs of a LevelDB table in order."""
    footer = buffer[-48:]
    if len(footer) < 48 or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("it has no table footer")
    _, position = _handle(footer, 0)  # the metaindex block holds nothing we need
    index_block, _ = _handle(footer, position)
    for _, handle in _block(buffer, *index_block):
        block, _ = _handle(handle, 0)
        yield from _block(buffer, *block)


def _block(buffer: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if buffer[offset + size] != 0:
        raise ValueError("its blocks are compressed")
    block = buffer[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end = size - 4 * (restarts + 1)
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        fresh, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def _handle(buffer: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = _varint(buffer, position)
    size, position = _varint(buffer, position)
    return (offset, size), position


def _varint(buffer: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value) of a protocol-buffer message."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        value: int | bytes
        if kind == 0:
            value, position = _varint(message, position)
        elif kind == 2:
            length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        elif kind == 5:
            value, position = message[position : position + 4], position + 4
        elif kind == 1:
            value, position = message[position : position + 8], position + 8
        else:
            raise ValueError(f"wire type {kind}")
        yield tag >> 3, value


def _entry(message: bytes) -> Entry:
    numbers = {1: 0, 4: 0, 5: 0}  # dtype, offset, size
    shape: list[int] = []
    for number, value in _fields(message):
        if number == 2 and isinstance(value, bytes):
            for field, dimension in _fields(value):
                if field == 2 and isinstance(dimension, bytes):
                    sizes = [size for part, size in _fields(dimension) if part == 1]
                    shape.append(int(sizes[0]) if sizes else 0)
        elif number in numbers and isinstance(value, int):
            numbers[number] = value
    return Entry(tuple(shape), numbers[1], numbers[4], numbers[5])
