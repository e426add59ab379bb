"""Tempograms: local autocorrelation of the onset envelope, over lags or over cyclic tempo.

A column looks at 384 frames (8.9 s) around it. Hand over the whole item's envelope, or, for a span
of columns, the span of ``pad_envelope(envelope)`` that is 383 frames longer, with ``padded=True``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE, TEMPOGRAM_LAGS
from workbench.features.tempo import BINS, FASTEST, SLOWEST

if TYPE_CHECKING:
    import torch

_FRAME_RATE = SAMPLE_RATE / HOP
_TRANSFORM = 2 * TEMPOGRAM_LAGS  # long enough that the autocorrelation does not wrap


def pad_envelope(envelope: torch.Tensor) -> torch.Tensor:
    """Return an envelope with the frames that the tempogram of its ends looks at.

    Parameters
    ----------
    envelope
        Onset strength of a whole item, float32 [..., frames].

    Returns
    -------
    float32 [..., frames + 383]. Columns start to stop of the tempogram need its frames start to
    stop + 383. The ends fall to zero in straight lines, as librosa has it.
    """
    import torch

    half = TEMPOGRAM_LAGS // 2
    ramp = torch.arange(half, device=envelope.device, dtype=envelope.dtype) / half
    before = envelope[..., :1] * ramp
    after = envelope[..., -1:] * ramp.flip(0)[: half - 1]
    return torch.cat([before, envelope, after], dim=-1)


def tempogram(envelope: torch.Tensor, *, padded: bool = False) -> torch.Tensor:
    """Return the local autocorrelation of an onset envelope, float32 [..., 384, frames].

    Parameters
    ----------
    envelope
        Onset strength, float32 [..., frames]; with `padded`, [..., frames + 383].
    padded
        The envelope is a span of what `pad_envelope` returned.

    Notes
    -----
    Each column is divided by its largest value: `librosa.feature.tempogram`. Ribecky et al. 2021
    call it the cyclic tempogram and give 384 bins: that is librosa's, over lags, not folded by
    octave. `cyclic_tempogram` is the one folded by octave.
    """
    return _item_by_item(_over_lags, envelope if padded else pad_envelope(envelope))


def cyclic_tempogram(
    envelope: torch.Tensor, *, bins: int = BINS, padded: bool = False
) -> torch.Tensor:
    """Return the cyclic tempogram of Grosche, Mueller and Kurth 2010, float32 [..., bins, frames].

    Parameters
    ----------
    envelope
        Onset strength, float32 [..., frames]; with `padded`, [..., frames + 383].
    bins
        Tempi an octave; bin 0 is 30, 60, 120 and 240 bpm.
    padded
        The envelope is a span of what `pad_envelope` returned.

    Notes
    -----
    The local autocorrelation at lags of tempi from 30 to 480 bpm, evenly spaced in log-tempo,
    summed over the four octaves. Envelopes lose their local mean first and each lag is divided by
    how much of the window overlaps, so that no tempo is favoured; columns lie within 0 and 1.
    """
    weights = _cyclic_weights(bins, envelope.device)

    def over_tempi(padded: torch.Tensor) -> torch.Tensor:
        return _below_one(_strengths(padded, weights).unflatten(-1, (-1, bins)).sum(-2))

    return _item_by_item(over_tempi, envelope if padded else pad_envelope(envelope))


def octave_tempogram(
    envelope: torch.Tensor, *, bins: int = BINS, padded: bool = False
) -> torch.Tensor:
    """Return the cyclic tempogram before its octaves are summed, float32 [..., 4 * bins, frames].

    Rows are tempi from 30 to 480 bpm, evenly spaced in log-tempo. What the sum hides, how strong a
    tempo is beside its half and its double, tells a beat from its subdivision.

    Parameters
    ----------
    envelope, bins, padded
        As of `cyclic_tempogram`.
    """
    weights = _cyclic_weights(bins, envelope.device)

    def over_tempi(padded: torch.Tensor) -> torch.Tensor:
        return _below_one(_strengths(padded, weights))

    return _item_by_item(over_tempi, envelope if padded else pad_envelope(envelope))


def _strengths(padded: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the local autocorrelation at log-spaced tempi, float32 [..., frames, 4 * bins]."""
    return (_autocorrelation(padded, centred=True) @ weights).clamp_(min=0.0)


def _below_one(strengths: torch.Tensor) -> torch.Tensor:
    """Divide each frame by its largest value; silence stays zero."""
    peak = strengths.amax(-1, keepdim=True)
    return strengths / peak.masked_fill_(peak <= 0, 1.0)


def _over_lags(padded: torch.Tensor) -> torch.Tensor:
    correlation = _autocorrelation(padded)
    peak = correlation[..., :1].clone()  # of all lags 0 is the largest
    return correlation.div_(peak.masked_fill_(peak <= 0, 1.0))


def _item_by_item(
    work: Callable[[torch.Tensor], torch.Tensor], padded: torch.Tensor
) -> torch.Tensor:
    """Return the columns of each item: a batch's intermediate results leave the cache of a CPU."""
    import torch

    if padded.device.type == "cpu" and padded.ndim > 1:
        items = torch.stack([work(item) for item in padded.flatten(0, -2)])
        return items.unflatten(0, padded.shape[:-1]).transpose(-1, -2)
    return work(padded).transpose(-1, -2)


def _autocorrelation(padded: torch.Tensor, *, centred: bool = False) -> torch.Tensor:
    """Return the autocorrelation of each windowed frame, float32 [..., frames, 384]."""
    import torch

    frames = padded.unfold(-1, TEMPOGRAM_LAGS, 1)
    if centred:
        frames = frames - frames.mean(-1, keepdim=True)
    spectrum = torch.fft.rfft(frames * _window(padded.device), _TRANSFORM)
    power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
    return torch.fft.irfft(power, _TRANSFORM)[..., :TEMPOGRAM_LAGS]


@lru_cache(maxsize=4)
def _window(device: torch.device) -> torch.Tensor:
    import torch

    return torch.hann_window(TEMPOGRAM_LAGS, device=device)


@lru_cache(maxsize=8)
def _cyclic_weights(bins: int, device: torch.device) -> torch.Tensor:
    """Return what turns lags into tempi, float32 [384, octaves * bins]."""
    import torch

    octaves = round(np.log2(FASTEST / SLOWEST))
    tempi = SLOWEST * 2.0 ** (np.arange(octaves * bins) / bins)
    lags = 60.0 * _FRAME_RATE / tempi
    window = np.hanning(TEMPOGRAM_LAGS + 1)[:-1]
    overlap = np.correlate(window, window, "full")[TEMPOGRAM_LAGS - 1 :]
    below = np.floor(lags).astype(int)
    weights = np.zeros((TEMPOGRAM_LAGS, len(lags)))
    columns = np.arange(len(lags))
    weights[below, columns] = 1.0 - (lags - below)
    weights[below + 1, columns] = lags - below
    weights /= overlap[:, None].clip(min=1e-6)
    return torch.from_numpy(weights.astype(np.float32)).to(device)
