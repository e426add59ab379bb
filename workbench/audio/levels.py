"""Levels along a recording, in steps of a tenth of a second: how loud any excerpt of it is.

BS.1770 measures blocks of 0.4 s that begin every 0.1 s, so the K-weighted power of each tenth of
a second is all it needs: the loudness of any excerpt follows without decoding the sound again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.audio.loudness import gated_loudness, k_weighted

STEP_S = 0.1
_STEPS_PER_BLOCK = 4
_FLOOR_DB = -200.0  # what silence is stored as
_AS_LOUD_AS = 0.9  # of the loudest stretch's power: the first stretch that reaches it is heard
_PER_DB = 100.0  # levels are stored in hundredths of a decibel


@dataclass(frozen=True)
class Levels:
    """Power and peak of each tenth of a second.

    Attributes
    ----------
    power : float64 [steps]
        Mean K-weighted power, summed over channels; full scale 1.0.
    peak : float64 [steps]
        The largest sample, full scale 1.0.
    """

    power: np.ndarray
    peak: np.ndarray

    @classmethod
    def of(cls, samples: np.ndarray, sample_rate: int) -> Levels:
        """Measure a signal [channels, n]; what is left over at its end is a step, too."""
        samples = np.atleast_2d(samples)
        count = samples.shape[1]
        edges = np.round(np.arange(0, count / sample_rate, STEP_S) * sample_rate).astype(int)
        edges = edges[edges < count]
        if not len(edges):
            return cls(np.zeros(0), np.zeros(0))
        lengths = np.diff(np.append(edges, count))
        power = np.square(k_weighted(samples.astype(np.float32), sample_rate)).sum(axis=0)
        sums = np.add.reduceat(power, edges, dtype=np.float64)
        peaks = np.maximum.reduceat(np.abs(samples).max(axis=0), edges).astype(np.float64)
        return cls(sums / lengths, peaks)

    def to_bytes(self) -> bytes:
        """Return both as int16 hundredths of a decibel, powers first."""
        floor = 10.0 ** (_FLOOR_DB / 10.0)
        decibels = np.stack(
            [
                10.0 * np.log10(np.maximum(self.power, floor)),
                20.0 * np.log10(np.maximum(self.peak, floor)),
            ]
        )
        # Peaks are rounded up: what is kept below full scale by them stays below it.
        decibels[0], decibels[1] = np.round(decibels[0] * _PER_DB), np.ceil(decibels[1] * _PER_DB)
        return decibels.clip(-32768, 32767).astype("<i2").tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Levels:
        """Read what `to_bytes` wrote."""
        power, peak = np.frombuffer(stored, dtype="<i2").astype(np.float64).reshape(2, -1)
        quiet = _FLOOR_DB * _PER_DB
        return cls(
            np.where(power > quiet, 10.0 ** (power / _PER_DB / 10.0), 0.0),
            np.where(peak > quiet, 10.0 ** (peak / _PER_DB / 20.0), 0.0),
        )

    def excerpt(self, start_s: float, length_s: float) -> Levels:
        """Return the steps from `start_s` on, as many as `length_s` holds."""
        first = round(start_s / STEP_S)
        steps = slice(first, first + max(1, round(length_s / STEP_S)))
        return Levels(self.power[steps], self.peak[steps])

    @property
    def loudness(self) -> float | None:
        """Gated loudness in LUFS; None for silence.

        References
        ----------
        ITU-R BS.1770-4, annex 1.
        """
        if len(self.power) < _STEPS_PER_BLOCK:
            return gated_loudness(self.power.mean(keepdims=True) if len(self.power) else self.power)
        total = np.concatenate([[0.0], np.cumsum(self.power)])
        return gated_loudness((total[_STEPS_PER_BLOCK:] - total[:-_STEPS_PER_BLOCK]) / 4)

    @property
    def highest(self) -> float:
        """The largest sample of all."""
        return float(self.peak.max(initial=0.0))

    def most_active(self, length_s: float) -> float:
        """Return where the first stretch begins that is about as loud as the loudest, in seconds.

        Examples
        --------
        >>> quiet, loud = np.zeros(20), np.ones(20)
        >>> Levels(np.concatenate([quiet, loud, quiet]), np.zeros(60)).most_active(2.0)
        1.8
        """
        width = max(1, round(length_s / STEP_S))
        if width >= len(self.power):
            return 0.0
        total = np.concatenate([[0.0], np.cumsum(self.power)])
        stretches = total[width:] - total[:-width]
        first = int(np.argmax(stretches >= _AS_LOUD_AS * stretches.max()))
        return round(first * STEP_S, 1)
