"""Each effect does to a known signal what its name says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from workbench.audio import effects

RATE = 22050
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


def tones(*hertz: float, seconds: float = 1.0) -> torch.Tensor:
    time = torch.arange(round(seconds * RATE)) / RATE
    return torch.stack([torch.sin(2 * math.pi * f * time) for f in hertz])


def level(sounds: torch.Tensor, hertz: float) -> np.ndarray:
    """Amplitude at a frequency, over the middle of a sound, of 1 for a sine."""
    inner = sounds[:, RATE // 10 : -RATE // 10]
    window = torch.hann_window(inner.shape[1])
    time = torch.arange(inner.shape[1]) / RATE
    wave = torch.exp(-2j * math.pi * hertz * time)
    heard: np.ndarray = ((inner * window * wave).sum(1).abs() * 2 / window.sum()).numpy()
    return heard


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_polarity_flip_negates() -> None:
    sounds = torch.randn(2, 100)
    torch.testing.assert_close(effects.inverted(sounds), -sounds)


def test_noise_is_as_strong_as_its_ratio_to_each_sound() -> None:
    sounds = tones(440, 440) * torch.tensor([[1.0], [0.01]])
    noise = effects.with_noise(sounds, torch.tensor([0.3, 0.5]), seeded()) - sounds
    ratio = noise.std(1) / sounds.std(1)
    torch.testing.assert_close(ratio, torch.tensor([0.3, 0.5]), atol=0.01, rtol=0)
    spectrum = torch.fft.rfft(noise[0]).abs().square()
    assert 0.8 < float(spectrum[:5000].mean() / spectrum[5000:].mean()) < 1.25  # white


def test_gain_is_in_decibels() -> None:
    sounds = tones(440, 440)
    louder = effects.with_gain(sounds, torch.tensor([-20.0, 6.0]))
    torch.testing.assert_close(louder[0], sounds[0] / 10)
    torch.testing.assert_close(louder[1], sounds[1] * 10**0.3)


def test_a_high_pass_removes_what_lies_below_it() -> None:
    sounds = tones(100, 100) + tones(3000, 3000)
    passed = effects.high_passed(sounds, torch.tensor([800.0, 50.0]))
    assert level(passed, 100) == pytest.approx([0, 1], abs=5e-3)
    assert level(passed, 3000) == pytest.approx([1, 1], abs=5e-3)


def test_a_low_pass_removes_what_lies_above_it() -> None:
    sounds = tones(100, 100) + tones(3000, 3000)
    passed = effects.low_passed(sounds, torch.tensor([800.0, 9000.0]))
    assert level(passed, 100) == pytest.approx([1, 1], abs=5e-3)
    assert level(passed, 3000) == pytest.approx([0, 1], abs=6e-3)


def test_filters_halve_the_power_at_their_cutoff_as_scipys_butterworth_does() -> None:
    from scipy.signal import butter, sosfreqz

    cutoff = 1000.0
    for passed, kind in ((effects.high_passed, "high"), (effects.low_passed, "low")):
        sos = butter(4, cutoff, kind, fs=1e6, output="sos")  # far from the end of the band
        frequencies = [300.0, 700.0, 1000.0, 1500.0, 3000.0]
        expected = np.abs(sosfreqz(sos, np.array(frequencies), fs=1e6)[1])
        count = len(frequencies)
        found = passed(tones(*frequencies), torch.full((count,), cutoff))
        heard = [level(found[i : i + 1], f)[0] for i, f in enumerate(frequencies)]
        np.testing.assert_allclose(heard, expected, atol=5e-3)


def test_filters_keep_what_begins_at_the_edges_at_the_edges() -> None:
    click = torch.zeros(1, RATE)
    click[0, -1] = 1.0
    found = effects.low_passed(click, torch.tensor([1000.0]))
    assert float(found[0, : RATE // 2].abs().max()) < 1e-4  # nothing comes round


def test_an_echo_comes_where_it_belongs_and_half_as_loud() -> None:
    click = torch.zeros(2, RATE)
    click[:, 100] = 1.0
    found = effects.with_echo(click, torch.tensor([200.0, 500.0]))
    for row, late in ((0, 4410), (1, 11025)):
        places = found[row].nonzero()[:, 0].tolist()
        assert places == [100, 100 + late]
        assert found[row, places].tolist() == [0.5, 0.25]


def test_an_echo_later_than_the_sound_is_not_heard() -> None:
    sounds = torch.randn(1, 1000)
    torch.testing.assert_close(effects.with_echo(sounds, torch.tensor([500.0])), sounds / 2)


@pytest.mark.parametrize("semitones", [-7.0, -1.0, 0.0, 4.0, 7.0])
def test_a_pitch_shift_moves_tones_by_semitones_and_keeps_their_length(semitones: float) -> None:
    sounds = tones(440, seconds=2.0)
    found = effects.pitch_shifted(sounds, torch.tensor([semitones]))
    assert found.shape == sounds.shape
    wanted = 440 * 2 ** (semitones / 12)
    assert level(found, wanted)[0] == pytest.approx(1, abs=0.1)
    if semitones:
        assert level(found, 440)[0] < 0.05


def test_a_pitch_shift_changes_no_level() -> None:
    sounds = torch.randn(2, RATE, generator=seeded()) * torch.tensor([[1.0], [0.01]])
    found = effects.pitch_shifted(sounds, torch.tensor([5.0, -5.0]))
    torch.testing.assert_close(found.std(1), sounds.std(1), atol=0, rtol=0.01)
    silent = torch.zeros(1, 1000)
    torch.testing.assert_close(effects.pitch_shifted(silent, torch.tensor([3.0])), silent)


def test_a_pitch_shift_leaves_a_beat_where_it_was() -> None:
    sounds = tones(440, seconds=2.0)
    sounds[:, :RATE] *= 0.01
    found = effects.pitch_shifted(sounds, torch.tensor([5.0]))[0]
    loudness = found.unfold(0, 512, 512).square().mean(1)
    onset = int((loudness > 0.2).nonzero()[0]) * 512
    assert abs(onset - RATE) < 0.05 * RATE


def test_each_sound_of_a_batch_is_shifted_by_its_own_number() -> None:
    sounds = tones(440, 440, seconds=1.0)
    both = effects.pitch_shifted(sounds, torch.tensor([3.0, -3.0]))
    for row, shift in enumerate((3.0, -3.0)):
        alone = effects.pitch_shifted(sounds[:1], torch.tensor([shift]))[0]
        torch.testing.assert_close(both[row], alone)


def test_a_room_dies_away_later_the_larger_it_is() -> None:
    click = torch.zeros(3, 2 * RATE)
    click[:, 0] = 1.0
    found = effects.in_room(click, torch.tensor([0.0, 30.0, 60.0]), seeded())
    assert found[:, 0].tolist() == pytest.approx([1, 1, 1], abs=0.1)  # the sound itself
    power = found[:, RATE // 100 :].square()
    left = power.flip(1).cumsum(1).flip(1)  # Schroeder's integral
    decay = 10 * (left / left[:, :1]).log10()
    reached = [int((row < -30).nonzero()[0]) for row in decay]
    assert reached == sorted(reached)
    assert len(set(reached)) == 3
    comb_s = 3 * 0.031 / -math.log10(0.7)  # Freeverb's smallest room
    assert reached[0] / RATE == pytest.approx(comb_s / 2, rel=0.25)  # 30 of 60 dB


def test_a_room_loses_its_highest_sounds_first() -> None:
    click = torch.zeros(1, RATE)
    click[:, 0] = 1.0
    found = effects.in_room(click, torch.tensor([20.0]), seeded())[0]

    def brightness(part: torch.Tensor) -> float:
        power = torch.fft.rfft(part).abs().square()
        return float(power[len(power) // 2 :].sum() / power.sum())

    assert brightness(found[8000:12000]) < brightness(found[200:4200])


@pytest.mark.parametrize("device", DEVICES)
def test_effects_stay_on_their_device_and_keep_the_shape(device: str) -> None:
    sounds, one = torch.randn(2, 5000, device=device), torch.ones(2, device=device)
    results = [
        effects.inverted(sounds),
        effects.with_noise(sounds, 0.3 * one, seeded()),
        effects.with_gain(sounds, -3 * one),
        effects.high_passed(sounds, 300 * one),
        effects.low_passed(sounds, 300 * one),
        effects.with_echo(sounds, 50 * one),
        effects.pitch_shifted(sounds, 2 * one),
        effects.in_room(sounds, 50 * one, seeded()),
    ]
    for found in results:
        assert found.shape == sounds.shape
        assert found.device == sounds.device
        assert bool(found.isfinite().all())
