from __future__ import annotations

import numpy as np
import pytest

from workbench.features import spectral

RATE = spectral.SAMPLE_RATE


@pytest.fixture(scope="module")
def chord() -> np.ndarray:
    """Three seconds of C major with a tremolo and a little noise."""
    rng = np.random.default_rng(0)
    seconds = np.arange(3 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * f * seconds) for f in (261.63, 329.63, 392.0))
    tremolo = 0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 2 * seconds))
    return (0.1 * tones * tremolo + 0.001 * rng.standard_normal(len(seconds))).astype(np.float32)


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


def test_mel_spectrogram_is_the_papers_computed_by_hand(chord: np.ndarray) -> None:
    expected = np.log10(1 + 10 * slaney_filters() @ magnitude_by_hand(chord))
    found = spectral.mel_spectrogram(chord, standardise=False)
    assert found.shape == (128, 130)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_standardising_uses_the_fixed_mean_and_deviation_of_the_authors(chord: np.ndarray) -> None:
    plain = spectral.mel_spectrogram(chord, standardise=False)
    np.testing.assert_allclose(spectral.mel_spectrogram(chord), (plain - 0.2) / 0.25, atol=1e-5)


def test_all_representations_share_one_time_axis(chord: np.ndarray) -> None:
    frames = spectral.mel_spectrogram(chord).shape[1]
    envelope = spectral.onset_envelope(chord)
    assert envelope.shape == (frames,)
    assert spectral.cens(chord).shape == (12, frames)
    assert spectral.tempogram(envelope).shape == (384, frames)


def test_cens_of_a_chord_points_at_its_pitch_classes_with_unit_length(chord: np.ndarray) -> None:
    found = spectral.cens(chord)
    np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1, atol=1e-5)
    assert set(np.argsort(found.mean(axis=1))[-3:]) == {0, 4, 7}


def test_tempogram_is_the_normalised_local_autocorrelation(chord: np.ndarray) -> None:
    envelope = np.random.default_rng(1).random(600).astype(np.float32)
    lags, centre = 384, 300
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(lags) / lags)
    local = envelope[centre - lags // 2 : centre + lags // 2] * window
    expected = np.array([np.dot(local[: lags - k], local[k:]) for k in range(lags)])
    found = spectral.tempogram(envelope)[:, centre]
    np.testing.assert_allclose(found, expected / expected.max(), atol=1e-4)


@pytest.mark.parametrize(
    ("length", "segment", "starts"),
    [(10, 3, [0, 3, 6]), (9, 3, [0, 3, 6]), (2, 3, [0]), (3, 3, [0]), (0, 3, [0])],
)
def test_segments_do_not_overlap_and_leave_the_remainder_out(
    length: int, segment: int, starts: list[int]
) -> None:
    assert spectral.segment_starts(length, segment).tolist() == starts
