"""Key: correlations of an item's chroma with the 24 key profiles, and the best of them."""

from __future__ import annotations

import numpy as np

from workbench.features.spectral import SAMPLE_RATE

# Probe-tone ratings of Krumhansl and Kessler 1982 (Krumhansl 1990, table 2.1).
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
PROFILES = np.stack([np.roll(p, k) for p in (_MAJOR, _MINOR) for k in range(12)])
# Shares of the notes of 982 pieces (Albrecht and Shanahan 2013): what a key uses, and so what finds
# it, where the ratings above say what fits it when heard.
_USED_MAJOR = np.array([238, 6, 111, 6, 137, 94, 16, 214, 9, 80, 8, 81])
_USED_MINOR = np.array([220, 6, 104, 123, 19, 103, 12, 214, 62, 22, 61, 52])
_USED = np.stack([np.roll(p, k) for p in (_USED_MAJOR, _USED_MINOR) for k in range(12)])
_WINDOW = 4096
_HIGHEST_BIN = 930  # 5 kHz: above it are few fundamentals and much noise


def harmonic_chroma(samples: np.ndarray) -> np.ndarray:
    """Return the mean chroma of the harmonic part of a whole item, float32 [12].

    The spectrogram is split by median filters (Fitzgerald 2010) so that drums do not blur it, and
    each frame counts the same however loud it is.
    """
    import librosa

    magnitude = np.abs(librosa.stft(samples, n_fft=_WINDOW, hop_length=_WINDOW))
    harmonic = np.zeros_like(magnitude)
    low, filters = magnitude[:_HIGHEST_BIN], (15, 31)  # 15 frames are 2.8 s
    harmonic[:_HIGHEST_BIN] = librosa.decompose.hpss(low, kernel_size=filters)[0]
    tuning = librosa.estimate_tuning(S=harmonic, sr=SAMPLE_RATE, n_fft=_WINDOW)
    chroma = librosa.feature.chroma_stft(
        S=harmonic**2, sr=SAMPLE_RATE, n_fft=_WINDOW, tuning=tuning
    )
    return chroma.mean(axis=1).astype(np.float32)


def key_correlations(chroma: np.ndarray, *, profiles: np.ndarray = PROFILES) -> np.ndarray:
    """Return Pearson's correlation of a chroma vector with each key profile.

    Parameters
    ----------
    chroma
        Strength per pitch class from C, float [12].
    profiles
        One per key, float [24, 12].

    Returns
    -------
    float32 [24]: C to B major, then C to B minor; zeros for a chroma without contrast.
    """
    chroma = np.asarray(chroma, dtype=np.float64)
    x = chroma - chroma.mean()
    norm = np.linalg.norm(x)
    if norm <= 1e-6 * np.linalg.norm(chroma):
        return np.zeros(24, dtype=np.float32)
    profiles = profiles - profiles.mean(axis=1, keepdims=True)
    profiles = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    return (profiles @ (x / norm)).astype(np.float32)


def estimate_key(chroma: np.ndarray) -> tuple[int, bool] | None:
    """Return (pitch class of the tonic, is major) of the likeliest key, None without contrast.

    Parameters
    ----------
    chroma
        Strength per pitch class from C, float [12], such as the mean over the frames of
        `workbench.features.cens.constant_q_chroma`, or `harmonic_chroma` where drums are loud.

    Notes
    -----
    Where two keys fit equally well, the first of C to B major, then C to B minor.
    """
    correlations = key_correlations(chroma, profiles=_USED)
    if not np.any(correlations):
        return None
    best = int(np.argmax(correlations))
    return best % 12, best < 12
