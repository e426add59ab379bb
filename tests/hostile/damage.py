"""Files as an attacker, a bad disk or a strange program would leave them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

# What breaks readers: huge, negative and strange numbers, nesting, controls, formulas, paths.
TOKENS = [
    *(b"\x00", b"\xff" * 4, b"\xff" * 8, b"\x80" * 16, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x80"),
    *(b"-1", b"1e999", b"NaN", b"null", b"9" * 30, b"9" * 5000, b"1" + b"0" * 400, b"-0.5"),
    *(b'"', b"'", b",", b";", b"\t", b"\r", b"\n\n", b"=1+1", b"@SUM(A1)", b"\\ud800", b"\\u0000"),
    *(b"[" * 3000, b'{"a":' * 3000, b"<a>" * 300, b"(" * 300, b"\xef\xbb\xbf", b"\xed\xa0\x80"),
    *(
        b"../../etc/passwd",
        b"/etc/passwd",
        b"C:\\x",
        b"\x1b]0;x\x07",
        b"<script>",
        "\u202e".encode(),
    ),
    *(b"True", b"[]", b"{}", b'""', b"\xc2\xb2", b"1" * 40, b"0" * 100_000),
]


@st.composite
def damaged(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """Return one of `samples` after a few changes: bits, bytes, tokens, cuts, doublings."""
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(("bit", "byte", "token", "over", "cut", "double", "number")))
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        if kind == "cut" and draw(st.booleans()):
            del data[at:]
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 64))]
        elif kind == "token":
            data[at:at] = draw(st.sampled_from(TOKENS))
        elif kind == "over":
            token = draw(st.sampled_from(TOKENS))
            data[at : at + len(token)] = token
        elif kind == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 4000))]
        elif kind == "number":
            width = draw(st.sampled_from((1, 2, 4, 8)))
            value = draw(st.sampled_from((0, 1, 2 ** (8 * width - 1), 2 ** (8 * width) - 1)))
            order = draw(st.sampled_from(("little", "big")))
            data[at : at + width] = value.to_bytes(width, order)
        elif data and kind == "bit":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif data:
            data[at] = draw(st.integers(0, 255))
    return bytes(data)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "../..", "/etc", "a" * 100_000, "\x1b[31m", "a\nb", "\x00", "=1+1", "v0001"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@st.composite
def altered(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """Return one of `samples`, which are JSON, with a few of its values exchanged."""
    value = json.loads(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 3))):
        value = _exchanged(draw, value)
    return json.dumps(value).encode()


def _exchanged(draw: st.DrawFn, value: Any, depth: int = 0) -> Any:
    if depth > 5 or not isinstance(value, dict | list) or not value:
        return draw(JSON)
    if depth and draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = draw(st.sampled_from(keys))
    changed = value.copy()
    what = draw(st.integers(0, 8))
    if what == 0:
        del changed[key]
    elif what == 1 and isinstance(value, dict):
        changed[draw(st.text(max_size=8))] = draw(JSON)
    else:
        changed[key] = _exchanged(draw, value[key], depth + 1)
    return changed
