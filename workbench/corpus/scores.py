"""Scores as parts of notes in beats, from MIDI and MusicXML files."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError
from workbench.features.key import key_correlations

_MOST_NOTES = 200_000
_LARGEST_FILE = 20 * 2**20
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
        The first tempo in beats per minute, None if the file has none.
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


def read_score(path: Path) -> BeatScore:
    """Read a MIDI or MusicXML file.

    Raises
    ------
    MediaError
        If the file cannot be parsed, is too large or holds no notes.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise MediaError(f"{path.name}: larger than {_LARGEST_FILE >> 20} MB; leave it out.")
        midi = path.suffix.lower() in (".mid", ".midi")
        score = _read_midi(path) if midi else _read_musicxml(path)
    except MediaError:
        raise
    except Exception as error:  # parsers of others raise whatever they meet
        raise MediaError(
            f"{path.name}: cannot be parsed as a score ({type(error).__name__}: {error})"
        ) from error
    count = sum(len(p.notes) for p in score.parts)
    if not 0 < count <= _MOST_NOTES:
        raise MediaError(f"{path.name}: holds {count} notes; a score has 1 to {_MOST_NOTES}.")
    return score


def _read_midi(path: Path) -> BeatScore:
    import symusic

    score: Any = symusic.Score(str(path))
    signature = score.time_signatures[0] if len(score.time_signatures) else None
    beat = _felt_beat(*(signature.numerator, signature.denominator) if signature else (4, 4))
    ticks = score.ticks_per_quarter * beat
    parts = []
    for track in score.tracks:
        table = track.notes.numpy()
        notes = np.column_stack(
            [
                table["time"] / ticks,
                table["duration"] / ticks,
                table["pitch"].astype(float),
                table["velocity"].astype(float),
            ]
        )
        parts.append(Part(int(track.program) % 128, bool(track.is_drum), _in_order(notes)))
    bpm = score.tempos[0].qpm / beat if len(score.tempos) else None
    signatures = [(k.time / ticks, int(k.key)) for k in score.key_signatures]
    return BeatScore([p for p in parts if len(p.notes)], bpm, signatures)


def _read_musicxml(path: Path) -> BeatScore:
    import partitura

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that are odd but readable
        score = partitura.load_musicxml(str(path))
        parts, signatures, beat = [], [], 1.0
        for number, part in enumerate(score.parts):
            table = part.note_array()
            if number == 0:
                first = next(iter(part.time_sigs), None)
                beat = _felt_beat(*(first.beats, first.beat_type) if first else (4, 4))
                signatures = [
                    (float(part.quarter_map(k.start.t)) / beat, int(k.fifths))
                    for k in part.key_sigs
                ]
            onset, duration = table["onset_quarter"] / beat, table["duration_quarter"] / beat
            accent = np.where(np.isclose(onset % 1.0, 0.0, atol=1e-3), 80.0, 70.0)
            notes = np.column_stack([onset, duration, table["pitch"].astype(float), accent])
            parts.append(Part(_program_of(part.part_name), False, _in_order(notes)))
    start = min((float(p.notes[0, 0]) for p in parts if len(p.notes)), default=0.0)
    for part in parts:  # a pickup has negative onsets
        part.notes[:, 0] -= min(start, 0.0)
    return BeatScore([p for p in parts if len(p.notes)], None, signatures)


def _program_of(name: str | None) -> int:
    """Return the General MIDI program of a part by its name: voices sing, all else is a piano."""
    text = (name or "").lower()
    sung = ("voice", "vocal", "soprano", "alto", "tenor", "bass", "stimme", "chant", "voix")
    return 53 if any(word in text for word in sung) else 0


def _felt_beat(numerator: int, denominator: int) -> float:
    """Return the length of the beat one taps, in quarters."""
    compound = denominator >= 8 and numerator % 3 == 0 and numerator > 3
    return (3.0 if compound else (2.0 if denominator == 2 else 1.0)) * (
        4.0 / denominator if compound else 1.0
    )


def _in_order(notes: np.ndarray) -> np.ndarray:
    """Return notes by onset, those without a length or off the keyboard left out."""
    notes = np.asarray(notes, dtype=np.float64)
    sound = (notes[:, 1] > 0) & np.isfinite(notes).all(axis=1)
    sound &= (notes[:, 2] >= 0) & (notes[:, 2] <= 127)
    notes = notes[sound]
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


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
