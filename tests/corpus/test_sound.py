from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from workbench.corpus import sound as module
from workbench.corpus.renditions import Rendition
from workbench.corpus.scores import Part
from workbench.corpus.sound import Chain, draw_chain, sound_of
from workbench.features.spectral import SAMPLE_RATE

PLAIN = Chain(
    reverb_s=1.0,
    wet=0.0,
    shelf_db=0.0,
    shelf_hz=1000.0,
    low_hz=20.0,
    high_hz=10500.0,
    noise_db=100.0,
    gain_db=0.0,
)
SECONDS = 2.0
LENGTH = round(SECONDS * SAMPLE_RATE)


def rendition(
    *programs: int, pitch: int = 60, drums: bool = False, gains: list[float] | None = None
) -> Rendition:
    onset = np.arange(0, SECONDS, 0.25)
    notes = np.column_stack([onset, *(np.full(8, v) for v in (0.25, float(pitch), 90.0))])
    parts = [Part(program, drums, notes) for program in programs]
    return Rendition(parts, gains or [0.0] * len(parts), 240.0, None, [], 4.0)


def bands(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    hertz, power = welch(sound, SAMPLE_RATE, nperseg=4096)
    return hertz, power


def level_db(sound: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(sound.astype(float) ** 2)))


def treated(noise: np.ndarray, chain: Chain) -> np.ndarray:
    return module._treated(noise, chain, np.random.default_rng(0))


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(scale=0.1, size=4 * SAMPLE_RATE).astype(np.float32)


def test_a_rendition_sounds_for_its_length_within_full_scale(two_fonts: tuple[Path, Path]) -> None:
    for seed in range(6):
        chain = replace(draw_chain(np.random.default_rng(seed)), gain_db=8.0)
        sound = sound_of(rendition(0, 48), chain, two_fonts[0], seconds=SECONDS, seed=seed)
        assert sound.shape == (LENGTH,)
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert 0.01 < np.abs(sound).max() <= 1.0


def test_notes_that_ring_on_are_cut_at_the_end(two_fonts: tuple[Path, Path]) -> None:
    assert len(sound_of(rendition(0), PLAIN, two_fonts[0], seconds=1.1)) == round(1.1 * SAMPLE_RATE)


