from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.features import key
from workbench.features.cens import constant_q_chroma
from workbench.features.spectral import SAMPLE_RATE

MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]


def tone(pitch: int, seconds: float) -> np.ndarray:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    partials = sum(np.sin(2 * np.pi * hertz * n * time) / n for n in range(1, 6))
    return 0.05 * partials * np.exp(-1.5 * time)


def cadence(tonic: int, *, major: bool) -> np.ndarray:
    """I-IV-V-I with a bass, in four octave positions of one piano."""
    third = 4 if major else 3
    chords = [[0, third, 7], [5, 5 + third, 12], [7, 11, 14], [0, third, 7]]
    parts = []
    for chord in chords:
        pitches = [60 + (tonic + degree) % 12 for degree in chord] + [36 + (tonic + chord[0]) % 12]
        parts.append(sum(tone(pitch, 0.7) for pitch in pitches))
    return np.concatenate(parts).astype(np.float32)


@pytest.mark.parametrize("tonic", range(12))
def test_a_cadence_is_heard_in_its_key(tonic: int) -> None:
    for major in (True, False):
        chroma = key.harmonic_chroma(cadence(tonic, major=major))
        assert key.estimate_key(chroma) == (tonic, major)
        quick = constant_q_chroma(torch.from_numpy(cadence(tonic, major=major))).mean(-1)
        assert key.estimate_key(quick.numpy()) == (tonic, major)


def test_drums_do_not_hide_the_key() -> None:
    samples = cadence(3, major=False)
    rng = np.random.default_rng(0)
    for start in range(0, len(samples) - 2000, SAMPLE_RATE // 4):
        samples[start : start + 2000] += (
            0.3 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
        )
    assert key.estimate_key(key.harmonic_chroma(samples)) == (3, False)


def test_correlations_are_pearsons_with_every_rotation_of_the_profiles() -> None:
    from scipy.stats import pearsonr

    chroma = np.random.default_rng(0).random(12)
    expected = []
    for profile in (MAJOR, MINOR):
        for tonic in range(12):
            heard_at = [profile[(pitch - tonic) % 12] for pitch in range(12)]
            expected.append(pearsonr(chroma, heard_at)[0])
    np.testing.assert_allclose(key.key_correlations(chroma), expected, atol=1e-6)


def test_transposing_moves_the_correlations_along() -> None:
    chroma = np.random.default_rng(1).random(12)
    plain, moved = key.key_correlations(chroma), key.key_correlations(np.roll(chroma, 5))
    np.testing.assert_allclose(moved[:12], np.roll(plain[:12], 5), atol=1e-6)
    np.testing.assert_allclose(moved[12:], np.roll(plain[12:], 5), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_loudness_does_not_change_the_correlations(scale: float) -> None:
    chroma = np.random.default_rng(2).random(12)
    np.testing.assert_allclose(
        key.key_correlations(chroma * scale), key.key_correlations(chroma), atol=1e-6
    )


@pytest.mark.parametrize("level", [0.0, 0.1, 1e3])
def test_a_flat_chroma_has_no_key(level: float) -> None:
    chroma = np.full(12, level, np.float32)
    assert not key.key_correlations(chroma).any()
    assert key.estimate_key(chroma) is None


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning")
def test_silence_has_no_key() -> None:
    chroma = key.harmonic_chroma(np.zeros(SAMPLE_RATE, np.float32))
    assert chroma.shape == (12,)
    assert key.estimate_key(chroma) is None
