from __future__ import annotations

import numpy as np
import pytest
import soxr
import torch

from workbench.encoders.base import encoder_key
from workbench.encoders.descriptors import DescriptorEncoder
from workbench.encoders.musicnn.network import MusicNN, patches
from workbench.errors import MediaError
from workbench.features import key, spectral, tempo, timbre
from workbench.features.cens import cens
from workbench.features.spectral import SAMPLE_RATE


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * f * time) for f in rng.uniform(100, 2000, 4))
    pulse = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * rng.uniform(1, 4) * time))
    return (0.1 * tones * pulse + 0.001 * rng.standard_normal(len(time))).astype(np.float32)


@pytest.fixture(scope="module")
def encoder() -> DescriptorEncoder:
    return DescriptorEncoder()


def test_blocks_lie_side_by_side_and_cover_the_vector(
    random_weights: dict[str, np.ndarray],
) -> None:
    for encoder in (DescriptorEncoder(), DescriptorEncoder(MusicNN(random_weights))):
        edges = [0] + [block.stop for block in encoder.blocks.values()]
        assert [block.start for block in encoder.blocks.values()] == edges[:-1]
        assert edges[-1] == encoder.dim


def test_each_block_is_its_feature(encoder: DescriptorEncoder) -> None:
    samples = sound(4.0)
    vector = encoder.encode([samples])[0]
    tensor = torch.from_numpy(samples)
    envelope = spectral.onset_envelope(tensor).numpy()
    chroma = cens(tensor, tuning="estimate").numpy()
    expected = {
        "key": key.key_correlations(key.harmonic_chroma(samples)),
        "tempo": tempo.folded_tempogram(envelope),
        "cens": np.r_[chroma.mean(1), chroma.std(1)],
        "timbre": timbre.timbre_statistics(samples),
    }
    for name, feature in expected.items():
        np.testing.assert_allclose(vector[encoder.blocks[name]], feature, atol=1e-5)


def test_musicnn_is_the_mean_of_its_patches_and_changes_no_other_block(
    encoder: DescriptorEncoder, random_weights: dict[str, np.ndarray]
) -> None:
    samples, network = sound(7.0), MusicNN(random_weights)
    both = DescriptorEncoder(network)
    vector = both.encode([samples])[0]
    resampled = soxr.resample(samples, SAMPLE_RATE, 16000)
    expected = network(patches(resampled))[0].mean(axis=0)
    np.testing.assert_allclose(vector[both.blocks["musicnn"]], expected, atol=1e-3)
    np.testing.assert_array_equal(vector[200:], encoder.encode([samples])[0])


def test_the_two_encoders_have_names_of_their_own(random_weights: dict[str, np.ndarray]) -> None:
    assert encoder_key(DescriptorEncoder()) == "descriptors-1"
    with_musicnn = DescriptorEncoder(MusicNN(random_weights))
    assert encoder_key(with_musicnn) == "musicnn-descriptors-1"
    assert "ISC" in with_musicnn.licence


def test_a_batch_is_its_sounds_one_by_one(encoder: DescriptorEncoder) -> None:
    sounds = [sound(3.0, 1), sound(4.0, 2)]
    together = encoder.encode(sounds)
    assert together.dtype == np.float32
    np.testing.assert_array_equal(together, np.concatenate([encoder.encode([s]) for s in sounds]))
    assert encoder.encode([]).shape == (0, encoder.dim)


@pytest.mark.filterwarnings("ignore:Trying to estimate tuning")
@pytest.mark.parametrize("samples", [np.zeros(SAMPLE_RATE, np.float32), np.ones(1, np.float32)])
def test_silence_and_a_single_sample_have_a_finite_vector(
    encoder: DescriptorEncoder, samples: np.ndarray
) -> None:
    vector = encoder.encode([samples])
    assert vector.shape == (1, encoder.dim)
    assert np.isfinite(vector).all()


def test_an_empty_sound_is_refused(encoder: DescriptorEncoder) -> None:
    with pytest.raises(MediaError):
        encoder.encode([np.zeros(0, np.float32)])
