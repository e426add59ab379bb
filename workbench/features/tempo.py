"""Tempo: the octave-folded tempogram of a whole item, and an estimate in bpm."""

from __future__ import annotations

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE

BINS = 60
SLOWEST, FASTEST = 30.0, 480.0  # bpm: four octaves
_FRAME_RATE = SAMPLE_RATE / HOP
_BLUR = np.hanning(7) / np.hanning(7).sum()


def tempo_strengths(envelope: np.ndarray, bpm: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of an onset envelope at the lags of given tempi.

    Parameters
    ----------
    envelope
        Onset strength, float32 [frames].
    bpm
        Tempi, float [n].

    Returns
    -------
    float64 [n], at most about 1; 0 for lags longer than half the item.
    """
    x = envelope - envelope.mean() if len(envelope) else np.zeros(1)
    size = int(2 ** np.ceil(np.log2(2 * len(x))))
    spectrum = np.fft.rfft(x, size)
    correlation = np.fft.irfft(spectrum * spectrum.conj(), size)[: len(x)]
    if correlation[0] <= 0:
        return np.zeros(len(bpm))
    # Fewer frames overlap at longer lags; without this the short lags always win.
    correlation = correlation / correlation[0] * len(x) / np.arange(len(x), 0, -1)
    usable = max(len(x) // 2, 1)
    lags = 60.0 * _FRAME_RATE / bpm
    return np.interp(lags, np.arange(usable), correlation[:usable], right=0.0)


def folded_tempogram(envelope: np.ndarray) -> np.ndarray:
    """Return the autocorrelation of the whole item folded onto one octave of log-tempo.

    Returns
    -------
    float32 [60], non-negative; bin 0 is 30, 60, 120 and 240 bpm. Tempi an octave apart share a
    bin, as in the cyclic tempogram of Grosche, Mueller and Kurth 2010.
    """
    octaves = int(np.log2(FASTEST / SLOWEST))
    grid = SLOWEST * 2.0 ** (np.arange(BINS * octaves) / BINS)
    strengths = np.maximum(tempo_strengths(envelope, grid), 0.0)
    return strengths.reshape(octaves, BINS).sum(axis=0).astype(np.float32)


def estimate_tempo(envelope: np.ndarray) -> float | None:
    """Return the most likely tempo in bpm, None where there is no pulse.

    The strongest lag between 40 and 240 bpm under a log-normal preference around 110 bpm with a
    deviation of one octave, placed between frames by a parabola. A tempo borrows half the strength
    of the one half as fast, since beats are grouped, and 0.15 of the one twice as fast, since they
    are often divided. The octave remains a guess.
    """
    if len(envelope) < len(_BLUR):
        return None
    blurred = np.convolve(envelope, _BLUR, "same")  # pulses fall between frames
    grid = 40.0 * 2.0 ** np.linspace(0, np.log2(6), 512)
    preference = np.exp(-0.5 * np.log2(grid / 110.0) ** 2)
    same, grouped, divided = (
        np.maximum(tempo_strengths(blurred, bpm), 0.0) for bpm in (grid, grid / 2, grid * 2)
    )
    strengths = (same + 0.5 * grouped + 0.15 * divided) * preference
    if strengths.max() <= 0:
        return None
    lag = round(60.0 * _FRAME_RATE / grid[strengths.argmax()])
    before, peak, after = tempo_strengths(blurred, 60.0 * _FRAME_RATE / (lag + np.arange(-1, 2)))
    bend = before - 2 * peak + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(60.0 * _FRAME_RATE / (lag + np.clip(shift, -0.5, 0.5)))
