"""Power and peak of stretches, taken in one pass, beside SciPy's filter and plain sums."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import sosfilt

from workbench.audio.loudness import k_filters
from workbench.audio.stepping import powers_and_peaks


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [8000, 44100, 96000])
def test_it_gives_what_filtering_and_summing_give(channels: int, rate: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.2, (channels, rate)).astype(np.float32)
    edges = np.array([0, 1, rate // 7, rate // 2, rate - 1, rate])
    power, peak = powers_and_peaks(samples, edges, k_filters(rate))
    filtered = sosfilt(k_filters(rate), samples.astype(np.float64)) ** 2
    for step, (start, end) in enumerate(pairwise(edges)):
        assert power[step] == pytest.approx(filtered[:, start:end].sum() / (end - start), rel=1e-9)
        assert peak[step] == np.abs(samples[:, start:end]).max()


def test_channels_may_lie_among_each_other() -> None:
    frames = np.random.default_rng(1).normal(0, 0.2, (4000, 2)).astype(np.float32)
    edges = np.array([0, 1000, 4000])
    there = powers_and_peaks(frames.T, edges, k_filters(8000))
    alone = powers_and_peaks(np.ascontiguousarray(frames.T), edges, k_filters(8000))
    assert np.array_equal(there, alone)
