"""MIDI files, read by symusic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError
from workbench.symbolic.assemble import Found, check_count
from workbench.symbolic.midi_guard import guard, title_of
from workbench.symbolic.score import Track


def read_midi(data: bytes, name: str) -> Found:
    """Return what the bytes of a MIDI file hold.

    Raises
    ------
    MediaError
        If they are no MIDI file, or one whose time has no beats (SMPTE).
    """
    data, mended = guard(data, name)
    import symusic

    try:
        score: Any = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError) as error:
        raise MediaError(f"{name}: cannot be read as MIDI ({error})") from error
    found = from_symusic(score, name)
    found.title = title_of(data)
    if mended:
        found.doubts.append(f"values above 127 read as 127: {mended:,}")
    return found


def from_symusic(score: Any, name: str) -> Found:
    """Return what a symusic score holds.

    Parameters
    ----------
    score
        With times in ticks.
    name
        What sentences call it.

    Raises
    ------
    MediaError
        If it has no ticks, no notes or too many.
    """
    ticks = int(score.ticks_per_quarter)
    if ticks <= 0:
        raise MediaError(f"{name}: says that a quarter has {ticks} ticks.")
    check_count(name, sum(len(track.notes) for track in score.tracks))
    tables = [track.notes.numpy() for track in score.tracks]
    columns = {
        key: np.concatenate([np.asarray(table[key], dtype=np.float64) for table in tables])
        for key in ("time", "duration", "pitch", "velocity")
    }
    return Found(
        onset=columns["time"] / ticks,
        duration=columns["duration"] / ticks,
        pitch=columns["pitch"],
        velocity=columns["velocity"],
        track=np.repeat(np.arange(len(tables)), [len(table["time"]) for table in tables]),
        tracks=[_track(track) for track in score.tracks],
        tempi=((tempo.time / ticks, tempo.qpm) for tempo in score.tempos),
        metres=((m.time / ticks, m.numerator, m.denominator) for m in score.time_signatures),
        keys=((key.time / ticks, key.key) for key in score.key_signatures),
    )


def read_midi_file(path: Path) -> Found:
    """Return what a MIDI file holds, see `read_midi`."""
    return read_midi(path.read_bytes(), path.name)


def _track(track: Any) -> Track:
    try:
        name = str(track.name)
    except UnicodeDecodeError:  # old files name tracks in whatever code page they were made with
        name = ""
    return Track(name, int(track.program) % 128, bool(track.is_drum))
