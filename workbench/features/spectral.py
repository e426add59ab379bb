"""The three input representations of Ribecky et al. 2021, section 3.1, on one time axis.

Mel spectrogram, CENS chromagram and autocorrelation tempogram share sample rate, window and hop,
so that a segment is the same columns in each. CENS and the tempogram look beyond three seconds
(smoothing, autocorrelation window): compute them on the whole item, then cut.
"""

from __future__ import annotations

import numpy as np

SAMPLE_RATE = 22050
WINDOW = 1024  # 46 ms at 22.05 kHz; the paper's "23 ms" is its hop
HOP = 512
MEL_BANDS = 128
TEMPOGRAM_LAGS = 384
SEGMENT_S = 3.0
_MEL_MEAN, _MEL_STD = 0.2, 0.25  # fixed by Lee et al. 2020


def mel_spectrogram(samples: np.ndarray, *, standardise: bool = True) -> np.ndarray:
    """Return the log-compressed mel spectrogram, float32 [128, frames].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    standardise
        Subtract 0.2 and divide by 0.25, as the authors' networks expect.

    Notes
    -----
    ``log10(1 + 10 S)`` of the mel bands of the magnitude spectrogram (section 3.1).
    """
    import librosa

    magnitude = np.abs(librosa.stft(samples, n_fft=WINDOW, hop_length=HOP))
    bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MEL_BANDS)
    mel = np.log10(1.0 + 10.0 * (bank @ magnitude))
    return ((mel - _MEL_MEAN) / _MEL_STD if standardise else mel).astype(np.float32)


def cens(samples: np.ndarray) -> np.ndarray:
    """Return the chroma energy normalised statistics, float32 [12, frames].

    Mueller and Ewert 2011: constant-Q chroma, quantised and smoothed over 41 frames.
    """
    import librosa

    return librosa.feature.chroma_cens(y=samples, sr=SAMPLE_RATE, hop_length=HOP).astype(np.float32)


def onset_envelope(samples: np.ndarray) -> np.ndarray:
    """Return the onset strength (spectral flux of the mel bands), float32 [frames]."""
    import librosa

    return librosa.onset.onset_strength(
        y=samples, sr=SAMPLE_RATE, n_fft=WINDOW, hop_length=HOP
    ).astype(np.float32)


def tempogram(envelope: np.ndarray) -> np.ndarray:
    """Return the local autocorrelation of an onset envelope, float32 [384, frames].

    The paper calls it the cyclic tempogram and gives 384 bins: that is librosa's autocorrelation
    tempogram over lags, not folded by octave.
    """
    import librosa

    return librosa.feature.tempogram(
        onset_envelope=envelope, sr=SAMPLE_RATE, hop_length=HOP, win_length=TEMPOGRAM_LAGS
    ).astype(np.float32)


def segment_starts(length: int, segment: int) -> np.ndarray:
    """Return where the non-overlapping segments of a signal begin.

    A signal shorter than one segment is one segment; a remainder at the end is left out, as in
    section 4.1 of the paper.
    """
    return np.arange(max(length // segment, 1)) * segment
