"""Scores as parts of notes in beats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.features.key import key_correlations
from workbench.symbolic.maps import BPM
from workbench.symbolic.reading import read_score
from workbench.symbolic.score import Score

CONTRADICTION = 0.1  # of a profile correlation


@dataclass(frozen=True)
class Part:
    """One instrument's notes.

    Attributes
    ----------
    program : int
        General MIDI, 0 to 127.
    drums : bool
        Whether pitches are drum sounds.
    notes : float64 [n, 4]
        Onset and duration in beats, MIDI pitch, velocity; in the order of onsets.
    """

    program: int
    drums: bool
    notes: np.ndarray


@dataclass(frozen=True)
class BeatScore:
    """A score measured in the beats one taps: a dotted quarter in 6/8, 9/8 and 12/8.

    Attributes
    ----------
    parts
        Those with notes.
    bpm
        The first tempo in beats per minute, None if the file has none of its own.
    signatures
        Key signatures as (beat, sharps), sharps negative for flats.
    """

    parts: list[Part]
    bpm: float | None
    signatures: list[tuple[float, int]]

    @property
    def beats(self) -> float:
        """The length in beats."""
        return max((float(p.notes[:, :2].sum(axis=1).max()) for p in self.parts), default=0.0)


def read_beats(path: Path) -> BeatScore:
    """Read a score file; see `workbench.symbolic.reading.read_score`.

    Raises
    ------
    MediaError
        If the file cannot be read, is too large or holds no notes.
    """
    return beat_score(read_score(path))


def beat_score(score: Score) -> BeatScore:
    """Return a score measured in the beat of its first metre.

    A score without dynamics, as most notation is, gets an accent on every beat. A file that says
    120 quarters per minute and nothing else says nothing: programs write it by default.
    """
    beat = _felt_beat(*(int(n) for n in score.metres[0, 1:]))
    flat = len(np.unique(score.notes["velocity"])) == 1
    parts = []
    for number, track in enumerate(score.tracks):
        table = score.notes[score.notes["track"] == number]
        onset, duration = table["onset"] / beat, table["duration"] / beat
        accent = np.where(np.isclose(onset % 1.0, 0.0, atol=1e-3), 80.0, 70.0)
        strength = accent if flat else table["velocity"]
        notes = np.column_stack([onset, duration, table["pitch"], strength]).astype(np.float64)
        if len(notes):
            parts.append(Part(track.program, track.is_drum, notes))
    said_nothing = len(score.tempi) == 1 and score.tempi[0, 1] == BPM
    return BeatScore(
        parts,
        None if said_nothing else float(score.tempi[0, 1]) / beat,
        [(float(quarter) / beat, int(sharps)) for quarter, sharps in score.keys],
    )


def _felt_beat(numerator: int, denominator: int) -> float:
    """Return the length of the beat one taps, in quarters."""
    compound = denominator >= 8 and numerator % 3 == 0 and numerator > 3
    return (3.0 if compound else (2.0 if denominator == 2 else 1.0)) * (
        4.0 / denominator if compound else 1.0
    )


def global_key(score: BeatScore) -> tuple[int, bool] | None:
    """Return (pitch class of the tonic, is major) from the first signature and the notes.

    The signature leaves the choice of a major key or its relative minor; the one whose profile
    fits the sounding time of all pitch classes better is taken. None without a signature, and
    where the notes contradict it: programs write C major into files that say nothing.
    """
    pitched = [p.notes for p in score.parts if not p.drums]
    if not score.signatures or not pitched:
        return None
    fit = key_correlations(sounding_time(np.concatenate(pitched)))
    major = score.signatures[0][1] * 7 % 12
    minor = (major + 9) % 12
    best = max(fit[major], fit[12 + minor])
    if best < fit.max() - CONTRADICTION:
        return None
    return (major, True) if fit[major] >= fit[12 + minor] else (minor, False)


def sounding_time(notes: np.ndarray) -> np.ndarray:
    """Return how long each pitch class sounds in notes [n, 4], float [12]; long notes count 8."""
    pitch_classes = notes[:, 2].astype(int) % 12
    return np.bincount(pitch_classes, weights=np.minimum(notes[:, 1], 8.0), minlength=12)


def signature_during(score: BeatScore, start: float, end: float) -> int | None:
    """Return the sharps of the one key signature in force between two beats, None if it changes."""
    before = [sharps for beat, sharps in score.signatures if beat <= start + 1e-6]
    inside = {sharps for beat, sharps in score.signatures if start + 1e-6 < beat < end}
    current = before[-1] if before else None
    return current if not inside - {current} else None
