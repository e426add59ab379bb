from __future__ import annotations

import librosa
import numpy as np
import pytest

from workbench.features.spectral import HOP, SAMPLE_RATE
from workbench.features.timbre import WIDTH, timbre_statistics

N = 20


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    size = int(seconds * SAMPLE_RATE)
    return (0.1 * np.random.default_rng(seed).standard_normal(size)).astype(np.float32)


def test_one_segment_equals_the_statistics_of_librosas_features() -> None:
    samples = noise(3.0)
    frames = 129
    common = {"sr": SAMPLE_RATE, "hop_length": HOP}
    mfcc = librosa.feature.mfcc(y=samples, n_mfcc=N, n_mels=64, n_fft=2048, **common)[:, :frames]
    contrast = librosa.feature.spectral_contrast(y=samples, n_fft=2048, **common)[:, :frames]
    centroid = librosa.feature.spectral_centroid(y=samples, n_fft=2048, **common)[:, :frames]
    shape = np.vstack([contrast, np.log(centroid + 1)])
    expected = np.r_[mfcc.mean(1), mfcc.std(1), np.diff(mfcc).std(1), shape.mean(1), shape.std(1)]
    found = timbre_statistics(samples)
    assert found.shape == (WIDTH,) == (76,)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_a_song_is_the_mean_of_its_segments() -> None:
    """Frames of the second segment see nothing of the first but at its edge."""
    bright, dark = noise(3.0), np.convolve(noise(3.0, 1), np.ones(20) / 20, "same")
    both = timbre_statistics(np.concatenate([bright, dark]).astype(np.float32))
    apart = np.mean([timbre_statistics(bright), timbre_statistics(dark.astype(np.float32))], axis=0)
    one_level = np.r_[1:N, 3 * N : 3 * N + 8]  # means; the level is left out
    np.testing.assert_allclose(both[one_level], apart[one_level], rtol=0.02, atol=0.5)


def test_a_dull_sound_has_a_lower_centroid() -> None:
    bright = noise(3.0)
    dull = np.convolve(bright, np.ones(30) / 30, "same").astype(np.float32)
    centroid = 3 * N + 7
    assert timbre_statistics(dull)[centroid] < timbre_statistics(bright)[centroid] - 0.3


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")
@pytest.mark.parametrize("size", [600, 5000, 70_000])
def test_silence_and_short_sounds_give_finite_numbers(size: int) -> None:
    found = timbre_statistics(np.zeros(size, np.float32))
    assert found.shape == (WIDTH,)
    assert np.isfinite(found).all()
