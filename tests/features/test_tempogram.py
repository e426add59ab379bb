from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.features.spectral import HOP, SAMPLE_RATE
from workbench.features.tempogram import cyclic_tempogram, pad_envelope, tempogram


def envelope(frames: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(frames, generator=torch.Generator().manual_seed(seed))


def clicks(bpm: float, frames: int = 1300) -> torch.Tensor:
    """An onset envelope with a smooth bump on every beat."""
    beats = torch.arange(10, frames, 60 * SAMPLE_RATE / HOP / bpm)
    return torch.exp(-0.5 * (torch.arange(frames)[:, None] - beats) ** 2).sum(1)


@pytest.mark.parametrize("frames", [1, 2, 100, 191, 384, 1000])
def test_tempogram_equals_librosas(frames: int) -> None:
    import librosa

    x = envelope(frames)
    expected = librosa.feature.tempogram(onset_envelope=x.numpy(), sr=SAMPLE_RATE, hop_length=HOP)
    np.testing.assert_allclose(tempogram(x), expected, atol=1e-5)


def test_tempogram_is_the_normalised_local_autocorrelation() -> None:
    x, lags, centre = envelope(600, seed=1).numpy(), 384, 300
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(lags) / lags)
    local = x[centre - lags // 2 : centre + lags // 2] * window
    expected = np.array([np.dot(local[: lags - k], local[k:]) for k in range(lags)])
    found = tempogram(torch.from_numpy(x))[:, centre]
    np.testing.assert_allclose(found, expected / expected.max(), atol=1e-5)


@pytest.mark.parametrize("kind", [tempogram, cyclic_tempogram])
def test_columns_of_a_span_need_only_its_part_of_the_envelope(kind) -> None:
    batch = torch.stack([envelope(700, seed) for seed in range(3)])
    starts = (0, 200, 571)
    padded = pad_envelope(batch)
    spans = torch.stack([padded[i, s : s + 129 + 383] for i, s in enumerate(starts)])
    found = kind(spans, padded=True)
    whole = kind(batch)
    for i, start in enumerate(starts):
        torch.testing.assert_close(found[i], whole[i, :, start : start + 129])


@pytest.mark.parametrize("kind", [tempogram, cyclic_tempogram])
def test_a_batch_is_its_items(kind) -> None:
    batch = torch.rand(2, 3, 150, generator=torch.Generator().manual_seed(0))
    found = kind(batch)
    assert found.shape[:2] == (2, 3)
    torch.testing.assert_close(found[1, 2], kind(batch[1, 2]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", [tempogram, cyclic_tempogram])
def test_an_envelope_without_onsets_gives_zeros(kind) -> None:
    assert not kind(torch.zeros(2, 40)).any()


def test_a_constant_envelope_has_no_cyclic_tempo() -> None:
    found = cyclic_tempogram(torch.full((600,), 3.0))[:, 200:400]
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("bins", [30, 60])
def test_tempi_an_octave_apart_coincide_and_others_do_not(bins: int) -> None:
    columns = {
        bpm: cyclic_tempogram(clicks(bpm), bins=bins)[:, 300:1000].mean(1)
        for bpm in (60, 120, 240, 90, 180)
    }
    assert columns[60].shape == (bins,)
    peaks = {bpm: int(column.argmax()) for bpm, column in columns.items()}
    assert peaks[60] == peaks[120] == peaks[240] == 0
    third = round(bins * np.log2(1.5))
    assert abs(peaks[90] - third) <= 1
    assert abs(peaks[180] - third) <= 1

    def cosine(x: int, y: int) -> float:
        return float(torch.cosine_similarity(columns[x], columns[y], dim=0))

    assert cosine(60, 120) > cosine(60, 90) + 0.2


def test_cyclic_columns_lie_within_0_and_1() -> None:
    found = cyclic_tempogram(envelope(500))
    assert found.dtype == torch.float32
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
