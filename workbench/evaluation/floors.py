"""Floors: what must be beaten before a model has learned anything.

Conventions
-----------
A floor is a set of item vectors that nobody trained for similarity, with the distance it is used
with; it answers the same triplets as the model. Signals are mono at 22.05 kHz; frames are 46 ms
long and 23 ms apart, as those of the mel spectrogram.

Metrics
-------
`mfcc_statistics`
    Mean and deviation of 13 MFCCs, their first and second differences.
`mfcc_histograms`
    The same frames quantised by a k-means codebook of up to 1024 words and counted (MFCC-VQ), the
    baseline of Lee et al. 2020, table 3 (0.654 on their human triplets).
`workbench.evaluation.report.against_floor`
    Triplets answered by a floor, beside a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.features.spectral import HOP, SAMPLE_RATE, WINDOW

COEFFICIENTS = 13
FRAME_WIDTH = 3 * COEFFICIENTS
WORDS = 1024
CHANCE = 0.5
_FRAMES_PER_WORD = 20  # fewer, and words are single frames
_FRAMES_IN_ALL = 100_000  # more make slower, not better words


@dataclass(frozen=True)
class Floor:
    """Vectors nobody trained for similarity, float32 [n, d], and the distance to use."""

    vectors: np.ndarray
    distance: str


def mfcc_frames(samples: np.ndarray) -> np.ndarray:
    """Return 13 MFCCs, their first and second differences per frame, float32 [frames, 39].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples]; silence is added to less than a frame.
    """
    import librosa

    mfcc = librosa.feature.mfcc(
        y=np.pad(np.asarray(samples, dtype=np.float32), (0, max(0, WINDOW - len(samples)))),
        sr=SAMPLE_RATE,
        n_mfcc=COEFFICIENTS,
        n_fft=WINDOW,
        hop_length=HOP,
    )
    changes = [librosa.feature.delta(mfcc, order=order, mode="nearest") for order in (1, 2)]
    return np.concatenate([mfcc, *changes]).T.astype(np.float32)


def frame_statistics(frames: np.ndarray) -> np.ndarray:
    """Return mean and deviation of frames [frames, width], float32 [2 * width]."""
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)]).astype(np.float32)


def mfcc_statistics(samples: np.ndarray) -> np.ndarray:
    """Return mean and deviation of the MFCC frames of a signal, float32 [78].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [samples].
    """
    return frame_statistics(mfcc_frames(samples))


@dataclass(frozen=True)
class Codebook:
    """A vocabulary of frames.

    Attributes
    ----------
    mean, scale : float32 [width]
        Frames are standardised by these.
    words : float32 [k, width]
        The centres of the clusters.
    """

    mean: np.ndarray
    scale: np.ndarray
    words: np.ndarray

    def nearest(self, frames: np.ndarray) -> np.ndarray:
        """Return the number of the word nearest to each frame, int64 [frames]."""
        z = (frames - self.mean) / self.scale
        return ((self.words**2).sum(axis=1) - 2 * z @ self.words.T).argmin(axis=1)


def mfcc_codebook(
    frames: Sequence[np.ndarray],
    *,
    size: int = WORDS,
    at_most: int = _FRAMES_IN_ALL,
    seed: int = 0,
) -> Codebook:
    """Return a codebook learned from the frames of several items by k-means.

    Parameters
    ----------
    frames
        The frames of each item, float32 [frames, width] each.
    size
        How many words at most; few frames make fewer.
    at_most
        How many frames take part, of each item equally many at most, so that long ones do not
        rule.
    seed
        One seed gives one codebook.
    """
    from sklearn.cluster import MiniBatchKMeans

    rng = np.random.default_rng(seed)
    per_item = max(1, at_most // len(frames))
    some = [
        f if len(f) <= per_item else f[rng.choice(len(f), per_item, replace=False)] for f in frames
    ]
    x = np.concatenate(some).astype(np.float32)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-6] = 1.0
    words = min(size, max(1, len(x) // _FRAMES_PER_WORD))
    clusters = MiniBatchKMeans(
        words, batch_size=4096, n_init=1, max_iter=30, random_state=seed, reassignment_ratio=0.0
    ).fit((x - mean) / scale)
    return Codebook(mean, scale, clusters.cluster_centers_.astype(np.float32))


def mfcc_histograms(frames: Sequence[np.ndarray], codebook: Codebook) -> np.ndarray:
    """Return how often each word occurs in each item, float32 [items, words]; rows sum to 1."""
    size = len(codebook.words)
    counts = [np.bincount(codebook.nearest(f), minlength=size) / len(f) for f in frames]
    return np.array(counts, dtype=np.float32).reshape(len(frames), size)


def standardised(vectors: np.ndarray) -> np.ndarray:
    """Return columns with mean 0 and deviation 1, float32 [n, d]; constant ones become 0."""
    scale = vectors.std(axis=0)
    return ((vectors - vectors.mean(axis=0)) / np.where(scale < 1e-6, 1.0, scale)).astype(
        np.float32
    )
