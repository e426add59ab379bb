"""A SoundFont 2 file written by hand."""

from __future__ import annotations

import struct


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def tiny_font(roots: list[int | None], *, shared_root: int | None = None) -> bytes:
    """Return a font whose one instrument has a zone per root; all play sample 0 of pitch 60."""
    generators: list[tuple[int, int]] = []
    bags: list[int] = []
    if shared_root is not None:
        bags.append(len(generators))
        generators.append((58, shared_root))
    for root in roots:
        bags.append(len(generators))
        if root is not None:
            generators.append((58, root))
        generators.append((53, 0))
    bags.append(len(generators))
    sample = struct.pack("<20sIIIIIBbHH", b"tone", 0, 8, 0, 8, 44100, 60, 0, 0, 1)
    tables = [
        (b"inst", struct.pack("<20sH20sH", b"one", 0, b"EOI", len(bags) - 1)),
        (b"ibag", b"".join(struct.pack("<HH", first, 0) for first in bags)),
        (b"igen", b"".join(struct.pack("<HH", *pair) for pair in [*generators, (0, 0)])),
        (b"shdr", sample + struct.pack("<46s", b"EOS")),
    ]
    pdta = b"pdta" + b"".join(chunk(*table) for table in tables)
    return chunk(b"RIFF", b"sfbk" + chunk(b"LIST", pdta) + chunk(b"LIST", b"INFO"))
