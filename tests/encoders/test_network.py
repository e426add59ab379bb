from __future__ import annotations

import doctest
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.backbones.build import NetworkShape
from workbench.backbones.card import NetworkCard
from workbench.backbones.store import save_network
from workbench.encoders import network as module
from workbench.encoders.base import check_encoder, check_vectors
from workbench.encoders.network import SHIPPED, NetworkEncoder
from workbench.errors import MediaError, StorageError
from workbench.features.cens import cens
from workbench.features.spectral import mel_of_power, onsets_of_power, power_spectrogram
from workbench.features.tempogram import cyclic_tempogram

RATE, SEGMENT = 22050, 129 * 512
SHAPES = {
    "cyclic": NetworkShape(size=12, width=0.125, tempogram="cyclic", chroma_s=0.0),
    "octaves": NetworkShape(size=12, width=0.125, tempogram="octaves", chroma_s=3.0),
    "lags": NetworkShape(size=12, width=0.125, tempogram="autocorrelation"),
    "inception": NetworkShape(network="inception", size=12, norm="l2", width=0.125),
    "siamese": NetworkShape(network="siamese", size=12, norm="l2", width=0.125),
}


def saved(folder: Path, shape: NetworkShape) -> Path:
    torch.manual_seed(0)
    card = NetworkCard("tiny", "7", shape, ("genre", "tempo", "key"), "CC0-1.0")
    save_network(folder, shape.build(), card)
    return folder


@pytest.fixture(scope="module", params=SHAPES)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp(request.param)
    return NetworkEncoder(saved(folder, SHAPES[request.param]))


@pytest.fixture(scope="module")
def cyclic(tmp_path_factory: pytest.TempPathFactory) -> NetworkEncoder:
    return NetworkEncoder(saved(tmp_path_factory.mktemp("cyclic"), SHAPES["cyclic"]))


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=0.1, size=samples).astype(np.float32)


def test_it_is_an_encoder_with_a_block_for_each_dimension(encoder: NetworkEncoder) -> None:
    assert check_encoder(encoder, "it") is encoder
    assert (encoder.name, encoder.version, encoder.licence) == ("tiny", "7", "CC0-1.0")
    assert encoder.dim == 12
    assert encoder.blocks == {"genre": slice(0, 4), "tempo": slice(4, 8), "key": slice(8, 12)}


@pytest.mark.parametrize("samples", [1, 100, 22050, SEGMENT - 1, SEGMENT, SEGMENT + 1, 5 * RATE])
def test_any_length_gives_a_vector(cyclic: NetworkEncoder, samples: int) -> None:
    vectors = cyclic.encode([noise(samples)])
    assert vectors.dtype == np.float32
    check_vectors(vectors, 1, cyclic)


def test_every_network_encodes(encoder: NetworkEncoder) -> None:
    check_vectors(encoder.encode([noise(RATE), noise(7 * RATE, 1)]), 2, encoder)


def test_a_vector_is_the_mean_over_segments_that_do_not_overlap(cyclic: NetworkEncoder) -> None:
    samples = torch.from_numpy(noise(7 * RATE))  # two whole segments and a rest
    power = power_spectrogram(samples)
    chroma = cens(samples, tuning="estimate")
    whole = (mel_of_power(power), chroma, cyclic_tempogram(onsets_of_power(power), bins=64))
    with torch.inference_mode():
        parts = [
            cyclic._network(*(x[None, :, start : start + 129] for x in whole)) for start in (0, 129)
        ]
    expected = torch.cat(parts).mean(0)
    assert (parts[0] - parts[1]).abs().max() > 1e-4
    np.testing.assert_allclose(cyclic.encode([samples.numpy()])[0], expected, atol=1e-4)


def test_a_short_sound_goes_round_until_it_fills_a_segment(cyclic: NetworkEncoder) -> None:
    short = noise(10_000)
    filled = np.concatenate([short] * 7)[:SEGMENT]
    np.testing.assert_allclose(cyclic.encode([short]), cyclic.encode([filled]), atol=1e-6)


def test_many_segments_are_taken_a_few_at_a_time(
    cyclic: NetworkEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = noise(5 * SEGMENT)
    together = cyclic.encode([sound])
    monkeypatch.setattr(module, "_BATCH", 2)
    np.testing.assert_allclose(cyclic.encode([sound]), together, atol=1e-5)


def test_a_batch_equals_its_items_and_none_is_an_empty_array(cyclic: NetworkEncoder) -> None:
    sounds = [noise(RATE, 1), noise(4 * RATE, 2)]
    apart = np.concatenate([cyclic.encode([sound]) for sound in sounds])
    np.testing.assert_array_equal(cyclic.encode(sounds), apart)
    assert cyclic.encode([]).shape == (0, 12)


def test_silence_has_a_finite_vector(encoder: NetworkEncoder) -> None:
    check_vectors(encoder.encode([np.zeros(RATE, np.float32)]), 1, encoder)


def test_an_empty_sound_is_refused(cyclic: NetworkEncoder) -> None:
    with pytest.raises(MediaError, match="too short"):
        cyclic.encode([np.zeros(0, np.float32)])


def test_sounds_of_any_layout_are_taken(cyclic: NetworkEncoder) -> None:
    sound = noise(2 * RATE)
    strided = np.repeat(sound, 2)[::2].astype(np.float64)
    np.testing.assert_allclose(cyclic.encode([strided]), cyclic.encode([sound]), atol=1e-6)


def test_the_sound_that_was_given_stays(cyclic: NetworkEncoder) -> None:
    sound = noise(4 * RATE)
    before = sound.copy()
    cyclic.encode([sound])
    np.testing.assert_array_equal(sound, before)


def cut(folder: Path) -> None:
    file = folder / "network.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def other_shape(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["shape"]["size"] = 24
    (folder / "card.json").write_text(json.dumps(card))


def no_card(folder: Path) -> None:
    (folder / "card.json").unlink()


@pytest.mark.parametrize("damage", [cut, other_shape, no_card])
def test_damaged_weights_are_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = saved(tmp_path / "weights", SHAPES["siamese"])
    damage(folder)
    with pytest.raises(StorageError, match="weights"):
        NetworkEncoder(folder)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"card\.json"):
        NetworkEncoder(tmp_path)


if (SHIPPED / "card.json").exists():

    def test_the_shipped_weights_encode_and_say_what_they_are() -> None:
        encoder = NetworkEncoder()
        assert check_encoder(encoder, "the shipped network") is encoder
        check_vectors(encoder.encode([noise(4 * RATE), noise(RATE)]), 2, encoder)
        assert encoder.licence
        assert encoder.card.data
        assert encoder.card.scores
        assert encoder.card.reproduce

    def test_the_examples_in_the_docstrings_hold() -> None:
        result = doctest.testmod(module)
        assert result.attempted
        assert not result.failed