def test_one_seed_gives_one_sound(two_fonts: tuple[Path, Path]) -> None:
    chain = replace(PLAIN, wet=0.4, noise_db=20.0)
    first, again, other = (
        sound_of(rendition(0), chain, two_fonts[0], seconds=SECONDS, seed=s) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize("parts", [rendition(), rendition(0, gains=[-200.0])])
def test_nothing_to_hear_is_silence_without_noise(
    two_fonts: tuple[Path, Path], parts: Rendition
) -> None:
    chain = replace(PLAIN, noise_db=0.0, wet=0.4, gain_db=8.0)
    sound = sound_of(parts, chain, two_fonts[0], seconds=SECONDS)
    assert sound.shape == (LENGTH,)
    assert not sound.any()


def test_pitch_is_that_of_the_notes(two_fonts: tuple[Path, Path]) -> None:
    sound = sound_of(rendition(73, pitch=69), PLAIN, two_fonts[0], seconds=SECONDS)
    spectrum = np.abs(np.fft.rfft(sound))
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    assert hertz[spectrum.argmax()] == pytest.approx(440, rel=0.02)


def test_onsets_come_when_the_notes_begin(two_fonts: tuple[Path, Path]) -> None:
    late = rendition(0)
    part = late.parts[0]
    late = replace(late, parts=[replace(part, notes=part.notes[4:])])
    sound = sound_of(late, PLAIN, two_fonts[0], seconds=SECONDS)
    begins = np.argmax(np.abs(sound) > 0.05 * np.abs(sound).max()) / SAMPLE_RATE
    assert begins == pytest.approx(1.0, abs=0.03)


def test_the_mix_follows_its_gains(two_fonts: tuple[Path, Path]) -> None:
    alone = sound_of(rendition(73, pitch=81), PLAIN, two_fonts[0], seconds=SECONDS)
    softer = rendition(73, 0, gains=[0.0, -60.0])
    softer.parts[0].notes[:, 2] = 81
    mixed = sound_of(softer, PLAIN, two_fonts[0], seconds=SECONDS)
    assert np.corrcoef(alone, mixed)[0, 1] > 0.999


@pytest.mark.parametrize("gain", [-8.0, 0.0, 8.0])
def test_the_gain_sets_the_level_whatever_plays(two_fonts: tuple[Path, Path], gain: float) -> None:
    for program in (0, 73):
        chain = replace(PLAIN, gain_db=gain)
        sound = sound_of(rendition(program), chain, two_fonts[0], seconds=SECONDS)
        assert level_db(sound) == pytest.approx(-20.0 + gain, abs=0.5)


@pytest.mark.parametrize("below", [10.0, 30.0])
def test_noise_is_as_far_below_the_music_as_the_chain_says(
    two_fonts: tuple[Path, Path], below: float
) -> None:
    clean = sound_of(rendition(48), PLAIN, two_fonts[0], seconds=SECONDS, seed=3)
    noisy = sound_of(
        rendition(48), replace(PLAIN, noise_db=below), two_fonts[0], seconds=SECONDS, seed=3
    )
    assert level_db(clean) - level_db(noisy - clean) == pytest.approx(below, abs=0.6)


def test_noise_falls_by_three_decibels_an_octave() -> None:
    pink = module._pink(1 << 17, np.random.default_rng(0))
    assert np.sqrt(np.mean(pink**2)) == pytest.approx(1.0, abs=0.02)
    hertz, power = bands(pink)
    band = (hertz > 100) & (hertz < 8000)
    slope = np.polyfit(np.log2(hertz[band]), 10 * np.log10(power[band]), 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.2)


def test_the_low_pass_removes_highs_and_the_high_pass_lows(noise: np.ndarray) -> None:
    hertz, open_ = bands(treated(noise, PLAIN))
    _, closed = bands(treated(noise, replace(PLAIN, low_hz=150.0, high_hz=3500.0)))
    change = 10 * np.log10(closed / open_)
    assert change[(hertz > 9000) & (hertz < 10000)].mean() < -20
    assert change[(hertz > 30) & (hertz < 50)].mean() < -15
    assert abs(change[(hertz > 500) & (hertz < 2000)].mean()) < 0.5


@pytest.mark.parametrize(("shelf", "expected"), [(9.0, 9.0), (-9.0, -9.0), (40.0, 12.0)])
def test_the_shelf_changes_what_lies_above_it_within_bounds(
    noise: np.ndarray, shelf: float, expected: float
) -> None:
    hertz, flat = bands(treated(noise, PLAIN))
    _, found = bands(treated(noise, replace(PLAIN, shelf_db=shelf, shelf_hz=500.0)))
    change = 10 * np.log10(found / flat)
    assert change[(hertz > 5000) & (hertz < 8000)].mean() == pytest.approx(expected, abs=1.0)
    assert abs(change[(hertz > 30) & (hertz < 60)].mean()) < 1.0


def test_a_room_rings_on_for_its_decay_time() -> None:
    click = np.zeros(3 * SAMPLE_RATE, np.float32)
    click[100] = 1.0
    dry = treated(click, PLAIN)
    wet = treated(click, replace(PLAIN, wet=0.4, reverb_s=1.0))
    tail = wet - dry
    assert level_db(dry[SAMPLE_RATE // 2 :]) < -100
    assert np.sum(tail**2) == pytest.approx(0.4**2 * np.sum(dry**2), rel=0.2)
    early, late = (tail[round(t * SAMPLE_RATE) :][:2205] for t in (0.1, 0.6))
    assert level_db(early) - level_db(late) == pytest.approx(30.0, abs=3.0)  # 60 dB in 1 s


@pytest.mark.parametrize("seed", range(5))
def test_chains_stay_within_what_the_filters_take(seed: int) -> None:
    chains = [draw_chain(np.random.default_rng([seed, i])) for i in range(60)]
    dry = sum(chain.wet == 0 for chain in chains)
    assert 5 < dry < 35
    for chain in chains:
        assert 0 < chain.low_hz < 150 < 3500 < chain.high_hz < SAMPLE_RATE / 2
        assert abs(chain.gain_db) <= 8.0
        assert chain.noise_db >= 25.0
    assert len({chain.high_hz for chain in chains}) == 60


def test_drums_are_heard_as_drums(two_fonts: tuple[Path, Path]) -> None:
    kick = sound_of(rendition(0, pitch=42, drums=True), PLAIN, two_fonts[0], seconds=SECONDS)
    piano = sound_of(rendition(0, pitch=42), PLAIN, two_fonts[0], seconds=SECONDS)
    hertz, hat = bands(kick)
    _, low = bands(piano)
    high = hertz > 3000
    assert hat[high].sum() / hat.sum() > 0.3 > low[high].sum() / low.sum()
