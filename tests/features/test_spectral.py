from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from workbench.audio.torchaudio import import_torchaudio
from workbench.features import spectral

RATE = spectral.SAMPLE_RATE


@pytest.fixture(scope="module")
def chord() -> torch.Tensor:
    """Three seconds of C major with a tremolo and a little noise."""
    rng = np.random.default_rng(0)
    seconds = np.arange(3 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * f * seconds) for f in (261.63, 329.63, 392.0))
    tremolo = 0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 2 * seconds))
    samples = 0.1 * tones * tremolo + 0.001 * rng.standard_normal(len(seconds))
    return torch.from_numpy(samples.astype(np.float32))


def recording(file: Path, seconds: float = 12.0) -> np.ndarray:
    """Mono at 22.05 kHz, an odd number of samples."""
    import librosa

    return librosa.load(file, sr=RATE, mono=True, duration=seconds)[0][: int(seconds * RATE) - 77]


def magnitude_by_hand(samples: np.ndarray) -> np.ndarray:
    padded = np.pad(samples.astype(float), spectral.WINDOW // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(spectral.WINDOW) / spectral.WINDOW)
    starts = range(0, len(padded) - spectral.WINDOW + 1, spectral.HOP)
    return np.stack(
        [np.abs(np.fft.rfft(padded[s : s + spectral.WINDOW] * window)) for s in starts], axis=1
    )


def slaney_filters() -> np.ndarray:
    """Triangles of unit area, equally spaced on Slaney's mel scale."""

    def to_mel(hz: np.ndarray) -> np.ndarray:
        return np.where(
            hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1) / 1000) / np.log(6.4)
        )

    def to_hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    edges = to_hz(np.linspace(0, to_mel(np.array(RATE / 2)), spectral.MEL_BANDS + 2))
    bins = np.arange(spectral.WINDOW // 2 + 1) * RATE / spectral.WINDOW
    filters = []
    for low, peak, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        rise, fall = (bins - low) / (peak - low), (high - bins) / (high - peak)
        filters.append(np.maximum(0, np.minimum(rise, fall)) * 2 / (high - low))
    return np.array(filters)


def test_amplitudes_come_back_from_a_standardised_mel_spectrogram() -> None:
    amplitude = torch.logspace(-4, 2, 128 * 20).reshape(1, 128, 20)
    found = spectral.amplitude_of_mel(spectral.mel_of_amplitude(amplitude))
    torch.testing.assert_close(found, amplitude, rtol=1e-3, atol=1e-6)
    assert spectral.mel_of_amplitude(torch.zeros(1)).item() == pytest.approx(-0.8)


def test_mel_spectrogram_is_the_papers_computed_by_hand(chord: torch.Tensor) -> None:
    expected = np.log10(1 + 10 * slaney_filters() @ magnitude_by_hand(chord.numpy()))
    found = spectral.mel_spectrogram(chord, standardise=False)
    assert found.shape == (128, 130)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_standardising_uses_the_fixed_mean_and_deviation_of_the_authors(
    chord: torch.Tensor,
) -> None:
    plain = spectral.mel_spectrogram(chord, standardise=False)
    np.testing.assert_allclose(spectral.mel_spectrogram(chord), (plain - 0.2) / 0.25, atol=1e-5)


def test_the_magnitude_is_the_short_time_spectrums_computed_by_hand(chord: torch.Tensor) -> None:
    found = spectral.magnitude(chord)
    assert found.shape == (513, 130)
    np.testing.assert_allclose(found, magnitude_by_hand(chord.numpy()), atol=1e-4)


def test_mel_and_onsets_of_recordings_equal_librosas(real_recordings: list[Path]) -> None:
    import librosa

    for file in real_recordings:
        samples = recording(file)
        magnitude = np.abs(librosa.stft(samples, n_fft=spectral.WINDOW, hop_length=spectral.HOP))
        bank = librosa.filters.mel(sr=RATE, n_fft=spectral.WINDOW, n_mels=128)
        envelope = librosa.onset.onset_strength(
            y=samples, sr=RATE, n_fft=spectral.WINDOW, hop_length=spectral.HOP
        )
        sound = torch.from_numpy(samples)
        mel = spectral.mel_spectrogram(sound, standardise=False)
        np.testing.assert_allclose(mel, np.log10(1 + 10 * bank @ magnitude), atol=1e-5)
        np.testing.assert_allclose(spectral.onset_envelope(sound), envelope, atol=1e-4)


def test_each_item_of_a_batch_keeps_its_own_range_of_levels(chord: torch.Tensor) -> None:
    batch = torch.stack([chord, 1e-3 * chord, torch.zeros_like(chord)])
    together = spectral.onset_envelope(batch)
    alone = torch.stack([spectral.onset_envelope(item) for item in batch])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert not together[2].any()


@pytest.mark.parametrize(
    ("length", "segment", "starts"),
    [(10, 3, [0, 3, 6]), (9, 3, [0, 3, 6]), (2, 3, [0]), (3, 3, [0]), (0, 3, [0])],
)
def test_segments_do_not_overlap_and_leave_the_remainder_out(
    length: int, segment: int, starts: list[int]
) -> None:
    assert spectral.segment_starts(length, segment).tolist() == starts


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_decibels_of_mel_bands_are_torchaudios(seconds: float) -> None:
    transforms = import_torchaudio().transforms
    rng = np.random.default_rng(0)
    samples = torch.from_numpy(rng.normal(scale=0.1, size=(2, round(seconds * 22050))))
    samples = samples.float()
    mel = transforms.MelSpectrogram(22050, 1024, hop_length=512, n_mels=128, pad_mode="constant")
    expected = transforms.AmplitudeToDB()(mel(samples))
    torch.testing.assert_close(spectral.mel_decibels(samples), expected, atol=1e-2, rtol=0)
    silent = spectral.mel_decibels(torch.zeros(2048))
    assert silent.unique().tolist() == [-100.0]


def test_decibels_of_mel_bands_are_librosas() -> None:
    samples = np.random.default_rng(1).normal(scale=0.1, size=22050).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=samples, sr=22050, n_fft=1024, hop_length=512, n_mels=128, htk=True, norm=None
    )
    expected = librosa.power_to_db(power, top_db=None)
    found = spectral.mel_decibels(torch.from_numpy(samples)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-2)
