"""Sound files made to mislead decoders: what their headers say is not what there is."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from sounds import tone, write

SUFFIXES = ("wav", "flac", "mp3", "ogg", "opus", "m4a", "wma", "aiff")


def valid(folder: Path) -> dict[str, bytes]:
    """Return a tone of a third of a second in every format, by suffix."""
    files = {}
    for suffix in SUFFIXES:
        rate = 48000 if suffix == "opus" else 22050
        file = write(folder / f"tone.{suffix}", tone(seconds=0.3, rate=rate), rate=rate)
        files[suffix] = file.read_bytes()
    return files


def wav(*, rate: int = 22050, channels: int = 1, bits: int = 16, claimed: int = 2000) -> bytes:
    """Return a WAV file of a thousand samples whose header says what it is told to."""
    block = min(channels * bits // 8, 65535)
    form = struct.pack("<HHIIHH", 1, channels, rate, min(rate * block, 2**32 - 1), block, bits)
    data = np.arange(1000, dtype="<i2").tobytes()
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", claimed) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def lying_flac(good: bytes, *, samples: int, rate: int = 22050, channels: int = 2) -> bytes:
    """Return a FLAC file whose stream information claims so many samples."""
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    return good[:18] + packed.to_bytes(8, "big") + good[26:]


def playlist(kind: str, target: Path) -> bytes:
    """Return a list of files, as FFmpeg knows them, that names another file."""
    lists = {
        "ffconcat": f"ffconcat version 1.0\nfile {target.name}\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n",
        "address": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/x\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 5004 RTP/AVP 0\n",
    }
    return lists[kind].encode()


def with_big_tags(good: bytes) -> bytes:
    """Return an MP3 file with a title of four megabytes and a picture that unpacks to more."""
    import zlib

    title = b"TIT2" + struct.pack(">I", 2**22) + b"\0\0" + b"A" * 2**22
    packed = zlib.compress(b"\0" * 2**26)
    picture = b"APIC" + struct.pack(">I", len(packed) + 4) + b"\0\x80"
    picture += struct.pack(">I", 2**28) + packed
    size = len(title) + len(picture)
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + sizes + title + picture + good
