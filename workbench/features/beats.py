"""Beats and bars of a recording: a beat tracker, and a guess at which beats begin bars."""

from __future__ import annotations

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE

METRES = (4, 3)
_FEWEST_BEATS = 8
_LOW_HZ = 180.0  # below: bass and bass drum, which mark the bar
_SPAN = 2.0  # beats of harmony compared on each side
_BASS = 0.5  # of the weight of harmony


def beat_times(samples: np.ndarray) -> np.ndarray:
    """Return when beats fall.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [n].

    Returns
    -------
    float64 [beats]
        In seconds; empty where there is no pulse.

    References
    ----------
    Ellis 2007, Beat tracking by dynamic programming (librosa's implementation).
    """
    import librosa

    if len(samples) < SAMPLE_RATE:
        return np.zeros(0)
    envelope = librosa.onset.onset_strength(
        y=samples, sr=SAMPLE_RATE, hop_length=HOP, aggregate=np.median
    )
    if not envelope.any():
        return np.zeros(0)
    _, frames = librosa.beat.beat_track(
        onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP, trim=False
    )
    return np.asarray(frames, dtype=np.float64) * HOP / SAMPLE_RATE


def bar_edges(samples: np.ndarray) -> np.ndarray:
    """Return where the bars of a recording begin, and after them where the last one ends.

    The metre, four or three beats, and the first beat of the bar are those for which beats that
    begin bars stand out most: by how much the harmony changes, and by the onsets of the bass.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [n].

    Returns
    -------
    float64 [bars + 1]
        In seconds, rising; empty where there is no pulse.
    """
    beats = beat_times(samples)
    if len(beats) < _FEWEST_BEATS:
        return np.zeros(0)
    metre, first = guess_metre(accents(samples, beats))
    length_s = len(samples) / SAMPLE_RATE
    downbeats = beats[first::metre]
    period = float(np.median(np.diff(beats))) * metre
    edges = [*downbeats, min(downbeats[-1] + period, length_s)]
    if first:  # what comes before the first whole bar
        edges.insert(0, max(0.0, downbeats[0] - period))
    kept = np.array(edges)
    return kept[np.append(True, np.diff(kept) > 1e-3)]


def guess_metre(strengths: np.ndarray) -> tuple[int, int]:
    """Return how many beats a bar has and which beat begins the first whole one.

    Parameters
    ----------
    strengths
        How much each beat stands out, float [beats].
    """
    best = (-np.inf, METRES[0], 0)
    spread = float(strengths.std()) or 1.0
    for metre in METRES:
        for phase in range(metre):
            on = np.zeros(len(strengths), dtype=bool)
            on[phase::metre] = True
            gain = (strengths[on].mean() - strengths[~on].mean()) / spread
            # What chance gives shrinks with the number of beats that are averaged.
            certainty = float(gain * np.sqrt(on.sum() * (~on).sum() / len(on)))
            best = max(best, (certainty, metre, phase), key=lambda each: each[0])
    return best[1], best[2]


def accents(samples: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Return how much each beat stands out by bass and change of harmony, float [beats]."""
    import librosa

    power = np.abs(librosa.stft(samples, n_fft=4 * HOP, hop_length=HOP)) ** 2
    low = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=4 * HOP) < _LOW_HZ
    chroma = librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, n_fft=4 * HOP, tuning=0.0)
    bass = _standardised(_at_beats(_rises(power[low]), beats))
    return _BASS * bass + _standardised(_harmony_change(chroma, beats))


def _rises(power: np.ndarray) -> np.ndarray:
    """Return how much louder each frame is than the one before, float [frames]."""
    level = np.log1p(1e3 * power / max(float(power.max()), 1e-12)).sum(axis=0)
    return np.maximum(np.diff(level, prepend=level[:1]), 0.0)


def _at_beats(curve: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Return the largest value within two frames of each beat."""
    frames = np.round(beats * SAMPLE_RATE / HOP).astype(int)
    around = np.clip(frames[:, None] + np.arange(-2, 3), 0, len(curve) - 1)
    return curve[around].max(axis=1)


def _harmony_change(chroma: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Return one minus the cosine of the harmony before and after each beat, float [beats]."""
    frames = np.round(beats * SAMPLE_RATE / HOP).astype(int)
    width = max(int(np.median(np.diff(frames)) * _SPAN), 1)
    total = np.concatenate([np.zeros((12, 1)), np.cumsum(chroma, axis=1)], axis=1)
    last = total.shape[1] - 1
    middle = np.clip(frames, 0, last)
    before = total[:, middle] - total[:, np.clip(frames - width, 0, last)]
    after = total[:, np.clip(frames + width, 0, last)] - total[:, middle]
    norms = np.linalg.norm(before, axis=0) * np.linalg.norm(after, axis=0)
    change = 1.0 - (before * after).sum(axis=0) / np.maximum(norms, 1e-9)
    return np.where(norms > 1e-6, change, 0.0)


def _standardised(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / (values.std() or 1.0)
