from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.backbones.tagger_card import TaggerShape
from workbench.backbones.tagger_store import build_tagger
from workbench.encoders.tagger import embedded, excerpt_starts, excerpts_of, heard
from workbench.errors import MediaError
from workbench.features.spectral import mel_decibels


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(scale=0.1, size=round(seconds * 22050)).astype(np.float32)


@pytest.mark.parametrize("length", [1, 9, 10, 11, 19, 20, 99, 100])
def test_excerpts_cover_a_sound_and_lie_within_it(length: int) -> None:
    starts = excerpt_starts(length, 10)
    heard_samples = {s for start in starts for s in range(start, start + 10)}
    assert heard_samples >= set(range(length))
    assert max(heard_samples) < max(length, 10)
    assert len(starts) == max(-(-length // 10), 1)


def test_a_short_sound_goes_round() -> None:
    samples = sound(0.4)
    found = excerpts_of(samples, 1.0)
    assert found.shape == (1, 22050)
    np.testing.assert_array_equal(found[0, len(samples) : 2 * len(samples)].numpy(), samples)
    with pytest.raises(MediaError):
        excerpts_of(np.zeros(0, np.float32), 1.0)


@pytest.mark.parametrize("network", ["transformer", "short-chunk"])
def test_what_is_heard_is_the_mean_over_the_excerpts(network: str) -> None:
    torch.manual_seed(0)
    shape = TaggerShape(network=network, channels=2, width=8, layers=1, heads=2, seconds=1.0)
    tagger = build_tagger(shape, 3).eval()
    samples = sound(9.5)
    with torch.inference_mode():
        each = [
            tagger(mel_decibels(torch.from_numpy(samples[start : start + 22050])[None]))[0]
            for start in excerpt_starts(len(samples), 22050)
        ]
        vectors = [
            tagger.embed(mel_decibels(torch.from_numpy(samples[start : start + 22050])[None]))[0]
            for start in excerpt_starts(len(samples), 22050)
        ]
    probabilities = torch.stack(each).sigmoid().mean(0).numpy()
    np.testing.assert_allclose(heard(tagger, samples, 1.0), probabilities, atol=1e-5)
    mean = torch.stack(vectors).mean(0).numpy()
    np.testing.assert_allclose(embedded(tagger, samples, 1.0), mean, atol=1e-4)
