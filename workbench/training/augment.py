"""What is changed about segments as they are drawn, so that a network learns what to pass over.

Turning the chromagram by some semitones turns the key with it, and turning the cyclic tempogram
changes the tempo: shifted segments with shifted labels show a network every key and every tempo.
An equaliser and gaps change the sound and no label: a recording is not heard through the filters
that a corpus was rendered with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.catalogue.keys import key_name, parse_key
from workbench.features.spectral import amplitude_of_mel, mel_of_amplitude

if TYPE_CHECKING:
    import torch

_TEMPO_STEPS = 16  # an octave of shifts; divides the rows of the tempogram and the classes
_KNOTS = 6  # of an equaliser's curve
_KNOT_DB = 5.0  # their standard deviation
_LEVEL_DB = 4.0  # that of the whole segment
_WIDEST_GAP = 16  # bands or columns


def shift(
    table: pd.DataFrame,
    segments: dict[str, torch.Tensor],
    rng: np.random.Generator,
    *,
    share: float,
    cyclic: bool,
    tracks: np.ndarray | None = None,
) -> pd.DataFrame:
    """Turn some chromagrams and cyclic tempograms in place; return the labels that go with them.

    Parameters
    ----------
    table
        Labels of the n segments.
    segments
        As `Corpus.segments` returns them.
    rng
        The source of chance.
    share
        Of the tracks that are turned, for key and tempo separately.
    cyclic
        Whether the tempogram is the cyclic one; the other cannot be turned.
    tracks
        The track of each segment, int [n]; segments of one track are turned alike, as they belong
        together. By default each is a track of its own.
    """
    table = table.copy()
    keys, tempi = table["key"].tolist(), table["tempo"].to_numpy(dtype=float).copy()
    names = np.arange(len(table)) if tracks is None else tracks
    count, track = len(np.unique(names)), np.unique(names, return_inverse=True)[1]
    semitones = np.where(rng.random(count) < share, rng.integers(0, 12, count), 0)[track]
    steps = rng.integers(0, _TEMPO_STEPS, count)
    steps = np.where(rng.random(count) < share * cyclic, steps, 0)[track]
    for i, by in enumerate(semitones.tolist()):
        if by:
            segments["cens"][i] = segments["cens"][i].roll(by, 0)
            key = parse_key(keys[i]) if keys[i] else None
            keys[i] = key_name(key[0] + by, major=key[1]) if key else ""
    for i, by in enumerate(steps.tolist()):
        if by:
            rows = segments["tempogram"].shape[1]
            segments["tempogram"][i] = segments["tempogram"][i].roll(by * rows // _TEMPO_STEPS, 0)
            tempi[i] *= 2.0 ** (by / _TEMPO_STEPS)
    return table.assign(key=keys, tempo=tempi)


def colour(mel: torch.Tensor, rng: np.random.Generator, *, share: float) -> None:
    """Change the sound of some log mel spectrograms in place.

    Each gets a level and a smooth equaliser of its own, and one band and one stretch of time fall
    silent (Park et al. 2019, SpecAugment).

    Parameters
    ----------
    mel
        As `mel_spectrogram` returns it, float32 [n, bands, frames].
    rng
        The source of chance.
    share
        Of the spectrograms that are changed.
    """
    import torch

    chosen = np.flatnonzero(rng.random(len(mel)) < share)
    if not len(chosen):
        return
    _, bands, frames = mel.shape
    knots = rng.normal(0.0, _KNOT_DB, (len(chosen), _KNOTS))
    level = rng.normal(0.0, _LEVEL_DB, (len(chosen), 1))
    places = np.linspace(0, _KNOTS - 1, bands)
    decibels = np.stack([np.interp(places, range(_KNOTS), k) for k in knots]) + level
    gains = torch.from_numpy(10.0 ** (decibels / 20.0)).to(mel)
    amplitude = amplitude_of_mel(mel[chosen]) * gains[..., None]
    for spectrum in amplitude:
        for axis, length in enumerate((bands, frames)):
            width = int(rng.integers(0, _WIDEST_GAP + 1))
            spectrum.narrow(axis, int(rng.integers(0, length - width + 1)), width).zero_()
    mel[chosen] = mel_of_amplitude(amplitude)
