"""Loudness as people hear it: Recommendation ITU-R BS.1770-4, in LUFS.

Conventions
-----------
Signals are float32 [channels, n] with full scale 1.0; mono counts as one channel, further channels
as front ones with the same weight. A sine of 997 Hz at full scale on one channel has -3.01 LUFS.
"""

from __future__ import annotations

import math

import numpy as np

_OFFSET = -0.691  # K-weighting's gain at 997 Hz, taken back (annex 1, equation 2)
_BLOCK_S, _HOP_S = 0.4, 0.1
_SILENCE = -70.0  # LUFS: the absolute gate
_QUIETER = -10.0  # LU: the relative gate
# The two filters of annex 1 as the analogue filters they were made from: frequency in Hz, gain in
# dB and quality (libebur128 and others found the same values from the coefficients for 48 kHz).
_SHELF = (1681.974450955533, 3.999843853973347, 0.7071752369554196)
_HIGH_PASS = (38.13547087602444, 0.5003270373238773)


def integrated_loudness(samples: np.ndarray, sample_rate: int) -> float | None:
    """Return the gated loudness of a signal in LUFS; None for silence.

    Parameters
    ----------
    samples
        [channels, n] or [n]; less than 0.4 s counts as one block.
    sample_rate
        Hz.

    References
    ----------
    ITU-R BS.1770-4, annex 1.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(5 * 48000) / 48000)
    >>> round(integrated_loudness(tone, 48000), 2)
    -3.01
    """
    if np.size(samples) == 0:
        return None
    weighted = k_weighted(np.atleast_2d(samples).astype(np.float64), sample_rate)
    return gated_loudness(_block_powers(weighted, sample_rate))


def gated_loudness(power: np.ndarray) -> float | None:
    """Return the loudness in LUFS of blocks of 0.4 s with these K-weighted powers, [blocks].

    Blocks below -70 LUFS do not count, nor those 10 LU below the mean of the others; None where
    none is left.
    """
    power = power[_lufs(power) > _SILENCE]
    if not len(power):
        return None
    loud = power[_lufs(power) > _lufs(power.mean()) + _QUIETER]
    return float(_lufs(loud.mean()))


def k_weighted(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return samples [channels, n] through BS.1770's two filters, in their own precision."""
    from scipy.signal import sosfilt

    weighted: np.ndarray = sosfilt(k_filters(sample_rate).astype(samples.dtype), samples)
    return weighted


def k_filters(sample_rate: int) -> np.ndarray:
    """Return BS.1770's two filters as second-order sections, float64 [2, 6]."""
    return np.array([_shelf(sample_rate), _high_pass(sample_rate)])


def gain_to(target_lufs: float, loudness: float | None, peak: float, *, most_db: float) -> float:
    """Return the gain in dB that brings a sound to a target and keeps its peak below full scale.

    Parameters
    ----------
    target_lufs
        Where it should be.
    loudness
        Where it is, LUFS; None is silence and stays.
    peak
        Its largest sample, full scale 1.0.
    most_db
        No sound is raised by more.

    Examples
    --------
    >>> gain_to(-23.0, -13.0, 0.9, most_db=20.0)
    -10.0
    >>> round(gain_to(-14.0, -20.0, 0.8, most_db=20.0), 2)  # six would clip
    1.94
    """
    if loudness is None or peak <= 0:
        return 0.0
    return min(target_lufs - loudness, -20.0 * math.log10(peak), most_db)


def _block_powers(weighted: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return the power of overlapping blocks of 0.4 s, summed over channels, [blocks]."""
    power = np.square(weighted).sum(axis=0)
    length, hop = round(_BLOCK_S * sample_rate), round(_HOP_S * sample_rate)
    if len(power) < length:
        return power.mean(keepdims=True) if len(power) else power
    total = np.concatenate([[0.0], np.cumsum(power)])
    starts = np.arange(0, len(power) - length + 1, hop)
    return (total[starts + length] - total[starts]) / length


def _lufs(power: np.ndarray) -> np.ndarray:
    return _OFFSET + 10.0 * np.log10(np.maximum(power, 1e-30))


def _shelf(sample_rate: int) -> list[float]:
    """Return the high shelf as one second-order section."""
    frequency, gain_db, quality = _SHELF
    k = math.tan(math.pi * frequency / sample_rate)
    high = 10.0 ** (gain_db / 20.0)
    middle = high**0.4996667741545416
    a0 = 1.0 + k / quality + k * k
    return [
        (high + middle * k / quality + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - middle * k / quality + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / quality + k * k) / a0,
    ]


def _high_pass(sample_rate: int) -> list[float]:
    """Return the high-pass as one second-order section."""
    frequency, quality = _HIGH_PASS
    k = math.tan(math.pi * frequency / sample_rate)
    a0 = 1.0 + k / quality + k * k
    return [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / quality + k * k) / a0]
