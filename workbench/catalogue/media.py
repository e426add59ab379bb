"""Media files: what a sound or score file holds, and its content hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import MediaError
from workbench.symbolic.reading import READABLE_SUFFIXES

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".wma", ".aiff", ".aif"}
)
SCORE_SUFFIXES = READABLE_SUFFIXES
SURE_SCORE_SUFFIXES = frozenset({".mid", ".midi", ".abc", ".musicxml", ".mxl"})
BROWSER_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus"})
PEAK_COUNT = 800


@dataclass(frozen=True)
class MediaInfo:
    """A file as the catalogue stores it.

    `peaks` is a uint8 outline of the waveform, `levels` what `audio.levels.Levels` stores, `bars`
    what `catalogue.bars.Bars` does.
    """

    sha256: str
    path: str
    format: str
    size_bytes: int
    playable_path: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    duration_s: float | None = None
    peaks: bytes | None = None
    loudness_lufs: float | None = None
    levels: bytes | None = None
    bars: bytes | None = None


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"cannot be read: {error.strerror}") from error


def waveform_outline(samples: np.ndarray, count: int = PEAK_COUNT) -> bytes:
    """Return `count` peak levels of a signal, 0 to 255, along its whole length.

    Parameters
    ----------
    samples
        The signal, shape (channels, n) or (n,), full scale 1.0.
    """
    samples = np.atleast_2d(samples)
    length = samples.shape[1]
    if length == 0:
        return b""
    edges = np.linspace(0, length, min(count, length) + 1).astype(int)[:-1]
    highest = np.maximum.reduceat(samples, edges, axis=1).max(axis=0)
    lowest = np.minimum.reduceat(samples, edges, axis=1).min(axis=0)
    peaks = np.maximum(highest, -lowest)
    return np.clip(peaks * 255, 0, 255).astype(np.uint8).tobytes()


def describe_audio(path: Path, *, playable_folder: Path | None = None) -> MediaInfo:
    """Decode a sound file whole and describe it.

    Parameters
    ----------
    path
        The file.
    playable_folder
        Where to keep a FLAC copy when browsers cannot play the format itself; without it none is
        made.

    Raises
    ------
    MediaError
        If the file cannot be decoded or holds no sound.
    """
    from workbench.audio.decode import decode, encode
    from workbench.audio.levels import Levels

    sound = decode(path)
    levels = Levels.of(sound.samples, sound.sample_rate)
    sha256 = content_hash(path)
    playable = None
    if playable_folder is not None and path.suffix.lower() not in BROWSER_SUFFIXES:
        playable = playable_folder / f"{sha256[:24]}.flac"
        if not playable.exists():
            few = sound.samples if len(sound.samples) <= 2 else sound.mono()
            encode(playable, few, sound.sample_rate)
    return MediaInfo(
        sha256=sha256,
        path=str(path),
        format=path.suffix.lower().lstrip("."),
        size_bytes=path.stat().st_size,
        playable_path=str(playable) if playable else None,
        sample_rate=sound.sample_rate,
        channels=sound.samples.shape[0],
        duration_s=sound.duration_s,
        peaks=waveform_outline(sound.samples),
        loudness_lufs=levels.loudness,
        levels=levels.to_bytes(),
    )


def describe_score(path: Path, *, duration_s: float | None = None) -> MediaInfo:
    """Describe a score file by its bytes; its notes are read where they are needed."""
    return MediaInfo(
        sha256=content_hash(path),
        path=str(path),
        format=path.suffix.lower().lstrip("."),
        size_bytes=path.stat().st_size,
        duration_s=duration_s,
    )
