"""Score files as the catalogue stores them: their tracks, bars, and what they say of themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from workbench.catalogue.bars import Bars
from workbench.catalogue.items import TagValue
from workbench.catalogue.keys import key_name
from workbench.catalogue.media import MediaInfo, describe_score
from workbench.symbolic.general_midi import DRUMS, family_of
from workbench.symbolic.maps import BPM
from workbench.symbolic.reading import read_score
from workbench.symbolic.score import Score

SOURCE = "score"
_CONTRADICTION = 0.1  # of a profile correlation: the notes speak against the signature
_LOOKED_AT = 64 * 2**10  # bytes
_OF_SCORES = (b"pitch", b"<score-partwise", b"<score-timewise", b"roll.npy")
_LONGEST_NOTE = 8.0  # quarters that count: a pedal point is not the key


@dataclass(frozen=True)
class ScoreTrack:
    """One instrument of a score that has notes: its place in the file, its name and tags."""

    number: int
    title: str
    tags: list[TagValue] = field(default_factory=list)


@dataclass(frozen=True)
class ScoreFile:
    """A score as the catalogue stores it.

    Attributes
    ----------
    media
        The file, with its bars.
    title, artist
        As the file says; empty where it does not.
    tags
        Of the whole: instruments, key and tempo, where they are known.
    tracks
        The instruments, where there are several.
    doubts
        What could not be read, a sentence each.
    """

    media: MediaInfo
    title: str = ""
    artist: str = ""
    tags: list[TagValue] = field(default_factory=list)
    tracks: list[ScoreTrack] = field(default_factory=list)
    doubts: tuple[str, ...] = ()


def is_meant_as_score(path: Path) -> bool:
    """Say whether a table or data file speaks of notes, though it may be broken."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_LOOKED_AT).lower()
    except OSError:
        return False
    return any(word in start for word in _OF_SCORES)


def describe_score_file(path: Path) -> ScoreFile:
    """Read a score whole and describe it.

    Raises
    ------
    MediaError
        If it cannot be read, see `workbench.symbolic.reading.read_score`.
    """
    score = read_score(path)
    media = describe_score(path, duration_s=score.end_s)
    families = [family_of(track) for track in score.tracks]
    common = [tag for tag in (_key(score), _tempo(score)) if tag is not None]
    return ScoreFile(
        media=replace(media, bars=Bars.of(score.bars[:, 1]).to_bytes()),
        title=score.title,
        artist=score.composer,
        tags=[*map(_instrument, dict.fromkeys(families)), *common],
        tracks=_tracks(score, families, common) if len(families) > 1 else [],
        doubts=score.doubts,
    )


def _tracks(score: Score, families: list[str], common: list[TagValue]) -> list[ScoreTrack]:
    names = [t.name or family for t, family in zip(score.tracks, families, strict=True)]
    doubled = {name for name, count in Counter(names).items() if count > 1}
    tracks = []
    for number, (name, family) in enumerate(zip(names, families, strict=True)):
        title = f"{name} {names[: number + 1].count(name)}" if name in doubled else name
        tags = [t for t in common if family != DRUMS or t.dimension != "key"]
        tracks.append(ScoreTrack(number, title, [_instrument(family), *tags]))
    return tracks


def _instrument(family: str) -> TagValue:
    return TagValue("instrument", family, SOURCE)


def _key(score: Score) -> TagValue | None:
    """Return the key by the first signature, None where the notes speak against it.

    A signature leaves the choice between a major key and its relative minor; the notes make it.
    Programs write C major into files that say nothing, which the notes show.
    """
    from workbench.features.key import key_correlations

    tonal = score.tonal
    if len(score.keys) == 0 or len(tonal) == 0:
        return None
    weights = np.minimum(tonal.notes["duration"], _LONGEST_NOTE)
    chroma = np.bincount(tonal.notes["pitch"] % 12, weights=weights, minlength=12)
    fit = key_correlations(chroma)
    major = int(score.keys[0, 1]) * 7 % 12
    minor = (major + 9) % 12
    if max(fit[major], fit[12 + minor]) < fit.max() - _CONTRADICTION:
        return None
    is_major = bool(fit[major] >= fit[12 + minor])
    return TagValue(
        "key", key_name(major if is_major else minor, major=is_major), SOURCE, weak=True
    )


def _tempo(score: Score) -> TagValue:
    """Return the tempo that holds for longest, in the beats one taps; weak where none is written.

    Where a file names no tempo it is played at 120 quarters a minute.
    """
    ends = np.append(score.seconds_of(score.tempi[1:, 0]), score.end_s)
    lengths = np.maximum(np.diff(ends, prepend=0.0), 0.0)
    order = np.argsort(score.tempi[:, 1], kind="stable")
    middle = np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)
    qpm = float(score.tempi[order[min(int(middle), len(order) - 1)], 1])
    bpm = round(qpm / felt_beat(*score.metres[0, 1:]), 1)
    unsaid = len(score.tempi) == 1 and qpm == BPM
    return TagValue("tempo", f"{bpm:g}", SOURCE, number=bpm, weak=unsaid)


def felt_beat(numerator: float, denominator: float) -> float:
    """Return the length of the beat one taps, in quarters: a dotted quarter in 6/8, a half in 2/2.

    Examples
    --------
    >>> felt_beat(6, 8), felt_beat(3, 4), felt_beat(2, 2), felt_beat(3, 8)
    (1.5, 1.0, 2.0, 0.5)
    """
    compound = denominator >= 8 and numerator % 3 == 0 and numerator > 3
    return (3.0 if compound else 1.0) * 4.0 / denominator
