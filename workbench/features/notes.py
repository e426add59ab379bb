"""What networks read of notes: the same three arrays as of sound, computed from a score.

A window of notes becomes a vector of statistics, a chromagram like CENS, and a roll of pitch bands
(of drum sounds, where drums play), on the time axes of `workbench.features.reduced`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workbench.features.character import degree_profile
from workbench.features.key import key_correlations
from workbench.features.reduced import BANDS, BANDS_EVERY, CHROMA_EVERY
from workbench.features.spectral import HOP, SAMPLE_RATE
from workbench.features.tempo import estimate_tempo, folded_tempogram, tempo_strengths

COLUMNS = ("onset_s", "duration_s", "pitch", "velocity", "program", "drum")
FAMILIES = 16  # General MIDI's, of eight programs each
DRUM_SOUNDS = 12
TONAL_WIDTH, DRUM_WIDTH = 134, 78
_FRAME_RATE = SAMPLE_RATE / HOP
_LOWEST, _HIGHEST = 21, 109  # keys of a piano
_SMOOTH_S = 0.95  # CENS smooths as long
_DECAY = 0.5  # of a drum from one column to the next
_PULSE = np.hanning(5)[1:-1]
# Kick, snare, closed and open hi-hat, low and high toms, crash, ride, shaken, congas, wood; others.
_DRUMS = (
    (35, 36), (37, 38, 39, 40), (42, 44), (46,), (41, 43, 45), (47, 48, 50), (49, 52, 55, 57),
    (51, 53, 59), (54, 56, 58, 69, 70, 82), (60, 61, 62, 63, 64), (65, 66, 67, 68, 75, 76, 77),
)  # fmt: skip
_DRUM_OF = np.full(128, DRUM_SOUNDS - 1)
for _sound, _pitches in enumerate(_DRUMS):
    _DRUM_OF[list(_pitches)] = _sound


class NoteFeatures(NamedTuple):
    """A window of notes as arrays.

    Attributes
    ----------
    vector : float32 [134] or [78]
        Statistics of tonal notes, or of drums.
    chroma : float32 [12, columns]
        10.8 columns a second; zeros for drums.
    bands : float32 [24 or 12, columns]
        21.5 columns a second.
    """

    vector: np.ndarray
    chroma: np.ndarray
    bands: np.ndarray


def tonal_features(notes: np.ndarray, seconds: float) -> NoteFeatures:
    """Return what a network reads of the tonal notes of a window.

    Parameters
    ----------
    notes
        float [n, 6], see `COLUMNS`; those of drums are passed over.
    seconds
        Length of the window.
    """
    notes = notes[notes[:, 5] == 0]
    onset, duration, pitch, velocity, program = notes[:, :5].T
    envelope = _onset_envelope(onset, velocity, seconds)
    held = np.bincount(pitch.astype(int) % 12, weights=np.minimum(duration, 4.0), minlength=12)
    family = np.bincount(program.astype(int) // 8, weights=duration, minlength=FAMILIES)
    shares = held / max(held.sum(), 1e-9)
    vector = np.concatenate(
        [
            shares,
            degree_profile(held),
            key_correlations(held),
            folded_tempogram(envelope),
            np.sqrt(family / max(family.sum(), 1e-9)),
            [
                pitch.mean() / 64 - 1 if len(pitch) else 0.0,
                pitch.std() / 12 if len(pitch) else 0.0,
                np.log(duration.mean() + 0.05) if len(pitch) else 0.0,
                np.log(duration + 0.05).std() if len(pitch) else 0.0,
                np.log(duration.sum() / seconds + 0.1),
            ],
            _movement(onset, velocity, envelope, seconds)[:5],
        ]
    )
    return NoteFeatures(
        vector.astype(np.float32),
        _chroma(onset, duration, pitch, velocity, seconds),
        _pitch_bands(onset, duration, pitch, velocity, seconds),
    )


def drum_features(notes: np.ndarray, seconds: float) -> NoteFeatures:
    """Return what a network reads of the drums of a window; see `tonal_features`."""
    notes = notes[notes[:, 5] > 0]
    onset, velocity = notes[:, 0], notes[:, 3]
    sound = _DRUM_OF[np.clip(notes[:, 2].astype(int), 0, 127)]
    envelope = _onset_envelope(onset, velocity, seconds)
    struck = np.bincount(sound, weights=velocity, minlength=DRUM_SOUNDS)
    vector = np.concatenate(
        [
            np.sqrt(struck / max(struck.sum(), 1e-9)),
            folded_tempogram(envelope),
            _movement(onset, velocity, envelope, seconds),
        ]
    )
    columns = chroma_columns(seconds)
    return NoteFeatures(
        vector.astype(np.float32),
        np.zeros((12, columns), np.float32),
        _drum_bands(onset, sound, velocity, seconds),
    )


def note_shares(notes: np.ndarray) -> tuple[float, float]:
    """Return whether there are tonal notes and whether there are drums, 0 or 1 each."""
    drums = notes[:, 5] > 0
    return float((~drums).any()), float(drums.any())


def chroma_columns(seconds: float) -> int:
    """Return the columns of the chromagram of a window."""
    return int(seconds * SAMPLE_RATE) // HOP // CHROMA_EVERY


def band_columns(seconds: float) -> int:
    """Return the columns of the bands of a window."""
    return int(seconds * SAMPLE_RATE) // HOP // BANDS_EVERY


def _movement(
    onset: np.ndarray, velocity: np.ndarray, envelope: np.ndarray, seconds: float
) -> np.ndarray:
    """Return pace, density, strength, its spread, tempo and clearness of the pulse, float [6]."""
    if not len(onset):
        return np.zeros(6)
    moments = len(np.unique(np.round(onset, 2)))
    bpm = estimate_tempo(envelope) or 100.0
    return np.array(
        [
            np.log(moments / seconds + 0.1),
            np.log(len(onset) / seconds + 0.1),
            velocity.std() / 32,
            np.log2(bpm) - 6.6,
            tempo_strengths(envelope, np.array([bpm]))[0],
            velocity.mean() / 64 - 1,
        ]
    )


def _onset_envelope(onset: np.ndarray, velocity: np.ndarray, seconds: float) -> np.ndarray:
    """Return onset strength at the frame rate of sound, float [frames]."""
    frames = 1 + int(seconds * SAMPLE_RATE) // HOP
    place = np.clip(np.round(onset * _FRAME_RATE).astype(int), 0, frames - 1)
    envelope = np.bincount(place, weights=velocity / 127, minlength=frames)
    return np.convolve(np.log1p(4 * envelope), _PULSE, "same")


def _chroma(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, seconds: float
) -> np.ndarray:
    """Return pitch classes over time, smoothed, columns of unit length, float32 [12, columns]."""
    columns = chroma_columns(seconds)
    rate = _FRAME_RATE / CHROMA_EVERY
    roll = _held(onset, duration, pitch.astype(int) % 12, velocity, 12, columns, rate)
    taps = int(_SMOOTH_S * rate) | 1
    window = np.hanning(taps + 2)[1:-1]
    smooth = np.stack([np.convolve(np.sqrt(row), window, "same") for row in roll])
    smooth = smooth[:, (smooth.shape[1] - columns) // 2 :][:, :columns]
    return (smooth / (np.linalg.norm(smooth, axis=0) + 1e-6)).astype(np.float32)


def _pitch_bands(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, velocity: np.ndarray, seconds: float
) -> np.ndarray:
    """Return how strongly each band of pitches sounds, float32 [24, columns]."""
    band = (pitch - _LOWEST) * BANDS / (_HIGHEST - _LOWEST)
    band = np.clip(band, 0, BANDS - 1).astype(int)
    rate = _FRAME_RATE / BANDS_EVERY
    roll = _held(onset, duration, band, velocity, BANDS, band_columns(seconds), rate)
    return np.log1p(3 * roll).astype(np.float32)


def _held(
    onset: np.ndarray,
    duration: np.ndarray,
    row: np.ndarray,
    velocity: np.ndarray,
    rows: int,
    columns: int,
    rate: float,
) -> np.ndarray:
    """Return a roll of what is held, weighted by velocity, float64 [rows, columns]."""
    begin = np.clip((onset * rate).astype(int), 0, columns)
    end = np.clip(np.ceil((onset + duration) * rate).astype(int), begin + 1, columns + 1)
    changes = np.zeros((rows, columns + 2))
    np.add.at(changes, (row, begin), velocity / 127)
    np.add.at(changes, (row, end), -velocity / 127)
    return np.maximum(np.cumsum(changes, axis=1)[:, :columns], 0.0)


def _drum_bands(
    onset: np.ndarray, sound: np.ndarray, velocity: np.ndarray, seconds: float
) -> np.ndarray:
    """Return when each drum is struck, fading, float32 [12, columns]."""
    columns = band_columns(seconds)
    place = np.clip((onset * _FRAME_RATE / BANDS_EVERY).astype(int), 0, columns - 1)
    struck = np.zeros((DRUM_SOUNDS, columns))
    np.maximum.at(struck, (sound, place), velocity / 127)
    for column in range(1, columns):
        struck[:, column] = np.maximum(struck[:, column], _DECAY * struck[:, column - 1])
    return struck.astype(np.float32)
