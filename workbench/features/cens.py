"""CENS: chroma energy normalised statistics (Mueller and Ewert 2011), batched.

The constant-Q transform takes one Fourier transform of the whole item. A constant-Q filter is a
Hann-windowed complex exponential, so its spectrum is known and narrow: multiply the item's
spectrum by it, and since the answer is wanted at the frames only, fold the product modulo the
frame rate (to sample in time is to alias in frequency). An inverse transform as long as there are
frames then gives the filter's output at every frame.

With the item padded to ``HOP * period`` samples its spectrum is a table of rows of `period` bins,
and to fold is to add the rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE

if TYPE_CHECKING:
    import torch

CHROMA = 12
OCTAVES = 7
BINS_PER_OCTAVE = 36
_FILTERS = OCTAVES * BINS_PER_OCTAVE
_LOWEST = 440.0 * 2.0 ** (-45 / 12)  # C1
_RATIO = 2.0 ** (2.0 / BINS_PER_OCTAVE)
_QUALITY = (_RATIO + 1.0) / (_RATIO - 1.0)  # a filter's length in periods of its tone
_WHOLE, _REACH = 4.0, 6.0  # a filter's spectrum is cut off between, in reciprocals of its length
_SMOOTHING = 41  # frames
_STEPS = (0.4, 0.2, 0.1, 0.05)
_SILENCE = 1e-5  # of an item's loudest frame: what the cut and single precision leave of silence


class _Step(NamedTuple):
    """The next row of every filter of an octave that has one more."""

    filters: slice
    rows: torch.Tensor  # int64 [filters]
    weights: torch.Tensor  # float32 [filters, 1, 2 * period], each twice: real, imaginary


class _Plan(NamedTuple):
    rows: int
    twist: torch.Tensor  # complex64 [rows * period]
    octaves: list[list[_Step]]


def cens(samples: torch.Tensor, *, tuning: float | Literal["estimate"] = 0.0) -> torch.Tensor:
    """Return the chroma energy normalised statistics, float32 [..., 12, frames].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples].
    tuning
        Deviation from A 440 in thirds of a semitone, to two decimals, or "estimate" to ask
        `librosa.estimate_tuning` for each item.

    Notes
    -----
    Constant-Q chroma as shares, quantised, smoothed over 41 frames and of unit length, as
    `librosa.feature.chroma_cens` has it. Frames 100 dB below an item's loudest are silence. A
    frame hears 1.6 s in its lowest filters and 0.95 s by smoothing: look at whole items, and cut
    afterwards.
    """
    import torch
    from torch.nn.functional import conv1d

    chroma = constant_q_chroma(samples, tuning=tuning)
    total = chroma.sum(-2, keepdim=True)
    silent = total <= _SILENCE * total.amax(-1, keepdim=True)
    shares = chroma / total.masked_fill_(silent, torch.inf)
    quantised = (shares > _STEPS[0]).to(shares.dtype)
    for step in _STEPS[1:]:
        quantised += shares > step
    kernel = torch.hann_window(_SMOOTHING + 2, periodic=False, device=samples.device)[None, None]
    rows = quantised.reshape(-1, 1, quantised.shape[-1])
    smooth = conv1d(rows, kernel, padding=_SMOOTHING // 2 + 1).reshape(quantised.shape)
    norm = torch.linalg.vector_norm(smooth, dim=-2, keepdim=True)
    return smooth.div_(norm.masked_fill_(norm == 0, 1.0))


def constant_q_chroma(
    samples: torch.Tensor, *, tuning: float | Literal["estimate"] = 0.0
) -> torch.Tensor:
    """Return the constant-Q magnitudes summed over octaves, float32 [..., 12, frames].

    Filters and scale are those of `librosa.feature.chroma_cqt` with ``norm=None``: 36 to an octave
    over seven octaves from C1, three to a pitch class, each ``sqrt(length)`` times its mean.
    Parameters as `cens`.
    """
    import torch

    if tuning == "estimate":
        return _each_tuned(samples)
    frames = 1 + samples.shape[-1] // HOP
    # Silence for half the longest filter, and a little for its cut-off, or the ends would meet.
    period = _round_up(frames + int(0.6 * _QUALITY * SAMPLE_RATE / _LOWEST) // HOP + 1)
    plan = _plan(period, round(float(tuning), 2), samples.device)
    items = samples.flatten(0, -2) if samples.ndim > 1 else samples[None]
    table = _spectrum(items, period, plan)
    response = torch.fft.ifft(torch.view_as_complex(_fold(table, plan).unflatten(-1, (-1, 2))))
    kept = response[..., :frames]
    strength = kept.real.square().addcmul_(kept.imag, kept.imag).sqrt_()  # quicker than abs
    chroma = (_pitch_classes(samples.device) @ strength.flatten(1)).unflatten(1, (-1, frames))
    chroma = chroma.transpose(0, 1)
    return chroma.reshape(*samples.shape[:-1], CHROMA, frames)


def _each_tuned(samples: torch.Tensor) -> torch.Tensor:
    import librosa
    import torch

    chroma = []
    for item in samples.flatten(0, -2) if samples.ndim > 1 else samples[None]:
        deviation = librosa.estimate_tuning(
            y=item.cpu().numpy(), sr=SAMPLE_RATE, bins_per_octave=BINS_PER_OCTAVE
        )
        chroma.append(constant_q_chroma(item, tuning=float(deviation)))
    return torch.stack(chroma).reshape(*samples.shape[:-1], CHROMA, -1)


def _spectrum(items: torch.Tensor, period: int, plan: _Plan) -> torch.Tensor:
    """Return the rows of the spectrum that filters touch, float32 [rows, items, 2 * period].

    Even samples are the real part and odd ones the imaginary part of half as long a complex
    transform, which is untwisted afterwards: a long real one takes four times as long.
    """
    import torch
    from torch.nn.functional import pad

    count, bins = items.shape[0], plan.rows * period
    padded = pad(items, (0, HOP * period - items.shape[-1]))
    packed = torch.fft.fft(torch.view_as_complex(padded.unflatten(-1, (-1, 2))))
    table = torch.zeros((plan.rows, count, period), dtype=packed.dtype, device=items.device)
    # Bin 0 stays empty, no filter reaches so low.
    mirrored = packed[..., -bins + 1 :].flip(-1).conj()
    upper = packed[..., 1:bins]
    whole = torch.zeros((count, bins), dtype=packed.dtype, device=items.device)
    torch.add(upper, mirrored, out=whole[:, 1:])
    whole[:, 1:].addcmul_(upper - mirrored, plan.twist[1:])
    table.copy_(whole.view(count, plan.rows, period).transpose(0, 1))
    return torch.view_as_real(table).flatten(-2)


def _fold(table: torch.Tensor, plan: _Plan) -> torch.Tensor:
    """Return the folded spectra of all filters, float32 [filters, items, 2 * period]."""
    folded = table.new_empty((_FILTERS, *table.shape[1:]))
    # An octave at a time stays in the cache.
    for octave, steps in zip(folded.split(BINS_PER_OCTAVE), plan.octaves, strict=True):
        octave.zero_()
        for step in steps:
            octave[step.filters].addcmul_(table.index_select(0, step.rows), step.weights)
    return folded


@lru_cache(maxsize=4)
def _pitch_classes(device: torch.device) -> torch.Tensor:
    """Return which filters make a pitch class: those in tune and their neighbours, [12, 252]."""
    import torch

    nearest = np.round(np.arange(_FILTERS) * CHROMA / BINS_PER_OCTAVE).astype(int) % CHROMA
    return torch.from_numpy(np.eye(CHROMA, dtype=np.float32)[:, nearest]).to(device)


def _round_up(frames: int) -> int:
    """Return the least period of at least so many frames that transforms quickly.

    There are seven to an octave: plans are kept, and few lengths need few plans.
    """
    scale = 2 ** max(frames.bit_length() - 4, 3)
    return next(f * scale for f in (8, 9, 10, 12, 14, 15, 16) if f * scale >= frames)


@lru_cache(maxsize=8)
def _plan(period: int, tuning: float, device: torch.device) -> _Plan:
    """Return the spectra of all filters, from low to high, on the rows they touch."""
    import torch

    total = HOP * period
    hertz = _LOWEST * 2.0 ** ((np.arange(_FILTERS) + tuning) / BINS_PER_OCTAVE)
    spectra = [_filter_spectrum(frequency, period) for frequency in hertz]
    rows = max(first + len(weights) for first, weights in spectra)
    octaves = []
    for low in range(0, _FILTERS, BINS_PER_OCTAVE):
        octave = spectra[low : low + BINS_PER_OCTAVE]
        steps = []
        for index in range(max(len(weights) for _, weights in octave)):
            start = next(i for i, (_, weights) in enumerate(octave) if len(weights) > index)
            chosen = [min(first + index, rows - 1) for first, _ in octave[start:]]
            weights = np.zeros((len(chosen), 1, 2 * period), np.float32)
            for target, (_, source) in zip(weights, octave[start:], strict=True):
                if index < len(source):
                    target[0] = np.repeat(source[index], 2)
            steps.append(
                _Step(
                    slice(start, None),
                    torch.tensor(chosen, device=device),
                    torch.from_numpy(weights).to(device),
                )
            )
        octaves.append(steps)
    twist = -1j * np.exp(-2j * np.pi * np.arange(rows * period) / total)
    return _Plan(rows, torch.from_numpy(twist.astype(np.complex64)).to(device), octaves)


def _filter_spectrum(hertz: float, period: int) -> tuple[int, np.ndarray]:
    """Return the first row that a filter touches and its weights, float64 [rows, period]."""
    total, length = HOP * period, _QUALITY * SAMPLE_RATE / hertz
    centre, reach = hertz / SAMPLE_RATE, _REACH / length
    first, last = (int((centre + side * reach) * total) // period for side in (-1, 1))
    bins = np.arange(first * period, (last + 1) * period)
    offset = (bins / total - centre) * length
    # A half: both transforms it takes to unpack the spectrum leave it twice as large.
    scale = 0.5 * np.sqrt(length) / HOP
    # A hard cut would ring for seconds, audibly so in the quiet after a loud chord.
    cut = (
        np.cos(0.5 * np.pi * np.clip((np.abs(offset) - _WHOLE) / (_REACH - _WHOLE), 0.0, 1.0)) ** 2
    )
    weights = scale * cut * _hann_spectrum(offset)
    return first, weights.reshape(-1, period)


def _hann_spectrum(offset: np.ndarray) -> np.ndarray:
    """Return the spectrum of a Hann window of unit sum, at multiples of one over its length."""
    return np.sinc(offset) + 0.5 * (np.sinc(offset - 1.0) + np.sinc(offset + 1.0))
