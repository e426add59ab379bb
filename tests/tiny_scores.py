"""Scores whose music is known, written as files: a few voices, a tempo, a metre and a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

QUARTER = 480
MAJOR = (0, 4, 7, 12, 7, 4, 2, 11, 0, 4, 5, 9, 7, 5, 4, 2)  # a tune around its tonic
MINOR = (0, 3, 7, 12, 7, 3, 2, 11, 0, 3, 5, 8, 7, 5, 3, 2)


@dataclass(frozen=True)
class Voice:
    """A part: General MIDI program, and notes of (onset in quarters, length, pitch)."""

    program: int
    notes: list[tuple[float, float, int]]
    drums: bool = False


def tune(
    tonic: int = 60, *, quarters: int = 64, step: float = 1.0, pattern: Sequence[int] = MAJOR
) -> list[tuple[float, float, int]]:
    """Return a melody of even notes."""
    count = round(quarters / step)
    return [(i * step, step, tonic + pattern[i % len(pattern)]) for i in range(count)]


def write_midi(
    file: Path,
    voices: Sequence[Voice],
    *,
    qpm: float | None = 120.0,
    metre: tuple[int, int] | None = (4, 4),
    sharps: Sequence[tuple[float, int]] = ((0, 0),),
) -> Path:
    """Write voices as a MIDI file; key signatures are (quarter, sharps)."""
    import symusic

    score: Any = symusic.Score(QUARTER)
    if qpm:
        score.tempos.append(symusic.Tempo(0, qpm=qpm))
    if metre:
        score.time_signatures.append(symusic.TimeSignature(0, *metre))
    for quarter, count in sharps:
        score.key_signatures.append(symusic.KeySignature(round(quarter * QUARTER), count, 0))
    for voice in voices:
        track: Any = symusic.Track(program=voice.program, is_drum=voice.drums)
        for onset, length, pitch in voice.notes:
            time, duration = round(onset * QUARTER), round(length * QUARTER)
            track.notes.append(symusic.Note(time, duration, pitch, 80))
        score.tracks.append(track)
    file.parent.mkdir(parents=True, exist_ok=True)
    score.dump_midi(str(file))
    return file


def write_musicxml(
    file: Path, *, beats: int = 6, beat_type: int = 8, fifths: int = 0, part: str = "Soprano"
) -> Path:
    """Write four bars of eighths, C D E and so on, as MusicXML."""
    steps = "CDEFGA"
    bar = "".join(
        f"<note><pitch><step>{steps[i % 6]}</step><octave>4</octave></pitch>"
        "<duration>1</duration><voice>1</voice><type>eighth</type></note>"
        for i in range(beats * 8 // beat_type)
    )
    attributes = (
        f"<attributes><divisions>2</divisions><key><fifths>{fifths}</fifths></key><time>"
        f"<beats>{beats}</beats><beat-type>{beat_type}</beat-type></time>"
        "<clef><sign>G</sign><line>2</line></clef></attributes>"
    )
    bars = "".join(
        f'<measure number="{n}">{attributes if n == 1 else ""}{bar}</measure>' for n in range(1, 5)
    )
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="3.1"><part-list>'
        f'<score-part id="P1"><part-name>{part}</part-name></score-part></part-list>'
        f'<part id="P1">{bars}</part></score-partwise>',
        encoding="utf-8",
    )
    return file


def write_manifest(folder: Path) -> Path:
    """Write thirteen scores by five people, and their manifest; two of the files are no scores.

    Ada's six, Dora's three, Cy's one and Ben's two leave the split one way to go: Cy validates,
    Ben tests. Eve's score may not be used.
    """
    rows = []
    people = {"AdaL": 6, "Dora Byte": 3, "Cy": 1, "Ben": 2, "Eve": 1}
    for artist, count in people.items():
        for number in range(count):
            file = folder / f"{artist.removesuffix('L').split()[0].lower()}-{number}.mid"
            church = artist in ("AdaL", "Cy")
            pattern = MAJOR if number % 2 else MINOR
            sharps = 0 if number % 2 else -3
            voices = [Voice(19 if church else 25, tune(60, pattern=pattern))]
            if not church:
                beat = [(i * 0.5, 0.25, 42 if i % 2 else 36) for i in range(128)]
                voices.append(Voice(0, beat, drums=True))
            write_midi(file, voices, qpm=90.0 + 10 * number, sharps=[(0, sharps)])
            rows.append(
                {
                    "path": file.name,
                    "corpus": "tiny",
                    "title": f"Number {number}",
                    "artist": artist,
                    "style": "hymn" if church else "Jazz; Swing",
                    "date": "18th Century" if church else "1935",
                    "key": "",
                    "tempo_bpm": "",
                    "licence": "CC BY-NC 4.0" if artist == "Eve" else "CC0",
                }
            )
    (folder / "dora-0.mid").write_bytes(b"MThd and then nothing of a score")
    write_midi(folder / "dora-1.mid", [Voice(0, tune(quarters=2))])
    manifest = folder / "manifest.csv"
    pd.DataFrame(rows).to_csv(manifest, index=False)
    return manifest
