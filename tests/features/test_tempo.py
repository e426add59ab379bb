from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.features import spectral, tempo
from workbench.features.spectral import HOP, SAMPLE_RATE


def clicks(bpm: float, seconds: float = 15.0) -> np.ndarray:
    """A decaying click on every beat."""
    samples = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    click = (np.sin(np.arange(800) * 0.3) * np.exp(-np.arange(800) / 150)).astype(np.float32)
    for beat in np.arange(0.1, seconds - 0.1, 60 / bpm):
        start = int(beat * SAMPLE_RATE)
        samples[start : start + 800] += click
    return samples


def onset_envelope(samples: np.ndarray) -> np.ndarray:
    return spectral.onset_envelope(torch.from_numpy(samples)).numpy()


def folded_bin(bpm: float) -> int:
    return round(tempo.BINS * np.log2(bpm / 30)) % tempo.BINS


@pytest.mark.parametrize("bpm", [60.0, 120.0, 240.0, 90.0, 180.0, 75.0, 100.0, 140.0])
def test_clicks_light_the_bin_of_their_tempo_whatever_the_octave(bpm: float) -> None:
    found = tempo.folded_tempogram(onset_envelope(clicks(bpm)))
    distance = abs(int(found.argmax()) - folded_bin(bpm))
    assert min(distance, tempo.BINS - distance) <= 1


def test_octaves_share_a_bin_and_other_tempi_do_not() -> None:
    assert folded_bin(60) == folded_bin(120) == folded_bin(240) == 0
    peaks = {
        b: int(tempo.folded_tempogram(onset_envelope(clicks(b))).argmax())
        for b in (60, 120, 240, 90)
    }
    assert peaks[60] == peaks[120] == peaks[240] == 0
    assert peaks[90] == 35


def test_octaves_resemble_each_other_more_than_another_tempo() -> None:
    folded = {b: tempo.folded_tempogram(onset_envelope(clicks(b))) for b in (60, 90, 120)}

    def cosine(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))

    assert cosine(folded[60], folded[120]) > cosine(folded[60], folded[90]) + 0.2


def test_strengths_are_the_mean_autocorrelation_at_a_lag() -> None:
    envelope = np.random.default_rng(0).random(200).astype(np.float32)
    x = envelope - envelope.mean()
    lags = np.array([1, 7, 43, 99])
    expected = [
        np.mean([x[i] * x[i + lag] for i in range(len(x) - lag)]) / np.mean(x * x) for lag in lags
    ]
    bpm = 60 * SAMPLE_RATE / HOP / lags
    np.testing.assert_allclose(tempo.tempo_strengths(envelope, bpm), expected, atol=1e-5)


def test_lags_beyond_half_the_item_say_nothing() -> None:
    envelope = np.random.default_rng(0).random(200)
    slow = 60 * SAMPLE_RATE / HOP / np.array([101.0, 150.0, 500.0])
    assert (tempo.tempo_strengths(envelope, slow) == 0).all()


@pytest.mark.parametrize("bpm", [60, 90, 100, 120, 128, 140])
def test_the_estimate_of_a_steady_pulse_is_within_one_percent(bpm: int) -> None:
    assert tempo.estimate_tempo(onset_envelope(clicks(bpm))) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [175, 200, 240])
def test_a_fast_pulse_may_be_halved_but_keeps_its_pulse(bpm: int) -> None:
    found = tempo.estimate_tempo(onset_envelope(clicks(bpm)))
    assert found is not None
    octaves = np.log2(found / bpm)
    assert abs(octaves - round(octaves)) < 0.02


@pytest.mark.parametrize("frames", [0, 1, 3, 6, 500])
def test_without_onsets_there_is_no_tempo(frames: int) -> None:
    silence = np.zeros(frames, np.float32)
    assert tempo.estimate_tempo(silence) is None
    folded = tempo.folded_tempogram(silence)
    assert folded.shape == (60,)
    assert not folded.any()


def test_folded_tempogram_is_not_negative() -> None:
    envelope = np.random.default_rng(3).random(700).astype(np.float32)
    found = tempo.folded_tempogram(envelope)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.any()
