from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.features.cens import cens, constant_q_chroma
from workbench.features.spectral import HOP, SAMPLE_RATE

SHARES = 3e-3  # of a frame's sum; librosa's filters lie half a sample of their octave late


def recording(file: Path, seconds: float = 12.0) -> np.ndarray:
    import librosa

    return librosa.load(file, sr=SAMPLE_RATE, duration=seconds)[0][: int(seconds * SAMPLE_RATE) - 9]


def noise(samples: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def chroma_by_hand(samples: np.ndarray, frame: int) -> np.ndarray:
    """The filters written out in time: windowed complex exponentials around one frame."""
    found = np.zeros(12)
    ratio = 2 ** (1 / 18)
    for index in range(252):
        hertz = 440 * 2 ** (-45 / 12 + index / 36)
        length = (ratio + 1) / (ratio - 1) * SAMPLE_RATE / hertz
        at = np.arange(-int(length / 2), int(length / 2) + 1)
        window = 0.5 + 0.5 * np.cos(2 * np.pi * at / length)
        tap = window / window.sum() * np.exp(-2j * np.pi * hertz * at / SAMPLE_RATE)
        where = frame * HOP + at
        inside = (where >= 0) & (where < len(samples))
        response = np.sum(tap[inside] * samples[where[inside]])
        found[round(index / 3) % 12] += np.sqrt(length) * np.abs(response)
    return found


def test_chroma_is_what_the_filters_give_written_out_in_time() -> None:
    samples = noise(3 * SAMPLE_RATE).numpy()
    found = constant_q_chroma(torch.from_numpy(samples)).numpy()
    for frame in (0, 50, 129):
        expected = chroma_by_hand(samples, frame)
        np.testing.assert_allclose(found[:, frame], expected, rtol=5e-3)


def test_chroma_of_recordings_equals_librosas(real_recordings: list[Path]) -> None:
    import librosa

    for file in real_recordings:
        samples = recording(file)
        filters = {"n_bins": 252, "bins_per_octave": 36, "tuning": 0.0, "sparsity": 0}
        response = np.abs(librosa.cqt(samples, sr=SAMPLE_RATE, hop_length=HOP, **filters))
        expected = librosa.feature.chroma_cqt(C=response, norm=None, bins_per_octave=36)
        found = constant_q_chroma(torch.from_numpy(samples)).numpy()
        total = expected.sum(axis=0)
        loud = total > 1e-2 * total.max()
        difference = np.abs(found - expected)[:, loud] / total[loud]
        assert np.quantile(difference, 0.99) < SHARES
        assert difference.max() < 5 * SHARES


def test_cens_of_recordings_equals_librosas(real_recordings: list[Path]) -> None:
    """A share close to a threshold may fall on its other side: in few frames, and by little."""
    import librosa

    for file in real_recordings:
        samples = recording(file)
        expected = librosa.feature.chroma_cens(
            y=samples, sr=SAMPLE_RATE, hop_length=HOP, tuning=0.0
        )
        found = cens(torch.from_numpy(samples)).numpy()
        assert found.shape == expected.shape
        # librosa leaves out 1 % of every filter, which shows in the quiet after a loud sound.
        level = librosa.feature.rms(y=samples, frame_length=4096, hop_length=HOP)[0]
        quiet = np.flatnonzero(level < 1e-2 * level.max())
        beside = np.abs(np.arange(len(level))[:, None] - quiet[None]).min(axis=1, initial=10**6)
        difference = np.abs(found - expected)[:, beside > 60]
        assert difference.mean() < 2e-3
        assert np.quantile(difference, 0.99) < 0.02
        assert difference.max() < 0.06


def test_a_chord_points_at_its_pitch_classes_with_unit_length() -> None:
    seconds = torch.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(torch.sin(2 * torch.pi * hertz * seconds) for hertz in (261.63, 329.63, 392.0))
    found = cens(chord)
    torch.testing.assert_close(found.norm(dim=0), torch.ones(found.shape[1]))
    assert set(found.mean(1).argsort()[-3:].tolist()) == {0, 4, 7}


@pytest.mark.parametrize("steps", [-0.5, 0.3])
def test_tuning_moves_the_filters_as_librosas(steps: float) -> None:
    import librosa

    samples = noise(2 * SAMPLE_RATE).numpy()
    expected = librosa.feature.chroma_cqt(
        y=samples, sr=SAMPLE_RATE, hop_length=HOP, norm=None, tuning=steps, bins_per_octave=36
    )
    found = constant_q_chroma(torch.from_numpy(samples), tuning=steps).numpy()
    assert (np.abs(found - expected) / expected.sum(axis=0)).max() < 2 * SHARES


def test_an_estimated_tuning_is_each_items_own() -> None:
    seconds = torch.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tones = torch.stack([torch.sin(2 * torch.pi * 440 * c * seconds) for c in (1.0, 1.008)])
    found = constant_q_chroma(tones, tuning="estimate")
    shares = found[..., 40] / found[..., 40].sum(-1, keepdim=True)
    assert shares.argmax(-1).tolist() == [9, 9]
    torch.testing.assert_close(shares[0], shares[1], atol=0.05, rtol=0)


@pytest.mark.parametrize("seconds", [0.0, 1.5])
def test_silence_is_silent_even_beside_loud_music(seconds: float) -> None:
    loud = noise(int(seconds * SAMPLE_RATE))
    found = cens(torch.cat([loud, torch.zeros(8 * SAMPLE_RATE)]))
    assert torch.isfinite(found).all()
    assert not found[:, -60:].any()
