"""Scores to sound: symusic's synthesizer with a sound font."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from workbench.symbolic.soundfont import find_sound_font, tuned_copy

SAMPLE_RATE = 44100


def render(
    score: Any, *, sound_font: Path | None = None, sample_rate: int = SAMPLE_RATE
) -> np.ndarray:
    """Render a score to sound.

    Parameters
    ----------
    score
        A symusic score; each track plays the General MIDI program it names.
    sound_font
        An SF2 file; by default the one of `find_sound_font`.
    sample_rate
        In Hz.

    Returns
    -------
    np.ndarray
        float32, shape (2, n), full scale 1.0 but neither normalised nor limited; shape (2, 0) if
        the score holds no note. The same score gives the same samples, whatever was
        rendered before; of General MIDI's instruments only symusic's whistle does not.

    Raises
    ------
    NotReadyError
        If no sound font is installed.
    MediaError
        If `sound_font` is none.
    """
    if not any(len(track.notes) for track in score.tracks):
        return np.zeros((2, 0), dtype=np.float32)
    import symusic

    # A new one each time, in a millisecond: one that has played goes on from the state it is in.
    synthesizer: Any = symusic.Synthesizer(
        str(_tuned(sound_font or find_sound_font())), sample_rate
    )
    return np.ascontiguousarray(synthesizer.render(score, stereo=True), dtype=np.float32)


@lru_cache(maxsize=4)
def _tuned(sound_font: Path) -> Path:
    return tuned_copy(sound_font)
