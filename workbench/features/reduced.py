"""Chroma and mel bands at a tenth of their size, for networks that read many seconds at once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from workbench.features.frontend import Features

BANDS = 24
CHROMA_EVERY, BANDS_EVERY = 4, 2  # frames that are averaged: 10.8 and 21.5 columns a second


def reduced(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Return the chromagram and the mel spectrogram of an item in few rows and columns.

    Parameters
    ----------
    features
        Of one item, as `workbench.features.frontend.front_end` makes them.

    Returns
    -------
    chroma : float32 [12, frames // 4]
        Means of four columns of CENS.
    bands : float32 [24, frames // 2]
        Means of two columns and of some five neighbouring mel bands.
    """
    cens, mel = features.cens.numpy(), features.mel.numpy()
    edges = np.linspace(0, len(mel), BANDS + 1).astype(int)
    bands = np.stack([mel[a:b].mean(axis=0) for a, b in pairwise(edges)])
    return _thinned(cens, CHROMA_EVERY), _thinned(bands, BANDS_EVERY)


def _thinned(rows: np.ndarray, every: int) -> np.ndarray:
    count = rows.shape[1] // every
    return rows[:, : count * every].reshape(len(rows), count, every).mean(axis=2)
