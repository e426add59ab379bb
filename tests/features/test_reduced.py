from __future__ import annotations

import numpy as np
import torch

from workbench.features.frontend import front_end
from workbench.features.reduced import BANDS, reduced


def test_columns_and_bands_are_means() -> None:
    sound = torch.from_numpy(np.random.default_rng(0).normal(scale=0.1, size=22050 * 3)).float()
    features = front_end(sound)
    chroma, bands = reduced(features)
    frames = features.mel.shape[1]
    assert chroma.shape == (12, frames // 4)
    assert bands.shape == (BANDS, frames // 2)
    np.testing.assert_allclose(
        chroma[:, 5], features.cens.numpy()[:, 20:24].mean(axis=1), atol=1e-6
    )
    for band in (0, 7, BANDS - 1):
        rows = features.mel.numpy()[int(128 * band / BANDS) : int(128 * (band + 1) / BANDS), 10:12]
        np.testing.assert_allclose(bands[band, 5], rows.mean(), atol=1e-5)
