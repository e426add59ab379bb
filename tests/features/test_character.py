from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.features import character
from workbench.features.cens import cens
from workbench.features.spectral import SAMPLE_RATE, onset_envelope


@pytest.mark.parametrize("steps", [1, 5, 11])
def test_scale_degrees_do_not_depend_on_the_tonic(steps: int) -> None:
    chroma = np.array([1, 0, 0.6, 0, 0.8, 0.5, 0, 0.9, 0, 0.5, 0, 0.3])
    plain = character.degree_profile(chroma)
    np.testing.assert_allclose(character.degree_profile(np.roll(chroma, steps)), plain, atol=1e-6)
    assert plain.sum() == pytest.approx(1, abs=1e-5)
    assert plain.argmax() == 0


def pulse(per_second: float) -> np.ndarray:
    samples = np.zeros(8 * SAMPLE_RATE, np.float32)
    for beat in np.arange(0.1, 7.9, 1 / per_second):
        start = int(beat * SAMPLE_RATE)
        samples[start : start + 1000] = np.sin(np.arange(1000) * 0.2) * np.exp(
            -np.arange(1000) / 200
        )
    return samples


def movement(samples: np.ndarray) -> np.ndarray:
    chroma = np.ones(12) + np.eye(12)[0]
    sound = torch.from_numpy(samples)
    return character.movement(samples, onset_envelope(sound).numpy(), chroma, cens(sound).numpy())


def test_a_denser_and_faster_sound_has_more_onsets_and_a_faster_tempo() -> None:
    slow, fast = movement(pulse(1.0)), movement(pulse(2.0))
    assert slow.shape == (character.WIDTH,)
    assert 2 ** slow[2] == pytest.approx(60, rel=0.02)
    assert 2 ** fast[2] == pytest.approx(120, rel=0.02)
    assert np.exp(slow[4]) - 0.1 == pytest.approx(1, abs=0.3)
    assert np.exp(fast[4]) - 0.1 == pytest.approx(2, abs=0.4)


def test_silence_gives_finite_numbers() -> None:
    silence = np.zeros(3 * SAMPLE_RATE, np.float32)
    sound = torch.from_numpy(silence)
    found = character.movement(
        silence, onset_envelope(sound).numpy(), np.zeros(12), cens(sound).numpy()
    )
    assert np.isfinite(found).all()
    assert np.isfinite(character.degree_profile(np.zeros(12))).all()
