"""What readers find in a file, checked and put together as a score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import MediaError
from workbench.symbolic.maps import (
    TooManyBarsError,
    bar_edges,
    metre_map,
    quarters_at,
    seconds_at,
    tempo_map,
)
from workbench.symbolic.score import NOTE, Score, Track

MOST_NOTES = 200_000
LONGEST_S = 4 * 3600.0
MOST_TRACKS = 1024
MOST_CHANGES = (
    100_000  # of tempo, metre or key: some programs write a tempo for every tick of rubato
)
LONGEST_NAME = 200
_DRUM_LENGTH = 1 / 32  # quarters: what a hit without a length is given


@dataclass
class Found:
    """What a reader found, not yet checked; the five columns have shape (n,).

    Attributes
    ----------
    onset, duration
        In quarters, or in seconds if `in_seconds`.
    pitch, velocity
        As MIDI numbers.
    track
        Places in `tracks`.
    tracks
        The instruments; those without notes are left out of the score.
    tempi, metres, keys
        Rows as `Score` has them, in any order.
    edges
        Where bars begin and the last one ends, in quarters; by default the metres say.
    pickup
        Quarters before the first whole bar, where `edges` does not say.
    doubts
        What could not be read.
    title, composer
        As the file says.
    """

    onset: np.ndarray
    duration: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    track: np.ndarray
    tracks: Sequence[Track]
    tempi: Iterable[tuple[float, float]] = ()
    metres: Iterable[tuple[float, float, float]] = ()
    keys: Iterable[tuple[float, float]] = ()
    edges: np.ndarray | None = None
    pickup: float = 0.0
    in_seconds: bool = False
    doubts: list[str] = field(default_factory=list)
    title: str = ""
    composer: str = ""


def assemble(name: str, found: Found) -> Score:
    """Check what was found and make a score of it.

    Notes off the keyboard are left out, and so are notes without a length, except on drum tracks:
    a hit is a moment, and gets a 32nd of a quarter.

    Parameters
    ----------
    name
        What sentences call the file.
    found
        What a reader found.

    Raises
    ------
    MediaError
        If there are no notes or too many, a number is none or negative, or the music lasts too
        long.
    """
    check_count(name, len(found.onset))
    _check_numbers(name, found)
    tempi, bad_tempi = tempo_map(_few(name, found.tempi, "tempi"))
    metres, bad_metres = metre_map(_few(name, found.metres, "metres"))
    doubts = list(found.doubts)
    _count(doubts, bad_tempi, "tempo marks that nobody can play")
    _count(doubts, bad_metres, "time signatures that are none")
    notes = _notes(found, tempi)
    notes = _usable(notes, found.tracks, doubts)
    if len(notes) == 0:
        raise MediaError(f"{name}: holds no notes that can be played.")
    notes["onset_s"] = seconds_at(notes["onset"], tempi)
    stops = notes["onset"] + notes["duration"]
    notes["duration_s"] = seconds_at(stops, tempi) - notes["onset_s"]
    end_s = float(seconds_at(stops, tempi).max())
    if end_s > LONGEST_S:
        raise MediaError(
            f"{name}: lasts {end_s / 3600:,.1f} hours; a score may last {LONGEST_S / 3600:.0f}."
        )
    notes, tracks = _numbered(name, notes, found.tracks)
    notes.setflags(write=False)
    try:
        edges = found.edges
        if edges is None:
            edges = bar_edges(metres, float(stops.max()), pickup=found.pickup)
    except TooManyBarsError as error:
        raise MediaError(f"{name}: its time signatures make {error}.") from error
    keys = sorted((float(q), float(s)) for q, s in _few(name, found.keys, "keys") if q >= 0)
    return Score(
        notes=notes,
        tracks=tracks,
        tempi=tempi,
        metres=metres,
        keys=np.array(keys, dtype=np.float64).reshape(-1, 2),
        bars=np.column_stack([edges, seconds_at(edges, tempi)]),
        doubts=tuple(doubts),
        title=_short(found.title),
        composer=_short(found.composer),
    )


def check_count(name: str, count: int) -> None:
    """Refuse a score without notes or with too many.

    Raises
    ------
    MediaError
        Says which.
    """
    if count == 0:
        raise MediaError(f"{name}: holds no notes.")
    if count > MOST_NOTES:
        raise MediaError(f"{name}: holds more than {MOST_NOTES:,} notes.")


def _few(name: str, rows: Iterable[tuple], what: str) -> list[tuple]:
    kept = list(rows)
    if len(kept) > MOST_CHANGES:
        raise MediaError(f"{name}: holds {len(kept):,} {what}; {MOST_CHANGES:,} are the most.")
    return kept


def _check_numbers(name: str, found: Found) -> None:
    columns = {
        "onset": found.onset,
        "duration": found.duration,
        "pitch": found.pitch,
        "velocity": found.velocity,
    }
    for what, column in columns.items():
        if not np.isfinite(column).all():
            raise MediaError(f"{name}: holds a note whose {what} is no number.")
    for what in ("onset", "duration"):
        if (columns[what] < 0).any():
            raise MediaError(f"{name}: holds a note with a negative {what}.")


def _notes(found: Found, tempi: np.ndarray) -> np.ndarray:
    """Return the notes as an array whose times are in quarters; seconds are still missing."""
    onset = np.asarray(found.onset, dtype=np.float64)
    stop = onset + found.duration
    if found.in_seconds:
        onset, stop = quarters_at(onset, tempi), quarters_at(stop, tempi)
    notes = np.zeros(len(onset), dtype=NOTE)
    notes["onset"], notes["duration"] = onset, stop - onset
    # A number beyond 16 bits must not come back round as one that fits.
    notes["pitch"] = np.clip(np.round(found.pitch), -1, 128)
    notes["velocity"] = np.clip(np.round(found.velocity), 1, 127)
    notes["track"] = found.track
    return notes


def _usable(notes: np.ndarray, tracks: Sequence[Track], doubts: list[str]) -> np.ndarray:
    on_keys = (notes["pitch"] >= 0) & (notes["pitch"] <= 127)
    _count(doubts, int((~on_keys).sum()), "notes off the keyboard")
    notes = notes[on_keys]
    instant = notes["duration"] <= 0
    hits = instant & np.array([t.is_drum for t in tracks], dtype=bool)[notes["track"]]
    notes["duration"][hits] = _DRUM_LENGTH
    _count(doubts, int((instant & ~hits).sum()), "notes without a length")
    return notes[~instant | hits]


def _numbered(
    name: str, notes: np.ndarray, tracks: Sequence[Track]
) -> tuple[np.ndarray, tuple[Track, ...]]:
    """Return the notes in order, and the tracks that have any."""
    used, place = np.unique(notes["track"], return_inverse=True)
    if len(used) > MOST_TRACKS:
        raise MediaError(f"{name}: has {len(used):,} tracks; {MOST_TRACKS:,} are the most.")
    notes["track"] = place
    order = np.lexsort((notes["track"], notes["pitch"], notes["onset"]))
    named = [tracks[i] for i in used]
    return notes[order], tuple(Track(_short(t.name), t.program, t.is_drum) for t in named)


def _short(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name[:LONGEST_NAME]).strip()


def _count(doubts: list[str], count: int, what: str) -> None:
    if count:
        doubts.append(f"{what} left out: {count:,}")
