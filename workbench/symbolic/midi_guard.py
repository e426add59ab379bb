"""MIDI from strangers, walked through before symusic reads it.

symusic 0.5.9 trusts what a file says of its own lengths: a damaged one can end the whole process,
which no `except` catches. So every event is looked at first, at about a microsecond each.
"""

from __future__ import annotations

from workbench.errors import MediaError
from workbench.symbolic.assemble import MOST_NOTES, check_count

_MOST_CHUNKS = 4096
_MOST_EVENTS = 4 * MOST_NOTES
_TWO_BYTES, _ONE_BYTE = (0x80, 0x90, 0xA0, 0xB0, 0xE0), (0xC0, 0xD0)
_TRACK_NAME = 0x03
# What programs call their first track where nobody gave it a name.
_NO_TITLES = (
    *("", "untitled", "control track", "conductor", "conductor track", "tempo", "tempo track"),
    *("track", "master", "master track", "sequence", "midi", "new track", "no name", "unnamed"),
)
_META_LENGTHS = {0x51: 3, 0x58: 4, 0x59: 2}  # tempo, time signature, key signature


class _DamagedError(ValueError):
    """What is wrong, in a few words."""


def guard(data: bytes, name: str) -> tuple[bytes, int]:
    """Refuse a MIDI file whose chunks or events reach over their end, or that holds too much.

    Values above 127, which some programs write as velocities, are mended.

    Parameters
    ----------
    data
        The bytes of the file.
    name
        What sentences call it.

    Returns
    -------
    data : bytes
        The same file with such values at 127.
    mended : int
        How many there were.

    Raises
    ------
    MediaError
        If the file is not to be read.
    """
    high: list[int] = []
    try:
        events = notes = 0
        for start, end in _tracks(data):
            try:
                track_events, track_notes = _walk(data, start, end, _MOST_EVENTS - events, high)
            except IndexError as error:
                raise _DamagedError("the file ends within a track") from error
            events, notes = events + track_events, notes + track_notes
            check_count(name, max(notes, 1))
    except _DamagedError as error:
        raise MediaError(f"{name}: cannot be read as MIDI ({error}).") from error
    if high:
        mended = bytearray(data)
        for place in high:
            mended[place] = 127
        data = bytes(mended)
    return data, len(high)


def _tracks(data: bytes) -> list[tuple[int, int]]:
    """Return where the events of each track begin and end."""
    if data[:4] != b"MThd" or len(data) < 14 or int.from_bytes(data[4:8], "big") < 6:
        raise _DamagedError("it has no header")
    if not 0 < int.from_bytes(data[12:14], "big") < 0x8000:
        raise _DamagedError("its time is not counted in ticks per quarter")
    at, tracks = 8 + int.from_bytes(data[4:8], "big"), []
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if at + 8 + size > len(data):
            raise _DamagedError("it is cut off")
        if data[at : at + 4] == b"MTrk":
            tracks.append((at + 8, at + 8 + size))
        at += 8 + size
        if len(tracks) > _MOST_CHUNKS:
            raise _DamagedError(f"more than {_MOST_CHUNKS:,} tracks")
    if len(tracks) != int.from_bytes(data[10:12], "big"):
        raise _DamagedError(f"{len(tracks)} tracks, but its header says otherwise")
    return tracks


def _walk(data: bytes, at: int, end: int, most: int, high: list[int]) -> tuple[int, int]:
    """Return how many events and how many note-ons a track has; note where values are too high."""
    status = events = notes = 0
    while at < end:
        events += 1
        if events > most:
            raise _DamagedError(f"more than {_MOST_EVENTS:,} events")
        _, at = _length(data, at)
        if data[at] >= 0x80:
            status, at = data[at], at + 1
        if status == 0xFF:
            kind = data[at]
            size, at = _length(data, at + 1)
            if size != _META_LENGTHS.get(kind, size):
                raise _DamagedError("a tempo or signature of a wrong length")
            at += size
            status = 0
            if kind == 0x2F:
                break
        elif status in (0xF0, 0xF7):
            size, at = _length(data, at)
            at, status = at + size, 0
        elif status & 0xF0 in _TWO_BYTES:
            if data[at] > 127 or data[at + 1] > 127:
                high += [place for place in (at, at + 1) if data[place] > 127]
            notes += status & 0xF0 == 0x90 and data[at + 1] > 0
            at += 2
        elif status & 0xF0 in _ONE_BYTE:
            if data[at] > 127:
                high.append(at)
            at += 1
        else:
            raise _DamagedError("an event that is none")
        if at > end:
            raise _DamagedError("an event reaches over the end of its track")
    else:
        raise _DamagedError("a track has no end")
    return events, notes


def title_of(data: bytes) -> str:
    """Return the name of the first track of a file that `guard` has passed, if it has no notes.

    Where the first of several tracks holds tempi and signatures only, its name is the title (the
    meta event *Sequence/Track Name* of RP-001).
    """
    tracks = _tracks(data)
    if len(tracks) < 2 or int.from_bytes(data[8:10], "big") != 1:
        return ""
    start, end = tracks[0]
    if _walk(data, start, end, _MOST_EVENTS, [])[1]:
        return ""
    at = start
    while at + 2 < end:
        _, at = _length(data, at)
        if data[at] != 0xFF:
            return ""
        kind = data[at + 1]
        size, at = _length(data, at + 2)
        if kind == _TRACK_NAME:
            return _words(data[at : at + size])
        at += size
    return ""


def _words(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return "" if text.strip().lower().rstrip(" :0123456789") in _NO_TITLES else text


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of one to four bytes, and where it ends."""
    value = 0
    for place in range(at, at + 4):
        value = value << 7 | data[place] & 0x7F
        if data[place] < 0x80:
            return value, place + 1
    raise _DamagedError("a number of more than four bytes")
