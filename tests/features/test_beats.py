"""Beats and bars of sounds whose beats and bars are known."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import SHARED_DATA

from workbench.features.beats import bar_edges, beat_times, guess_metre
from workbench.features.spectral import SAMPLE_RATE


def music(metre: int, *, bpm: float = 110.0, bars: int = 16, lead_s: float = 0.0) -> np.ndarray:
    """Chords that change with the bar, a bass note on its first beat, and a click on every beat."""
    beat = 60.0 / bpm
    length = round((lead_s + bars * metre * beat + 0.5) * SAMPLE_RATE)
    out = 0.001 * np.random.default_rng(0).normal(size=length)
    time = np.arange(round(beat * SAMPLE_RATE)) / SAMPLE_RATE
    for number in range(bars * metre):
        root = (60, 65, 67, 69)[number // metre % 4]
        first = round((lead_s + number * beat) * SAMPLE_RATE)
        tone = sum(np.sin(2 * np.pi * 440 * 2 ** ((root + n - 69) / 12) * time) for n in (0, 4, 7))
        sound = 0.1 * tone * np.exp(-3 * time)
        sound[:200] += 0.3 * np.random.default_rng(1).normal(size=200)
        if number % metre == 0:
            sound += 0.4 * np.sin(2 * np.pi * 80 * time) * np.exp(-4 * time)
        out[first : first + len(sound)] += sound
    return out.astype(np.float32)


@pytest.mark.parametrize("metre", [3, 4])
@pytest.mark.parametrize("lead_s", [0.0, 0.3])
def test_bars_begin_where_the_music_says(metre: int, lead_s: float) -> None:
    edges = bar_edges(music(metre, lead_s=lead_s))
    true = lead_s + np.arange(17) * metre * 60 / 110
    distance = np.abs(edges[:, None] - true).min(axis=1)
    assert np.mean(distance < 0.07) > 0.85
    assert len(edges) == pytest.approx(17, abs=2)
    assert (np.diff(edges) > 0).all()


def test_beats_are_those_of_the_tempo() -> None:
    gaps = np.diff(beat_times(music(4, bpm=132.0)))
    assert np.median(gaps) == pytest.approx(60 / 132, rel=0.05)


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(60_000), np.full(100, 0.5)])
def test_where_there_is_no_pulse_there_are_no_bars(sound: np.ndarray) -> None:
    assert len(bar_edges(sound.astype(np.float32))) == 0


@pytest.mark.parametrize(("metre", "first"), [(4, 0), (4, 3), (3, 1), (3, 2)])
def test_the_metre_is_the_one_whose_first_beats_stand_out(metre: int, first: int) -> None:
    strengths = np.random.default_rng(metre).normal(scale=0.3, size=61)
    strengths[first::metre] += 1.0
    assert guess_metre(strengths) == (metre, first)


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the multitracks are not on this machine")
def test_bars_of_a_real_recording_follow_its_tempo() -> None:
    from workbench.audio.decode import decode

    sound = decode(SHARED_DATA / "multitracks" / "caesium" / "mix.ogg").mono(SAMPLE_RATE)
    gap = np.median(np.diff(bar_edges(sound[: 60 * SAMPLE_RATE])))
    # 130 beats a minute, four to a bar; an octave of the tempo is a guess.
    assert min(abs(gap / (240 / 130) - factor) for factor in (0.5, 1.0, 2.0)) < 0.05
