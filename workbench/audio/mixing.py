"""Mixing: sounds with gains and offsets, added one after the other."""

from __future__ import annotations

import numpy as np

from workbench.audio.decode import Sound
from workbench.errors import MediaError

LONGEST_S = 3600.0
HIGHEST = 10.0 ** (-0.1 / 20.0)  # what the peaks of a mix are kept below


class Mixer:
    """A sum of sounds at one sample rate, mono until something stereo is added.

    Parameters
    ----------
    sample_rate
        In Hz; sounds of another rate are resampled (soxr, high quality).

    Examples
    --------
    >>> mixer = Mixer(4)
    >>> mixer.add(Sound(np.full((1, 4), 0.5, np.float32), 4))
    >>> mixer.add(Sound(np.full((1, 4), 0.25, np.float32), 4), offset_s=0.5)
    >>> mixer.sound.samples.tolist()
    [[0.5, 0.5, 0.75, 0.75, 0.25, 0.25]]
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._sum = np.zeros((1, 0), dtype=np.float32)

    def add(self, sound: Sound, *, gain_db: float = 0.0, offset_s: float = 0.0) -> None:
        """Add a sound that begins after `offset_s` seconds.

        Of more than two channels their mean is added.

        Raises
        ------
        MediaError
            If the mix gets longer than an hour.
        """
        samples = resampled(sound, self._rate)
        if len(samples) > 2:
            samples = samples.mean(axis=0, keepdims=True)
        first = round(offset_s * self._rate)
        last = first + samples.shape[1]
        if last > LONGEST_S * self._rate:
            raise MediaError(f"The mix would be longer than {LONGEST_S / 60:.0f} minutes.")
        if len(samples) > len(self._sum):
            self._sum = np.repeat(self._sum, 2, axis=0)
        missing = last - self._sum.shape[1]
        if missing > 0:
            self._sum = np.pad(self._sum, ((0, 0), (0, missing)))
        self._sum[:, first:last] += np.float32(10.0 ** (gain_db / 20.0)) * samples

    @property
    def sound(self) -> Sound:
        """The mix; turned down as a whole where its peaks would not stay below full scale."""
        return limited(Sound(self._sum, self._rate))


def limited(sound: Sound) -> Sound:
    """Return a sound turned down as a whole, if need be, so that no peak is above -0.1 dB."""
    peak = float(np.abs(sound.samples).max(initial=0.0))
    if peak <= HIGHEST:
        return sound
    return Sound(sound.samples * np.float32(HIGHEST / peak), sound.sample_rate)


def resampled(sound: Sound, sample_rate: int) -> np.ndarray:
    """Return the samples of a sound at another rate, float32 (channels, n)."""
    if sound.sample_rate == sample_rate:
        return sound.samples
    import soxr

    made = soxr.resample(sound.samples.T, sound.sample_rate, sample_rate, quality="HQ")
    return np.ascontiguousarray(made.T, dtype=np.float32)
