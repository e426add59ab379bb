"""Rendering gives the same, well-formed sound every time."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest

from workbench.symbolic.render import SAMPLE_RATE, render
from workbench.symbolic.soundfont import find_sound_font, tuned_copy


def scale(program: int, seconds: int = 2) -> Any:
    import symusic

    score: Any = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, qpm=60))
    track: Any = symusic.Track(program=program, is_drum=False)
    for i in range(seconds * 2):
        track.notes.append(symusic.Note(i * 240, 240, 60 + i, 90))
    score.tracks.append(track)
    return score


def test_an_empty_score_is_silence_without_length() -> None:
    import symusic

    assert render(symusic.Score(480)).shape == (2, 0)


def test_the_sound_is_stereo_as_long_as_the_notes_and_always_the_same() -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    sound = render(scale(0))
    assert sound.dtype == np.float32
    assert sound.shape[0] == 2
    assert sound.shape[1] / SAMPLE_RATE == pytest.approx(2.0, abs=0.2)
    assert np.array_equal(sound, render(scale(0)))


def test_what_was_rendered_before_leaves_no_trace() -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    import symusic

    font = str(tuned_copy(find_sound_font()))
    for program in sorted({*range(128)} - {78}):  # the whistle never sounds twice alike
        score = scale(program, seconds=6)
        fresh: Any = symusic.Synthesizer(font, SAMPLE_RATE)
        assert np.array_equal(render(score), fresh.render(score, stereo=True)), program


def test_instruments_differ_in_their_spectra() -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    levels = []
    edges = 200 * 2 ** (np.arange(18) / 3)  # thirds of an octave from 200 Hz
    for program in (0, 40, 73, 81):
        power = np.abs(np.fft.rfft(render(scale(program)).mean(axis=0), 2 * SAMPLE_RATE)) ** 2
        bands = [power[round(2 * a) : round(2 * b)].sum() for a, b in pairwise(edges)]
        levels.append(10 * np.log10(np.array(bands) / np.sum(bands) + 1e-6))
    for one, other in combinations(levels, 2):
        assert np.sqrt(np.mean((one - other) ** 2)) > 4  # dB
