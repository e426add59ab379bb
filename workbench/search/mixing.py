"""Sounds and scores of several items as one sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from workbench.symbolic.score import Score

_TICKS = 960  # per second, where a score is made for the synthesizer


class Music(Protocol):
    """What a catalogue gives of an item's music."""

    def sound_of(self, item_id: int, sample_rate: int) -> np.ndarray:
        """Return an item's sound, cut to its span, mono float32 [samples]."""
        ...

    def score_of(self, item_id: int) -> Score:
        """Return an item's notes, cut to its span."""
        ...


def mix(
    sounds: Sequence[np.ndarray], gains_db: Sequence[float], starts: Sequence[int]
) -> np.ndarray:
    """Return sounds together, float32 [..., n], turned down as one where they pass full scale.

    Parameters
    ----------
    sounds
        [..., n] each, at one sample rate and with the same channels.
    gains_db
        Of each.
    starts
        Where each begins, in samples.
    """
    ends = [start + sound.shape[-1] for start, sound in zip(starts, sounds, strict=True)]
    mixed = np.zeros((*sounds[0].shape[:-1], max(ends, default=0)), dtype=np.float64)
    for sound, gain, start, end in zip(sounds, gains_db, starts, ends, strict=True):
        mixed[..., start:end] += 10.0 ** (gain / 20.0) * sound
    peak = float(np.abs(mixed).max(initial=0.0))
    return (mixed / max(peak, 1.0)).astype(np.float32)


def rendered(score: Score, sample_rate: int) -> np.ndarray:
    """Return the sound of a score, mono float32 [samples]."""
    import symusic

    from workbench.symbolic.render import render

    made: Any = symusic.Score(_TICKS // 2)  # at 120 beats per minute a quarter is half a second
    made.tempos.append(symusic.Tempo(time=0, qpm=120.0))
    for number, track in enumerate(score.tracks):
        notes = score.notes[score.notes["track"] == number]
        voice: Any = symusic.Track(program=track.program, is_drum=track.is_drum)
        voice.notes = symusic.Note.from_numpy(
            time=np.round(notes["onset_s"] * _TICKS).astype(np.int32),
            duration=np.maximum(np.round(notes["duration_s"] * _TICKS), 1).astype(np.int32),
            pitch=notes["pitch"].astype(np.int8),
            velocity=notes["velocity"].astype(np.int8),
        )
        made.tracks.append(voice)
    return np.asarray(render(made, sample_rate=sample_rate).mean(axis=0), dtype=np.float32)
