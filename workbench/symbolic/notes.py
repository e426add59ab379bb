"""Notes as plain arrays, whatever file or library they came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import MediaError


@dataclass(frozen=True)
class Notes:
    """The notes of a score in the order of their onsets; all arrays have shape (n,).

    `onset_s` and `duration_s` are in seconds, `pitch` and `velocity` are MIDI numbers, `part`
    numbers the score's tracks from 0.
    """

    onset_s: np.ndarray
    duration_s: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    part: np.ndarray

    def __len__(self) -> int:
        return len(self.onset_s)

    def pitch_class_weights(self) -> np.ndarray:
        """Return the share of sounding time of the twelve pitch classes from C, float [12]."""
        weights = np.bincount(self.pitch % 12, weights=self.duration_s, minlength=12)
        return weights / max(weights.sum(), 1e-12)

    def onset_rate(self) -> float:
        """Return how many distinct moments per second have an onset (notes struck together: 1)."""
        if len(self) == 0:
            return 0.0
        moments = np.unique(np.round(self.onset_s, 3))
        end = float((self.onset_s + self.duration_s).max())
        return len(moments) / max(end - float(moments[0]), 1e-6)


def notes_of(score: Any) -> Notes:
    """Return the notes of a symusic score."""
    rows: list[np.ndarray] = []
    for part, track in enumerate(score.to("second").tracks):
        table: dict[str, Any] = track.notes.numpy()
        columns = [table[name] for name in ("time", "duration", "pitch", "velocity")]
        rows.append(np.column_stack([*columns, np.full(len(columns[0]), part)]))
    flat = np.concatenate(rows).astype(np.float64) if rows else np.zeros((0, 5))
    flat = flat[np.lexsort((flat[:, 2], flat[:, 0]))]
    onset, duration, pitch, velocity, part = flat.T
    return Notes(onset, duration, pitch.astype(int), velocity.astype(int), part.astype(int))


def read_notes(path: Path) -> Notes:
    """Read the notes of a MIDI file.

    Raises
    ------
    MediaError
        If the file is missing or no MIDI file.
    """
    import symusic

    try:
        return notes_of(symusic.Score(str(path)))
    except (OSError, RuntimeError, ValueError) as error:
        raise MediaError(f"{path.name}: cannot be read as MIDI ({error})") from error
