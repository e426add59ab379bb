"""What chance decides about a performance of a score: how it is played, and which sections of it.

A base model's renditions are excerpts of full mixes. Relations between parts need more: sections of
one performance that follow each other, the tracks that sound together in them, and performances of
other scores in the same tempo and key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.corpus.renditions import (
    MOST_PARTS,
    draw_tempo,
    excerpt,
    instrumentation,
    key_of_excerpt,
    played,
)
from workbench.corpus.scores import BeatScore, Part, global_key, sounding_time
from workbench.features.key import key_correlations

SECONDS = 12.0
STEPS_PER_OCTAVE = 6  # of the tempi that performances take, so that equal ones are common
_FEWEST_NOTES = 8  # of a track that stands alone
_FEWEST_BEATS = 8.0
_MOST_STEMS = 2
_APART = 3  # sections between the first and one that does not follow it


@dataclass(frozen=True)
class Section:
    """What sounds in a section of a performance.

    Attributes
    ----------
    number : int
        Counted in lengths of a section from the first; 1 follows 0.
    parts
        Notes in seconds, by the number of the part in the score.
    key
        (pitch class of the tonic, is major), or None where it is not sure.
    """

    number: int
    parts: dict[int, Part]
    key: tuple[int, bool] | None


@dataclass(frozen=True)
class Performance:
    """Sections of one score, played alike.

    Attributes
    ----------
    bpm : float
        Beats one taps per minute.
    shift : int
        Semitones that it is transposed by.
    centre
        The key that its notes fit best, None where only drums play.
    gains_db
        Of each part, by its number.
    sections
        The first, the one that follows it, and one that does not; as many as the score has.
    """

    bpm: float
    shift: int
    centre: tuple[int, bool] | None
    gains_db: dict[int, float]
    sections: tuple[Section, ...]


def draw_performance(
    score: BeatScore,
    rng: np.random.Generator,
    *,
    seconds: float = SECONDS,
    key: tuple[int, bool] | None = None,
    bpm: float | None = None,
) -> Performance | None:
    """Choose sections of a score and how they are played; None where there is too little music.

    Parameters
    ----------
    score
        The score.
    rng
        The source of chance.
    seconds
        Length of a section; a shorter score is repeated from its start.
    key, bpm
        What the manifest says; by default what the score says.
    """
    if score.beats < _FEWEST_BEATS:
        return None
    tempo = _draw_tempo(bpm or score.bpm, rng)
    beats = seconds * tempo / 60.0
    fits = max(int(score.beats // beats), 1)
    first = int(rng.integers(0, max(fits - 1, 1)))
    # The first section need not begin with the piece, and the second follows it.
    start = first * beats + float(rng.uniform(0.0, max(min(score.beats - fits * beats, beats), 0)))
    start = float(math.floor(start))
    numbers = [0, 1] if start + 2 * beats <= score.beats else [0]
    numbers += [_APART] if start + (_APART + 1) * beats <= score.beats else []
    shift = int(rng.integers(-6, 6)) if any(not p.drums for p in score.parts) else 0
    style = _Style(score, rng)
    sections = []
    for number in numbers:
        from_beat = start + number * beats
        raw = {i: excerpt(p, from_beat, beats, score.beats) for i, p in enumerate(score.parts)}
        parts = {
            i: played(style.of(i, part), shift, 60.0 / tempo, rng)
            for i, part in raw.items()
            if len(part.notes)
        }
        loudest = sorted(parts, key=lambda i: -len(parts[i].notes))[:MOST_PARTS]
        parts = {i: parts[i] for i in sorted(loudest)}
        onsets = [p.notes[:, 0] for p in parts.values()]
        if not parts or len(np.unique(np.round(np.concatenate(onsets), 1))) < seconds / 2:
            if number == 0:
                return None
            continue  # mostly rests
        named = key_of_excerpt(
            score, list(parts.values()), from_beat, from_beat + beats, shift, key
        )
        sections.append(Section(number, parts, named))
    gains = {i: float(rng.normal(0.0, 3.0)) for i in range(len(score.parts))}
    return Performance(tempo, shift, _centre(score, shift, key), gains, tuple(sections))


def stems_of(section: Section, chosen: list[int]) -> list[int]:
    """Return the parts of a section that are heard alone: of `chosen` those with enough notes."""
    return [
        i
        for i in chosen
        if i in section.parts
        and len(section.parts) > 1
        and len(section.parts[i].notes) >= _FEWEST_NOTES
    ]


def draw_stems(performance: Performance, rng: np.random.Generator) -> list[int]:
    """Choose the parts that are heard alone in every section of a performance."""
    first = performance.sections[0]
    able = stems_of(first, sorted(first.parts))
    return sorted(int(i) for i in rng.permutation(able)[:_MOST_STEMS])


def pieces_of(performance: Performance, stems: list[int]) -> Iterator[tuple[Section, int | None]]:
    """Yield what is rendered: every section's mix (None), and its stems where it is near."""
    for section in performance.sections:
        yield section, None
        for stem in stems_of(section, stems if section.number == 0 else stems[:1]):
            if section.number <= 1:
                yield section, stem


def _draw_tempo(stated: float | None, rng: np.random.Generator) -> float:
    """Return a tempo near the stated one, of a grid that all performances share."""
    step = round(STEPS_PER_OCTAVE * math.log2(draw_tempo(stated, rng) / 60.0))
    return float(60.0 * 2 ** (step / STEPS_PER_OCTAVE))


def _centre(score: BeatScore, shift: int, key: tuple[int, bool] | None) -> tuple[int, bool] | None:
    """Return the key that a performance is in: as named, or as its notes fit best."""
    pitched = [p.notes for p in score.parts if not p.drums]
    if not pitched:
        return None
    named = key or global_key(score)
    if named is None:
        best = int(key_correlations(sounding_time(np.concatenate(pitched))).argmax())
        named = best % 12, best < 12
    return (named[0] + shift) % 12, named[1]


class _Style:
    """Which program each part plays, the same in every section."""

    def __init__(self, score: BeatScore, rng: np.random.Generator) -> None:
        self._programs = [p.program for p in instrumentation(list(score.parts), rng)]

    def of(self, number: int, part: Part) -> Part:
        """Return a part with its program."""
        return part if part.drums else replace(part, program=self._programs[number])
