from __future__ import annotations

import pytest
import torch

from workbench.features.cens import cens
from workbench.features.frontend import front_end
from workbench.features.spectral import SAMPLE_RATE, mel_spectrogram, onset_envelope
from workbench.features.tempogram import cyclic_tempogram, tempogram


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_it_gives_what_the_single_functions_give() -> None:
    samples = noise(2 * SAMPLE_RATE + 321)
    found = front_end(samples)
    torch.testing.assert_close(found.mel, mel_spectrogram(samples))
    torch.testing.assert_close(found.cens, cens(samples))
    torch.testing.assert_close(found.envelope, onset_envelope(samples))


def test_a_batch_is_its_items() -> None:
    batch = noise(2, 3, SAMPLE_RATE)
    together, alone = front_end(batch), front_end(batch[1, 2])
    for found, expected in zip(together, alone, strict=True):
        torch.testing.assert_close(found[1, 2], expected)


def test_functions_of_a_batch_are_those_of_its_items() -> None:
    batch = noise(3, 2 * SAMPLE_RATE)
    for function in (mel_spectrogram, cens, onset_envelope):
        alone = torch.stack([function(item) for item in batch])
        torch.testing.assert_close(function(batch), alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("samples", [0, 1, 100, 511, 512, 513, 5000, 66149, 300_001])
def test_all_share_one_time_axis_at_every_length(samples: int) -> None:
    frames = 1 + samples // 512
    found = front_end(noise(2, samples))
    assert found.mel.shape == (2, 128, frames)
    assert found.cens.shape == (2, 12, frames)
    assert found.envelope.shape == (2, frames)
    assert tempogram(found.envelope).shape == (2, 384, frames)
    assert cyclic_tempogram(found.envelope, bins=30).shape == (2, 30, frames)


@pytest.mark.parametrize("samples", [1, 1000, 3 * SAMPLE_RATE])
def test_silence_gives_finite_numbers(samples: int) -> None:
    for feature in front_end(torch.zeros(samples)):
        assert torch.isfinite(feature).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_the_same() -> None:
    batch = noise(2, 3 * SAMPLE_RATE)
    here, there = front_end(batch), front_end(batch.cuda())
    assert there.mel.is_cuda
    assert there.mel.dtype == torch.float32
    torch.testing.assert_close(there.mel.cpu(), here.mel, atol=1e-4, rtol=0)
    torch.testing.assert_close(there.envelope.cpu(), here.envelope, atol=1e-3, rtol=0)
    assert float((there.cens.cpu() - here.cens).abs().mean()) < 1e-3
