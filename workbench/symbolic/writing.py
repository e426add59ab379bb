"""A `Score` as a symusic score, which can be rendered and written as MIDI."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.symbolic.score import Score

_TICKS = 960  # per quarter
_LAST_TICK = 2**30


def to_symusic(score: Score) -> Any:
    """Return the same music as a symusic score in ticks, with its tempi, metres and keys.

    Times are rounded to a 960th of a quarter, or coarser where the music is so long that ticks
    would not fit in 31 bits.
    """
    import symusic

    last = float((score.notes["onset"] + score.notes["duration"]).max(initial=1.0))
    last = max(last, *(rows[:, 0].max(initial=0.0) for rows in (score.tempi, score.metres)))
    ticks = int(min(_TICKS, max(_LAST_TICK // last, 1)))

    def at(quarters: np.ndarray) -> np.ndarray:
        return np.round(quarters * ticks).astype(np.int32)

    made: Any = symusic.Score(ticks)
    quarters, qpm = score.tempi.T
    made.tempos = symusic.Tempo.from_numpy(at(quarters), np.round(6e7 / qpm).astype(np.int32))
    for quarter, numerator, denominator in score.metres:
        time = round(quarter * ticks)
        made.time_signatures.append(symusic.TimeSignature(time, int(numerator), int(denominator)))
    for quarter, sharps in score.keys:
        if abs(sharps) <= 7:  # MIDI has no others
            made.key_signatures.append(symusic.KeySignature(round(quarter * ticks), int(sharps), 0))
    for number, track in enumerate(score.tracks):
        notes = score.notes[score.notes["track"] == number]
        begin = at(notes["onset"])
        written: Any = symusic.Track(track.name, track.program, track.is_drum)
        written.notes = symusic.Note.from_numpy(
            time=begin,
            duration=np.maximum(at(notes["onset"] + notes["duration"]) - begin, 1),
            pitch=notes["pitch"].astype(np.int8),
            velocity=notes["velocity"].astype(np.int8),
        )
        made.tracks.append(written)
    return made
