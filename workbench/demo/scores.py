"""Corpus scores arranged as a plan says: cut, transposed, given instruments and a tempo."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.demo.accompany import add_accompaniment
from workbench.demo.corpus import licence_of_score
from workbench.demo.instruments import choose_instrument
from workbench.demo.plan import Plan

_TICKS = 480
_SLOWEST, _FASTEST = 50.0, 183.0  # bpm
_VELOCITIES = {"soft": 56, "medium": 80, "loud": 104}


@dataclass(frozen=True)
class Part:
    """One part: `notes` has the columns onset, duration (quarter notes), pitch and velocity."""

    name: str
    family: str
    program: int
    notes: np.ndarray


@dataclass(frozen=True)
class Arrangement:
    """A piece as the demo plays it.

    `score` is the music21 score, `length` its duration in quarter notes, `beat` the beat in
    quarter notes, `bpm` beats per minute, `onset_rate` onsets per second, `licence` the terms the
    corpus file states, or empty.
    """

    score: Any
    parts: list[Part]
    length: float
    beat: float
    bpm: float
    onset_rate: float
    licence: str


def arrange(plan: Plan, score: Any, *, seconds: float) -> Arrangement:
    """Arrange the opening of `score` for at least `seconds`, or the whole piece if it is shorter.

    The score is changed in place.
    """
    piece = plan.piece
    bpm = _suitable_bpm(plan, score)
    licence = licence_of_score(piece, score)
    score = _opening(score, quarters=seconds * bpm / 60 * piece.beat, first_bar=piece.first_bar)
    _clean(score)
    _transpose(score, piece.key, plan.key)
    if len(score.parts) == 1:
        tonic, minor = _tonic(plan.key), plan.key.endswith("minor")
        add_accompaniment(score, tonic=tonic, minor=minor, beat=piece.beat)
    parts = _give_instruments(plan, score)
    _label(score, plan, bpm)
    onsets = np.unique(np.concatenate([part.notes[:, 0] for part in parts]).round(3))
    length = float(score.highestTime)
    rate = len(onsets) / (length / piece.beat / bpm * 60)
    return Arrangement(score, parts, length, piece.beat, bpm, rate, licence)


def to_midi(arrangement: Arrangement, *, seconds: float) -> Any:
    """Return the arrangement as a symusic score, repeated until it lasts `seconds`."""
    import symusic

    score: Any = symusic.Score(_TICKS)
    score.tempos.append(symusic.Tempo(0, qpm=arrangement.bpm * arrangement.beat))
    meter = arrangement.score.recurse().getElementsByClass("TimeSignature").first()
    if meter is not None:
        score.time_signatures.append(symusic.TimeSignature(0, meter.numerator, meter.denominator))
    end = seconds * arrangement.bpm * arrangement.beat / 60
    start = min(float(part.notes[0, 0]) for part in arrangement.parts)  # skip leading silence
    for part in arrangement.parts:
        track: Any = symusic.Track(name=part.name, program=part.program, is_drum=False)
        for round_ in range(math.ceil((end + start) / arrangement.length)):
            for onset, duration, pitch, velocity in part.notes:
                at = onset + round_ * arrangement.length - start
                if at < end - 1e-6:
                    length = max(min(duration, end - at) * _TICKS, 1)
                    track.notes.append(
                        symusic.Note(round(at * _TICKS), round(length), int(pitch), int(velocity))
                    )
        score.tracks.append(track)
    return score


def _suitable_bpm(plan: Plan, score: Any) -> float:
    """Double or halve the planned tempo so that the opening comes near the wished pace."""
    onsets = {round(float(n.offset), 3) for n in score.flatten().notes if n.quarterLength > 0}
    span = min(float(score.highestTime), 32 * plan.piece.beat)
    per_beat = max(sum(onset < span for onset in onsets), 1) / (span / plan.piece.beat)
    base = plan.tempo_class + plan.shade
    tempi = [base * factor for factor in (0.5, 1, 2) if _SLOWEST <= base * factor <= _FASTEST]
    return min(tempi, key=lambda bpm: abs(math.log(per_beat * bpm / 60 / plan.pace)))


def _opening(score: Any, *, quarters: float, first_bar: int = 0) -> Any:
    """Return the bars from the first note or bar on, until `quarters` are filled."""
    bars = list(score.parts[0].getElementsByClass("Measure"))
    if not bars:
        return score
    first_note = min(float(n.offset) for n in score.flatten().notes)
    starts = [float(bar.offset) for bar in bars]
    first = max(i for i, start in enumerate(starts) if start <= first_note + 1e-6)
    first = max(first, first_bar)
    end = max(starts[first], first_note) + quarters
    needed = [i for i, start in enumerate(starts) if i >= first and start < end]
    if first == 0 and needed[-1] == len(bars) - 1:
        return score
    return score.measures(first, needed[-1] + 1, indicesNotNumbers=True)


def _clean(score: Any) -> None:
    """Remove tempo marks, chord symbols and instruments: the plan gives its own."""
    classes = ("TempoIndication", "ChordSymbol", "Instrument", "RehearsalMark", "TextExpression")
    for element in list(score.recurse().getElementsByClass(classes)):
        if element.activeSite is not None:
            element.activeSite.remove(element)


def _transpose(score: Any, source: str, target: str) -> None:
    """Move the score to the target's tonic, by less than an octave in the nearer direction."""
    if not source or source == target:
        return
    from music21 import interval, pitch

    old, new = (pitch.Pitch(key.split()[0].replace("b", "-") + "4") for key in (source, target))
    if abs(new.midi - old.midi) > 6:
        new = new.transpose(-12 if new.midi > old.midi else 12)
    score.transpose(interval.Interval(old, new), inPlace=True)


