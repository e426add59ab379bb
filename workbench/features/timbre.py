"""Timbre: statistics of mel-frequency cepstra and of the spectrum's shape per segment."""

from __future__ import annotations

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE, SEGMENT_S, segment_starts

COEFFICIENTS = 20
WIDTH = 3 * COEFFICIENTS + 2 * 8


def timbre_statistics(samples: np.ndarray) -> np.ndarray:
    """Return the timbre of an item as the mean over its 3 s segments, float32 [76].

    Mean and deviation of 20 MFCCs and deviation of their change, then mean and deviation of
    spectral contrast (7 bands) and centroid (log).

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    """
    import librosa

    magnitude = np.abs(librosa.stft(samples, n_fft=2048, hop_length=HOP))
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=SAMPLE_RATE, n_mels=64)
    mfcc = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=COEFFICIENTS)
    shape = np.concatenate(
        [
            librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE),
            np.log(librosa.feature.spectral_centroid(S=magnitude, sr=SAMPLE_RATE) + 1.0),
        ]
    )
    segment = max(round(SEGMENT_S * SAMPLE_RATE / HOP), 1)
    parts = []
    for start in segment_starts(mfcc.shape[1], segment):
        cepstra, form = mfcc[:, start : start + segment], shape[:, start : start + segment]
        change = np.diff(cepstra, axis=1) if cepstra.shape[1] > 1 else np.zeros_like(cepstra)
        parts.append(
            np.concatenate(
                [
                    cepstra.mean(axis=1),
                    cepstra.std(axis=1),
                    change.std(axis=1),
                    form.mean(axis=1),
                    form.std(axis=1),
                ]
            )
        )
    return np.mean(parts, axis=0).astype(np.float32)
