"""The front end of Ribecky et al. 2021: all three representations at once, on one time axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from workbench.features.cens import cens
from workbench.features.spectral import mel_of_power, onsets_of_power, power_spectrogram

if TYPE_CHECKING:
    import torch


class Features(NamedTuple):
    """What the networks read, for items of one length.

    Attributes
    ----------
    mel
        Standardised log mel spectrogram, float32 [..., 128, frames].
    cens
        Chroma energy normalised statistics, float32 [..., 12, frames].
    envelope
        Onset strength, float32 [..., frames], for `workbench.features.tempogram`: a tempogram is
        384 numbers a frame and quick to compute, so the envelope is what is worth keeping.
    """

    mel: torch.Tensor
    cens: torch.Tensor
    envelope: torch.Tensor


def front_end(samples: torch.Tensor, *, tuning: float | Literal["estimate"] = 0.0) -> Features:
    """Return mel spectrogram, CENS and onset envelope of whole items.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples]; every item has ``1 + samples // 512`` frames.
    tuning
        See `workbench.features.cens.cens`.

    Examples
    --------
    >>> import torch
    >>> features = front_end(torch.zeros(2, 22050))
    >>> [tuple(feature.shape) for feature in features]
    [(2, 128, 44), (2, 12, 44), (2, 44)]
    """
    import torch

    if samples.device.type != "cpu" or samples.ndim == 1:
        return _whole(samples, tuning)
    # One item's intermediate results fit the processor's cache, a batch's do not.
    items = [_whole(item, tuning) for item in samples.flatten(0, -2)]
    shape = samples.shape[:-1]
    return Features(*(torch.stack(x).unflatten(0, shape) for x in zip(*items, strict=True)))


def _whole(samples: torch.Tensor, tuning: float | Literal["estimate"]) -> Features:
    power = power_spectrogram(samples)
    return Features(mel_of_power(power), cens(samples, tuning=tuning), onsets_of_power(power))
