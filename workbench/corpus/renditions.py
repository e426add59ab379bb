"""What chance decides about one rendition of a score: which excerpt, how fast, by whom, where."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from workbench.corpus.scores import (
    CONTRADICTION,
    BeatScore,
    Part,
    global_key,
    signature_during,
    sounding_time,
)
from workbench.features.key import key_correlations

SECONDS = 24.0  # eight segments of three seconds
_SLOWEST, _FASTEST = 50.0, 190.0
MOST_PARTS = 8
# General MIDI's families of eight programs; sounds for effects are left out.
FAMILIES: dict[str, tuple[int, ...]] = {
    "piano": (0, 1, 2, 3, 4, 5),
    "harpsichord": (6, 7),
    "mallets": (8, 9, 10, 11, 12, 13, 14),
    "organ": (16, 17, 18, 19, 20, 21),
    "guitar": (24, 25, 26, 27),
    "electric guitar": (28, 29, 30),
    "bass": (32, 33, 34, 35, 36, 37, 38, 39),
    "strings": (40, 41, 42, 44, 45, 46, 48, 49, 50, 51),
    "voice": (52, 53, 54),
    "brass": (56, 57, 58, 59, 60, 61, 62, 63),
    "reed": (64, 65, 66, 67, 68, 69, 70, 71),
    "flute": (72, 73, 74, 75, 76, 77, 78, 79),
    "synth": (80, 81, 82, 84, 87, 88, 89, 90, 91, 92, 93, 94, 95),
    "plucked": (104, 105, 106, 107, 108, 109, 110, 111),
}
FAMILY_OF = {program: name for name, programs in FAMILIES.items() for program in programs}
_REORCHESTRATED = 0.25  # of renditions give a part to another family
_QUIETER = ("bass", "synth", "plucked")  # families that do not suit every part


@dataclass(frozen=True)
class Rendition:
    """One excerpt as it will sound, with its truth.

    Attributes
    ----------
    parts
        Notes in seconds: onset, duration, pitch, velocity.
    gains_db : float [parts]
        Of the mix.
    bpm : float
        Beats one taps per minute, constant.
    key
        (pitch class of the tonic, is major), or None.
    instruments
        Families that sound, drums among them.
    onset_rate : float
        Distinct moments with an onset per second.
    """

    parts: list[Part]
    gains_db: list[float]
    bpm: float
    key: tuple[int, bool] | None
    instruments: list[str]
    onset_rate: float

    @property
    def mood(self) -> str:
        """See `mood_of`."""
        return mood_of(self.onset_rate, self.key)


def mood_of(onset_rate: float, key: tuple[int, bool] | None) -> str:
    """Return the quadrant of Russell's circumplex (1980), empty where it is unclear.

    Arousal by the pace of the notes, valence by the mode: a guess that nobody was asked about.

    Parameters
    ----------
    onset_rate
        Distinct moments with an onset per second.
    key
        (pitch class of the tonic, is major), or None.
    """
    arousal = math.log2(max(onset_rate, 1e-6) / 4.0)
    if key is None or abs(arousal) < 0.25:
        return ""
    return f"{'energetic' if arousal > 0 else 'calm'}-{'bright' if key[1] else 'dark'}"


def draw_rendition(
    score: BeatScore,
    rng: np.random.Generator,
    *,
    seconds: float = SECONDS,
    key: tuple[int, bool] | None = None,
    bpm: float | None = None,
) -> Rendition | None:
    """Choose an excerpt and how it is played; None where there is too little music.

    Parameters
    ----------
    score
        The score.
    rng
        The source of chance.
    seconds
        Length of the excerpt; a shorter score is repeated from its start.
    key, bpm
        What the manifest says; by default what the score says.
    """
    tempo = draw_tempo(bpm or score.bpm, rng)
    beats = seconds * tempo / 60.0
    if score.beats < 8.0:
        return None
    start = float(rng.integers(0, max(int(score.beats - beats), 0) + 1))
    shift = int(rng.integers(-6, 6)) if any(not p.drums for p in score.parts) else 0
    parts = [excerpt(p, start, beats, score.beats) for p in score.parts]
    parts = [played(p, shift, 60.0 / tempo, rng) for p in parts if len(p.notes)]
    parts = sorted(parts, key=lambda p: -len(p.notes))[:MOST_PARTS]
    if not parts:
        return None
    onsets = np.unique(np.round(np.concatenate([p.notes[:, 0] for p in parts]), 1))
    if len(onsets) < seconds / 2:  # mostly rests
        return None
    parts = instrumentation(parts, rng)
    return Rendition(
        parts=parts,
        gains_db=[float(g) for g in rng.normal(0.0, 3.0, len(parts))],
        bpm=tempo,
        key=key_of_excerpt(score, parts, start, start + beats, shift, key),
        instruments=sorted({"drums" if p.drums else FAMILY_OF[p.program] for p in parts}),
        onset_rate=len(onsets) / seconds,
    )


def draw_tempo(stated: float | None, rng: np.random.Generator) -> float:
    """Return a tempo near the stated one, in beats per minute; any usual one if none is stated."""
    if stated is None or not 0.0 < stated < math.inf:
        stated = float(np.exp(rng.uniform(np.log(60), np.log(140))))
    while stated > _FASTEST:  # files that count half beats
        stated /= 2
    return float(np.clip(stated * 2 ** rng.uniform(-0.4, 0.4), _SLOWEST, _FASTEST))


def key_of_excerpt(
    score: BeatScore,
    parts: list[Part],
    start: float,
    end: float,
    shift: int,
    key: tuple[int, bool] | None,
) -> tuple[int, bool] | None:
    """Return the key of what sounds between two beats, transposed by `shift`; None if not sure.

    Parameters
    ----------
    score
        The score.
    parts
        What sounds, transposed.
    start, end
        In beats of the score.
    shift
        In semitones.
    key
        What the manifest says; by default what the score says.
    """
    named = key or global_key(score)
    if named is None or not _stays(score, named, start, end):
        return None
    sounding = (named[0] + shift) % 12, named[1]
    return sounding if _heard(parts, sounding) else None


def _stays(score: BeatScore, key: tuple[int, bool], start: float, end: float) -> bool:
    """Say whether the key's own signature is in force throughout an excerpt."""
    if not score.signatures:
        return True
    major = key[0] if key[1] else (key[0] + 3) % 12
    sharps = signature_during(score, start, end)
    return sharps is not None and sharps * 7 % 12 == major


