"""A mix is the naive sum, kept below full scale."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from workbench.audio.decode import Sound
from workbench.audio.mixing import HIGHEST, LONGEST_S, Mixer, limited
from workbench.errors import MediaError

RATE = 8000


def noise(seed: int, *, channels: int = 2, seconds: float = 1.0, rate: int = RATE) -> Sound:
    random = np.random.default_rng(seed)
    samples = random.normal(scale=0.05, size=(channels, round(seconds * rate)))
    return Sound(samples.astype(np.float32), rate)


def test_gains_and_offsets_are_those_of_the_naive_sum() -> None:
    one, two = noise(1), noise(2, seconds=0.5)
    mixer = Mixer(RATE)
    mixer.add(one, gain_db=-6.0)
    mixer.add(two, gain_db=3.0, offset_s=0.75)
    naive = np.zeros((2, 10000))
    for channel in range(2):
        for i in range(8000):
            naive[channel, i] += one.samples[channel, i] * 10 ** (-6 / 20)
        for i in range(4000):
            naive[channel, 6000 + i] += two.samples[channel, i] * 10 ** (3 / 20)
    np.testing.assert_allclose(mixer.sound.samples, naive, atol=1e-6)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_mono_is_heard_on_both_sides_of_a_stereo_mix(order: tuple[int, int]) -> None:
    sounds = [noise(1, channels=1), noise(2, channels=2)]
    mixer = Mixer(RATE)
    for place in order:
        mixer.add(sounds[place])
    expected = sounds[0].samples + sounds[1].samples
    np.testing.assert_allclose(mixer.sound.samples, expected, atol=1e-6)


def test_many_channels_are_heard_as_their_mean() -> None:
    six = noise(1, channels=6)
    mixer = Mixer(RATE)
    mixer.add(six)
    np.testing.assert_allclose(mixer.sound.samples[0], six.samples.mean(axis=0), atol=1e-6)


def test_other_rates_are_resampled() -> None:
    low = noise(1, rate=8000)
    mixer = Mixer(16000)
    mixer.add(low)
    expected = soxr.resample(low.samples.T, 8000, 16000, quality="HQ").T
    np.testing.assert_allclose(mixer.sound.samples, expected, atol=1e-6)
    assert mixer.sound.sample_rate == 16000


def test_the_whole_is_turned_down_where_peaks_would_be_cut() -> None:
    mixer = Mixer(RATE)
    for seed in range(40):
        mixer.add(noise(7 if seed else 8), gain_db=6.0)
    peak = np.abs(mixer.sound.samples).max()
    assert peak == pytest.approx(HIGHEST, abs=1e-5)
    quiet = noise(1)
    assert limited(quiet) is quiet


def test_an_endless_mix_is_refused() -> None:
    with pytest.raises(MediaError, match="longer than 60 minutes"):
        Mixer(RATE).add(noise(1), offset_s=LONGEST_S)
    assert Mixer(RATE).sound.samples.shape == (1, 0)
