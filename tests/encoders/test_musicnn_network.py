from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest

from workbench.encoders.musicnn.network import BANDS, FRAMES, SAMPLE_RATE, MusicNN, patches

TENSORFLOW = Path(__file__).parent / "data" / "musicnn_tensorflow.npz"


def example_patches() -> np.ndarray:
    """The input with which the original graph made the fixture."""
    x = (np.random.default_rng(0).random((3, FRAMES, BANDS)) * 4).astype(np.float32)
    x[1] *= 0.01
    x[2] = np.linspace(0, 4, FRAMES * BANDS).reshape(FRAMES, BANDS)
    return x


def test_the_network_equals_the_original_graph(real_weights: dict[str, np.ndarray]) -> None:
    vectors, tags = MusicNN(real_weights)(example_patches())
    with np.load(TENSORFLOW) as expected:
        np.testing.assert_allclose(vectors, expected["penultimate"], atol=2e-5, rtol=0)
        np.testing.assert_allclose(tags, expected["tags"], atol=2e-5, rtol=0)


def layer_by_layer(w: dict[str, np.ndarray], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The network in NumPy in the order of the original: convolution, ReLU, batch norm, maximum."""

    def norm(i: int, y: np.ndarray) -> np.ndarray:
        name = "batch_normalization" + (f"_{i}" if i else "")
        centred = y - w[f"{name}/moving_mean"]
        scaled = centred / np.sqrt(w[f"{name}/moving_variance"] + 1e-3)
        return scaled * w[f"{name}/gamma"] + w[f"{name}/beta"]

    def convolve(i: int, y: np.ndarray) -> np.ndarray:
        """[n, t, f] -> [n, t, f', filters], padded over time as TensorFlow's "same" does."""
        name = "conv2d" + (f"_{i}" if i else "")
        kernel = w[f"{name}/kernel"][:, :, 0].astype(float)
        length, height = kernel.shape[:2]
        padded = np.pad(y, ((0, 0), ((length - 1) // 2, length // 2), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (length, height), axis=(1, 2))
        value = np.einsum("ntfab,abo->ntfo", windows, kernel, optimize=True) + w[f"{name}/bias"]
        return norm(i + 1, np.maximum(value, 0))

    x = norm(0, x.astype(float)[..., None])[..., 0]
    front = np.concatenate([convolve(i, x).max(axis=2) for i in range(5)], axis=2)
    first = convolve(5, front)[:, :, 0]
    second = convolve(6, first)[:, :, 0] + first
    third = convolve(7, second)[:, :, 0] + second
    features = np.concatenate([front, first, second, third], axis=2)
    pooled = np.stack([features.max(axis=1), features.mean(axis=1)], axis=2).reshape(len(x), -1)
    dense = np.maximum(norm(9, pooled) @ w["dense/kernel"] + w["dense/bias"], 0)
    vectors = norm(10, dense)
    return vectors, 1 / (1 + np.exp(-(vectors @ w["dense_1/kernel"] + w["dense_1/bias"])))


def test_pooling_early_changes_nothing_where_batch_norm_falls(
    random_weights: dict[str, np.ndarray],
) -> None:
    assert (random_weights["batch_normalization_1/gamma"] < 0).any()
    x = example_patches()[:1]
    vectors, tags = MusicNN(random_weights)(x)
    expected_vectors, expected_tags = layer_by_layer(random_weights, x)
    np.testing.assert_allclose(vectors, expected_vectors, atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(tags, expected_tags, atol=1e-3)


def test_a_batch_equals_its_patches_one_by_one(random_weights: dict[str, np.ndarray]) -> None:
    network, x = MusicNN(random_weights), example_patches()[:2]
    together, _ = network(x)
    apart = np.concatenate([network(patch[None])[0] for patch in x])
    np.testing.assert_allclose(together, apart, atol=1e-4)


def noise(seconds: float) -> np.ndarray:
    size = int(seconds * SAMPLE_RATE)
    return (0.05 * np.random.default_rng(0).standard_normal(size)).astype(np.float32)


def test_patches_are_the_logarithm_of_librosas_mel_power() -> None:
    samples = noise(7.0)
    level = samples * 0.1 / np.sqrt(np.mean(samples.astype(float) ** 2))
    mel = librosa.feature.melspectrogram(
        y=level.astype(np.float32), sr=16000, n_fft=512, hop_length=256, n_mels=96
    )
    found = patches(samples)
    assert found.shape == (2, 187, 96)
    np.testing.assert_allclose(
        found.reshape(-1, 96), np.log10(1 + 10000 * mel.T[: 2 * 187]), atol=1e-4
    )


@pytest.mark.parametrize("gain", [0.01, 30.0])
def test_patches_do_not_depend_on_the_level(gain: float) -> None:
    samples = noise(3.2)
    np.testing.assert_allclose(patches(samples * np.float32(gain)), patches(samples), atol=1e-4)


def test_a_sound_shorter_than_a_patch_is_repeated() -> None:
    short = noise(0.5)
    frames = 1 + len(short) // 256
    found = patches(short)
    assert found.shape == (1, 187, 96)
    np.testing.assert_array_equal(found[0, frames : 2 * frames], found[0, :frames])


def test_silence_gives_zeros() -> None:
    assert not patches(np.zeros(48000, np.float32)).any()
