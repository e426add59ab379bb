"""A plain accompaniment for tunes that come alone: one chord per bar, with a bass."""

from __future__ import annotations

from typing import Any

# Triads as semitones above the tonic and their quality, with a handicap: the tonic chord goes
# first where the tune leaves the choice open.
_MAJOR = (
    ((0, 4, 7), 0.00),
    ((7, 11, 2), 0.05),
    ((5, 9, 0), 0.05),
    ((9, 0, 4), 0.15),
    ((2, 5, 9), 0.15),
    ((10, 2, 5), 0.25),
)
_MINOR = (
    ((0, 3, 7), 0.00),
    ((7, 11, 2), 0.10),
    ((7, 10, 2), 0.10),
    ((5, 8, 0), 0.05),
    ((10, 2, 5), 0.10),
    ((8, 0, 3), 0.15),
    ((3, 7, 10), 0.15),
)
_BASS_FLOOR, _CHORD_FLOOR = 41, 55  # MIDI pitches: roots from F2, chords from G3


def choose_triads(
    bars: list[list[tuple[int, float]]], *, tonic: int, minor: bool
) -> list[tuple[int, int, int]]:
    """Choose the diatonic triad that holds most of each bar's notes; the last bar gets the tonic.

    Parameters
    ----------
    bars
        Per bar the tune's notes as (pitch class, weight).
    tonic
        Pitch class of the key's tonic.
    minor
        Whether the key is minor.

    Returns
    -------
    list of tuple
        Per bar the pitch classes of root, third and fifth.
    """
    triads = _MINOR if minor else _MAJOR

    def fit(bar: list[tuple[int, float]], degrees: tuple[int, ...], handicap: float) -> float:
        total = sum(weight for _, weight in bar) or 1.0
        inside = sum(weight for pitch, weight in bar if (pitch - tonic) % 12 in degrees)
        return inside / total - handicap

    chosen = [max(triads, key=lambda triad: fit(bar, *triad))[0] for bar in bars]
    if chosen:
        chosen[-1] = triads[0][0]
    return [tuple((tonic + degree) % 12 for degree in degrees) for degrees in chosen]  # type: ignore[misc]


def add_accompaniment(score: Any, *, tonic: int, minor: bool, beat: float) -> None:
    """Add a part of chords and a part of bass notes to a music21 score of one part, in place."""
    from music21 import stream

    bars = list(score.parts[0].getElementsByClass(stream.Measure))
    triads = choose_triads([_weighed(bar) for bar in bars], tonic=tonic, minor=minor)
    chords, bass = stream.Part(id="chords"), stream.Part(id="bass")
    for bar, triad in zip(bars, triads, strict=True):
        length = float(bar.duration.quarterLength)
        full = length >= float(bar.barDuration.quarterLength) - 1e-6
        chords.insert(bar.offset, _bar(bar, _strokes(triad, length, beat) if full else []))
        root = _BASS_FLOOR + (triad[0] - _BASS_FLOOR) % 12
        bass.insert(bar.offset, _bar(bar, [(0.0, length, [root])] if full else []))
    score.insert(0, chords)
    score.insert(0, bass)


def _weighed(bar: Any) -> list[tuple[int, float]]:
    """Return the notes of a bar by pitch class; the first one of the bar counts double."""
    return [
        (pitch.midi % 12, float(note.quarterLength) * (2.0 if note.offset == 0 else 1.0))
        for note in bar.recurse().notes
        for pitch in note.pitches
    ]


def _strokes(
    triad: tuple[int, int, int], length: float, beat: float
) -> list[tuple[float, float, list[int]]]:
    """Return the chord on every beat but the first; in bars of one beat, on that one."""
    pitches = [_CHORD_FLOOR + (pitch - _CHORD_FLOOR) % 12 for pitch in triad]
    count = int(length / beat + 1e-6)
    return [(i * beat, beat, pitches) for i in range(min(1, count - 1), count)]


def _bar(bar: Any, notes: list[tuple[float, float, list[int]]]) -> Any:
    from music21 import chord, note, stream

    copy = stream.Measure(number=bar.number)
    for signature in (bar.timeSignature, bar.keySignature):
        if signature is not None:
            copy.insert(0, _copied(signature))
    end = 0.0
    for onset, length, pitches in notes:
        if onset > end:
            copy.insert(end, note.Rest(quarterLength=onset - end))
        sound = note.Note(pitches[0]) if len(pitches) == 1 else chord.Chord(sorted(pitches))
        sound.quarterLength = length
        copy.insert(onset, sound)
        end = onset + length
    total = float(bar.duration.quarterLength)
    if end < total - 1e-6:
        copy.insert(end, note.Rest(quarterLength=total - end))
    return copy


def _copied(element: Any) -> Any:
    import copy

    return copy.deepcopy(element)
