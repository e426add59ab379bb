from __future__ import annotations

import numpy as np
import pytest

from workbench.audio.levels import STEP_S, Levels
from workbench.audio.loudness import integrated_loudness


def music(seconds: float, rate: int, *, channels: int = 2, seed: int = 0) -> np.ndarray:
    """Noise whose level wanders by 40 dB."""
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    swell = 10 ** (np.interp(np.arange(count) / rate, np.arange(31), random.uniform(-2, 0, 31)))
    return (0.3 * swell * random.normal(size=(channels, count))).astype(np.float32).clip(-1, 1)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("seconds", [0.3, 3.0, 27.33])
def test_the_loudness_is_that_of_the_whole_signal(rate: int, seconds: float) -> None:
    samples = music(seconds, rate)
    levels = Levels.from_bytes(Levels.of(samples, rate).to_bytes())
    assert levels.loudness == pytest.approx(integrated_loudness(samples, rate), abs=0.1)
    assert levels.highest == pytest.approx(np.abs(samples).max(), rel=2e-3)
    assert levels.highest >= np.abs(samples).max() * (1 - 1e-6)  # rounded up


@pytest.mark.parametrize("start", [0.0, 4.2, 17.0])
@pytest.mark.parametrize("length", [3.0, 10.0])
def test_the_loudness_of_an_excerpt_needs_no_sound(start: float, length: float) -> None:
    rate = 44100
    samples = music(30.0, rate, seed=3)
    levels = Levels.from_bytes(Levels.of(samples, rate).to_bytes())
    cut = samples[:, round(start * rate) : round((start + length) * rate)]
    excerpt = levels.excerpt(start, length)
    assert excerpt.loudness == pytest.approx(integrated_loudness(cut, rate), abs=0.1)
    assert excerpt.highest == pytest.approx(np.abs(cut).max(), rel=2e-3)


def test_silence_has_no_loudness_and_nothing_has_no_steps() -> None:
    silent = Levels.from_bytes(Levels.of(np.zeros((1, 44100)), 44100).to_bytes())
    assert (len(silent.power), silent.loudness, silent.highest) == (10, None, 0.0)
    assert silent.most_active(0.3) == 0.0
    nothing = Levels.from_bytes(Levels.of(np.zeros((1, 0)), 44100).to_bytes())
    assert (len(nothing.power), nothing.loudness, nothing.highest) == (0, None, 0.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("length", [3.0, 10.0, 20.0])
def test_the_most_active_stretch_is_nearly_as_loud_as_any(seed: int, length: float) -> None:
    power = np.random.default_rng(seed).gamma(0.2, size=600)
    start = Levels(power, power).most_active(length)
    width = round(length / STEP_S)
    sums = [power[i : i + width].sum() for i in range(601 - width)]
    found = round(start / STEP_S)
    assert sums[found] >= 0.9 * max(sums)
    assert all(each < 0.9 * max(sums) for each in sums[:found])  # the first such stretch


def test_a_loud_end_does_not_push_the_clip_over_the_edge() -> None:
    power = np.append(np.full(999, 1e-6), 1.0)
    assert Levels(power, power).most_active(10.0) == 90.0
