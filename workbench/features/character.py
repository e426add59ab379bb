"""Character: the scale an item moves in and how it moves, whatever its key and octave of tempo.

Mood needs what key and folded tempo leave out on purpose: major or minor on any tonic, fast or
slow in absolute terms, dense or sparse, even or changing.
"""

from __future__ import annotations

import numpy as np

from workbench.features.key import key_correlations
from workbench.features.spectral import HOP, SAMPLE_RATE
from workbench.features.tempo import estimate_tempo, tempo_strengths

WIDTH = 12
_FRAME_RATE = SAMPLE_RATE / HOP


def degree_profile(chroma: np.ndarray) -> np.ndarray:
    """Return the chroma from the estimated tonic upwards, as shares of its sum, float32 [12]."""
    tonic = int(key_correlations(chroma).argmax()) % 12
    return (np.roll(chroma, -tonic) / (chroma.sum() + 1e-9)).astype(np.float32)


def movement(
    samples: np.ndarray, envelope: np.ndarray, chroma: np.ndarray, chromagram: np.ndarray
) -> np.ndarray:
    """Return twelve numbers that describe how an item moves, float32 [12].

    Major against minor and clearness of the key; logarithm of the tempo and clearness of the
    pulse; rate of onsets (log), their mean strength, its deviation and the share of strong
    frames; entropy of the scale degrees and speed of harmonic change; level (log) and its
    relative deviation.

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    envelope
        Onset strength, float32 [frames].
    chroma
        Mean chroma of the item, float [12].
    chromagram
        CENS, float32 [12, frames].
    """
    import librosa

    keys = key_correlations(chroma)
    degrees = degree_profile(chroma)
    bpm = estimate_tempo(envelope) or 100.0
    onsets = librosa.onset.onset_detect(
        onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP, units="frames"
    )
    every = max(int(_FRAME_RATE / 4), 1)
    change = np.diff(chromagram[:, ::every], axis=1)
    level = librosa.feature.rms(y=samples)[0]
    return np.array(
        [
            keys[:12].max() - keys[12:].max(),
            keys.max(),
            np.log2(bpm),
            tempo_strengths(envelope, np.array([bpm]))[0],
            np.log(len(onsets) / (len(samples) / SAMPLE_RATE) + 0.1),
            envelope.mean(),
            envelope.std(),
            (envelope > envelope.mean()).mean(),
            -(degrees * np.log(degrees + 1e-9)).sum(),
            np.linalg.norm(change, axis=0).mean() if change.size else 0.0,
            np.log(level.mean() + 1e-4),
            level.std() / (level.mean() + 1e-6),
        ],
        dtype=np.float32,
    )
