"""Mixes are level, unclipped and the sum of their stems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.demo.mixing import mix
from workbench.symbolic.render import SAMPLE_RATE

pytest.importorskip("pretty_midi", reason="the demo extra is not installed")


def duet(second: int = 42) -> Any:
    import symusic

    score: Any = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, qpm=120))
    for program, low in ((0, 64), (second, 48)):
        track: Any = symusic.Track(program=program, is_drum=False)
        for i in range(8):
            track.notes.append(symusic.Note(i * 480, 470, low + i % 5, 80))
        score.tracks.append(track)
    return score


@pytest.fixture(scope="module")
def stems() -> np.ndarray:
    return mix(duet(), seconds=4.0, dynamic="medium")


def test_the_length_is_what_was_asked_for_and_the_end_is_silent(stems: np.ndarray) -> None:
    assert stems.shape == (2, 2, 4 * SAMPLE_RATE)
    assert stems.dtype == np.float32
    assert np.abs(stems[:, :, -10:]).max() < 1e-3


def test_dynamics_set_the_level_and_nothing_clips(stems: np.ndarray) -> None:
    levels = []
    for dynamic in ("soft", "medium", "loud"):
        total = mix(duet(), seconds=4.0, dynamic=dynamic).sum(axis=0)
        assert 20 * np.log10(np.abs(total).max()) < -1
        levels.append(20 * np.log10(np.sqrt(np.mean(total**2))))
    assert levels[0] < levels[1] < levels[2]
    assert levels[2] - levels[0] < 6


def test_both_parts_are_heard_and_stand_apart_in_the_room(stems: np.ndarray) -> None:
    power = np.mean(stems.astype(float) ** 2, axis=2)  # part by channel
    lead, company = power.sum(axis=1)
    assert 0.1 < company / lead < 1.0
    balance = power[:, 0] / power[:, 1]
    assert abs(np.log(balance[0])) < abs(np.log(balance[1]))  # the lead is nearer the middle


def test_the_same_seed_gives_the_same_sound(stems: np.ndarray) -> None:
    assert np.array_equal(stems, mix(duet(), seconds=4.0, dynamic="medium"))
