"""The sound font scores are rendered with, put into the form symusic plays in tune."""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from workbench.errors import MediaError, NotReadyError
from workbench.files import atomic_write

_NAME = "TimGM6mb.sf2"
_SAMPLE_ID, _ROOT_KEY = 53, 58  # generators, SoundFont 2.01 section 8.1.2
_INSTRUMENT, _BAG, _GENERATOR, _SAMPLE = 22, 4, 4, 46  # record sizes in bytes
_DEPTH = 2  # lists lie in the file's one RIFF chunk, and tables in lists
_PITCH = 40  # where a sample's record holds its original pitch


def find_sound_font() -> Path:
    """Return the General MIDI sound font that the pretty_midi wheel carries.

    Raises
    ------
    NotReadyError
        If pretty_midi is not installed or lies there without its sound font.
    """
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / _NAME).is_file():
            return Path(folder) / _NAME
    raise NotReadyError(
        "Rendering scores needs the sound font of pretty_midi; install it with "
        'pip install "music-similarity-workbench[demo]".'
    )


def font_hash(path: Path) -> str:
    """Return the SHA-256 of a sound font.

    Raises
    ------
    MediaError
        If the file is no SoundFont 2 file, or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(12)
            if start[:4] != b"RIFF" or start[8:] != b"sfbk":
                raise MediaError(f"{path.name}: not a SoundFont 2 file")
            stream.seek(0)
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror or error})") from error


def tuned_copy(path: Path) -> Path:
    """Return a copy of a sound font in which no zone overrides the root key of its sample.

    symusic 0.5.9 ignores the generator *overridingRootKey*, so that zones which use it sound up
    to two octaves off (https://github.com/Yikai-Liao/symusic/issues/55). The copy gives such zones
    a record of their sample with the right root key. It lies in the user's cache folder.

    Raises
    ------
    MediaError
        If the file is no sound font.
    """
    import platformdirs

    data = path.read_bytes()
    folder = platformdirs.user_cache_path("music-similarity-workbench") / "soundfonts"
    copy = folder / f"{path.stem}-{hashlib.sha256(data).hexdigest()[:16]}.sf2"
    if not copy.exists():
        try:
            tuned = without_root_overrides(data)
        except MediaError as error:
            raise MediaError(f"{path.name}: {error}") from error
        with atomic_write(copy) as stream:
            stream.write(tuned)
    return copy


def without_root_overrides(data: bytes) -> bytes:
    """Return the bytes of an equivalent SoundFont 2 file that does without *overridingRootKey*.

    Raises
    ------
    MediaError
        If these are not the bytes of a SoundFont 2 file.
    """
    try:
        return _rewritten(data)
    except (KeyError, IndexError, ValueError, struct.error) as error:
        raise MediaError("not a SoundFont 2 file") from error


def _rewritten(data: bytes) -> bytes:
    font = bytearray(data)
    chunks = dict(_chunks(data))
    start, size = chunks[b"shdr"]
    samples = [font[at : at + _SAMPLE] for at in range(start, start + size, _SAMPLE)]
    end_record = samples.pop()
    renumbered: dict[tuple[int, int], int] = {}
    for at, root in _zones(font, chunks):
        (sample,) = struct.unpack_from("<H", font, at + 2)
        if not 0 <= root <= 127 or samples[sample][_PITCH] == root:
            continue
        if (sample, root) not in renumbered:
            renumbered[sample, root] = len(samples)
            samples.append(samples[sample].copy())
            samples[-1][_PITCH] = root
        struct.pack_into("<H", font, at + 2, renumbered[sample, root])
    table = b"".join([*samples, end_record])
    font[start : start + size] = table
    grown = len(table) - size
    for header in _enclosing(data, start):
        (old,) = struct.unpack_from("<I", font, header + 4)
        struct.pack_into("<I", font, header + 4, old + grown)
    return bytes(font)


def _zones(font: bytearray, chunks: dict[bytes, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where each instrument zone names its sample, and its overriding root key or -1."""
    instruments, size = chunks[b"inst"]
    bags, generators = chunks[b"ibag"][0], chunks[b"igen"][0]
    firsts = [
        struct.unpack_from("<H", font, instruments + i * _INSTRUMENT + 20)[0]
        for i in range(size // _INSTRUMENT)
    ]
    if firsts != sorted(firsts):  # they must rise (7.7), else few bytes would be endless work
        raise ValueError("instruments overlap")
    generators_read = 0
    for first, after in pairwise(firsts):
        shared = -1  # a zone without a sample, which comes first, sets values for the others
        for zone in range(first, after):
            begin, _, end, _ = struct.unpack_from("<4H", font, bags + zone * _BAG)
            root, sample_at = shared, None
            if begin < generators_read:  # and so must these (7.8)
                raise ValueError("zones overlap")
            generators_read = max(end, begin)
            for number in range(begin, end):
                at = generators + number * _GENERATOR
                operator, amount = struct.unpack_from("<Hh", font, at)
                if operator == _ROOT_KEY:
                    root = amount
                elif operator == _SAMPLE_ID:
                    sample_at = at
            if sample_at is None:
                shared = root
            else:
                yield sample_at, root


def _chunks(
    data: bytes, start: int = 0, end: int | None = None, depth: int = 0
) -> Iterator[tuple[bytes, tuple]]:
    """Yield the name of every RIFF chunk with where its content starts and its size."""
    end = len(data) if end is None else min(end, len(data))
    while start + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, start)
        if start + 8 + size > len(data):
            raise ValueError("a chunk ends behind the file")
        if name in (b"RIFF", b"LIST") and depth < _DEPTH:
            yield from _chunks(data, start + 12, start + 8 + size, depth + 1)
        else:
            yield name, (start + 8, size)
        start += 8 + size + size % 2


def _enclosing(data: bytes, content: int) -> Iterator[int]:
    """Yield where the headers of the chunks lie that hold the byte at `content`, RIFF first."""
    start, end = 0, len(data)
    while start + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, start)
        if start + 8 <= content < start + 8 + size:
            yield start
            if name not in (b"RIFF", b"LIST"):
                return
            end, start = start + 8 + size, start + 12
        else:
            start += 8 + size + size % 2