def _tonic(key: str) -> int:
    from music21 import pitch

    return int(pitch.Pitch(key.split()[0].replace("b", "-")).pitchClass)


def _give_instruments(plan: Plan, score: Any) -> list[Part]:
    """Let the lead family play the first part and the companion's the others."""
    from music21 import instrument

    parts: list[Part] = []
    names: list[str] = []
    for part in score.parts:
        rows = _rows(part, plan)
        if not len(rows):
            score.remove(part)
            continue
        family = plan.companion if parts else plan.lead
        sound, octaves = choose_instrument(family, rows[:, 2].astype(int))
        if octaves:
            part.transpose(12 * octaves, inPlace=True)
            rows[:, 2] += 12 * octaves
        names.append(sound.name)
        name = (
            sound.name
            if names.count(sound.name) == 1
            else f"{sound.name} {names.count(sound.name)}"
        )
        player = instrument.instrumentFromMidiProgram(sound.program)
        player.partName = player.instrumentName = part.partName = name.capitalize()
        part.insert(0, player)
        parts.append(Part(name, family, sound.program, rows))
    return parts


def _rows(part: Any, plan: Plan) -> np.ndarray:
    """Return a part's notes, tied ones joined, with on-beat notes a little stronger."""
    base = _VELOCITIES[plan.dynamic]
    bars = [float(bar.offset) for bar in part.getElementsByClass("Measure")]
    downbeats = {round(start, 3) for start in bars}
    origin = bars[1] if len(bars) > 1 else 0.0
    rows = []
    for element in part.stripTies().flatten().notes:
        onset, duration = float(element.offset), float(element.quarterLength)
        if duration <= 0:  # a grace note
            continue
        phase = (onset - origin) / plan.piece.beat % 1
        accent = 8 if round(onset, 3) in downbeats else 3 if min(phase, 1 - phase) < 0.01 else -4
        rows += [(onset, duration, pitch.midi, base + accent) for pitch in element.pitches]
    return np.array(sorted(set(rows)), dtype=float).reshape(-1, 4)


def _label(score: Any, plan: Plan, bpm: float) -> None:
    from music21 import duration, metadata, tempo

    mark = tempo.MetronomeMark(number=bpm, referent=duration.Duration(plan.piece.beat))
    first = score.parts[0]
    bar = first.getElementsByClass("Measure").first()
    (bar if bar is not None else first).insert(0, mark)
    score.metadata = score.metadata or metadata.Metadata()
    score.metadata.title = score.metadata.movementName = plan.piece.title
    score.metadata.composer = plan.piece.artist
