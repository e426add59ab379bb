"""The reader of TensorFlow checkpoints, against tables put together by hand."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from workbench.encoders.musicnn.checkpoint import read_tensors
from workbench.errors import StorageError

FLOAT, INT64 = 1, 9


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(shape: tuple[int, ...], offset: int, size: int, dtype: int = FLOAT) -> bytes:
    """A BundleEntryProto with its checksum (a fixed32), as TensorFlow writes it."""
    dimensions = b"".join(field(2, field(1, d)) for d in shape)
    checksum = varint(6 << 3 | 5) + struct.pack("<I", 0xDEADBEEF)
    return field(1, dtype) + field(2, dimensions) + field(4, offset) + field(5, size) + checksum


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Entries with shared prefixes; every third begins anew and is a restart point."""
    body, restarts, previous = b"", [], b""
    for i, (key, value) in enumerate(entries):
        shared = 0
        if i % 3 == 0:
            restarts.append(len(body))
        else:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value))
        body += key[shared:] + value
        previous = key
    return (
        body + b"".join(struct.pack("<I", r) for r in restarts) + struct.pack("<I", len(restarts))
    )


def table(blocks: list[list[tuple[bytes, bytes]]], *, compression: int = 0) -> bytes:
    out, handles = b"", []
    for entries in blocks:
        data = block(entries)
        handles.append((entries[-1][0], varint(len(out)) + varint(len(data))))
        out += data + bytes([compression]) + b"\0\0\0\0"
    index = block(handles)
    handle = varint(len(out)) + varint(len(index))
    out += index + b"\0" * 5
    footer = (varint(0) + varint(0) + handle).ljust(40, b"\0")
    return out + footer + struct.pack("<Q", 0xDB4775248B80FB57)


TENSORS = {
    "conv2d/bias": np.arange(3, dtype=np.float32),
    "conv2d/kernel": np.random.default_rng(0).random((2, 3, 1, 4)).astype(np.float32),
    "conv2d_1/kernel": np.random.default_rng(1).random((5, 70)).astype(np.float32),
    "dense/kernel": np.array([[1.5]], np.float32),
    "step_size": np.array(7.0, np.float32),
}


def checkpoint(**options: int) -> tuple[bytes, bytes]:
    entries, data = [(b"", field(1, 1))], b""
    for name, tensor in TENSORS.items():
        entries.append((name.encode(), entry(tensor.shape, len(data), tensor.nbytes)))
        data += tensor.tobytes()
    entries.append((b"global_step", entry((), len(data), 8, INT64)))
    entries.sort()
    return table([entries[:3], entries[3:]], **options), data + struct.pack("<q", 42)


def test_tensors_are_read_from_several_blocks_with_shared_prefixes() -> None:
    found = read_tensors(*checkpoint())
    assert set(found) == set(TENSORS)  # the header and the integer are left out
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(found[name], tensor)
        assert found[name].shape == tensor.shape


def test_compressed_blocks_are_refused() -> None:
    with pytest.raises(StorageError, match="compressed"):
        read_tensors(*checkpoint(compression=1))


def test_every_truncation_of_the_index_is_noticed() -> None:
    index, data = checkpoint()
    for length in range(len(index)):
        with pytest.raises(StorageError, match="install it again"):
            read_tensors(index[:length], data)


def test_truncated_data_is_noticed() -> None:
    index, data = checkpoint()
    with pytest.raises(StorageError):
        read_tensors(index, data[:20])


def test_garbage_never_raises_anything_but_the_one_sentence() -> None:
    index, data = checkpoint()
    chance, refused = random.Random(0), 0
    for _ in range(500):
        damaged = bytearray(index)
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_tensors(bytes(damaged), data)
        except StorageError:
            refused += 1
    assert refused > 100
    for junk in (b"", b"\0" * 48, chance.randbytes(4000)):
        with pytest.raises(StorageError):
            read_tensors(junk, data)