def _heard(parts: list[Part], key: tuple[int, bool]) -> bool:
    """Say whether an excerpt's own notes fit its key: a passage that modulates has no one key."""
    pitched = [p.notes for p in parts if not p.drums]
    if not pitched:
        return False
    fit = key_correlations(sounding_time(np.concatenate(pitched)))
    return bool(fit[key[0] + 12 * (not key[1])] >= fit.max() - CONTRADICTION)


def excerpt(part: Part, start: float, beats: float, length: float) -> Part:
    """Return the notes that begin within a span of beats, from zero; a short score goes round."""
    notes = part.notes
    if length < beats:
        period = math.ceil(length)
        rounds = [notes + np.array([period * i, 0, 0, 0]) for i in range(math.ceil(beats / period))]
        notes = np.concatenate(rounds)
    inside = notes[(notes[:, 0] >= start) & (notes[:, 0] < start + beats)].copy()
    inside[:, 0] -= start
    inside[:, 1] = np.minimum(inside[:, 1], beats - inside[:, 0])
    return replace(part, notes=inside)


def played(part: Part, shift: int, beat_s: float, rng: np.random.Generator) -> Part:
    """Return a part in seconds, transposed, with the unevenness of a player."""
    notes = part.notes.copy()
    notes[:, :2] *= beat_s
    notes[:, 0] = np.maximum(notes[:, 0] + rng.normal(0.0, 0.006, len(notes)), 0.0)
    notes[:, 3] = np.clip(notes[:, 3] + rng.normal(0.0, 6.0, len(notes)), 20, 127)
    if not part.drums:
        notes[:, 2] += shift
        notes[:, 2] -= 12 * np.ceil(np.maximum(notes[:, 2] - 108, 0) / 12)
        notes[:, 2] += 12 * np.ceil(np.maximum(21 - notes[:, 2], 0) / 12)
    return replace(part, notes=notes)


def instrumentation(parts: list[Part], rng: np.random.Generator) -> list[Part]:
    """Give each part another program of its family; sometimes all parts of a family another one."""
    families = {FAMILY_OF.get(p.program, "synth") for p in parts if not p.drums}
    swap: dict[str, str] = {}
    if families and rng.random() < _REORCHESTRATED:
        old = str(rng.choice(sorted(families)))
        swap[old] = str(rng.choice([f for f in FAMILIES if f not in _QUIETER]))
    chosen = {f: int(rng.choice(FAMILIES[swap.get(f, f)])) for f in sorted(families)}
    return [
        p if p.drums else replace(p, program=chosen[FAMILY_OF.get(p.program, "synth")])
        for p in parts
    ]
