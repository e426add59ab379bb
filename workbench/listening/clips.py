"""Clips: which seconds of a recording a rater hears, how loud, and their waveform."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.audio.levels import Levels
from workbench.catalogue.heard import Heard
from workbench.catalogue.tables import Item, Media
from workbench.errors import MediaError, NotReadyError, UnknownNameError
from workbench.urls import audio_url

if TYPE_CHECKING:
    from workbench.workspace import Workspace

HIGHEST_PEAK_DB = -1.0  # below full scale
_COMPARED = 3  # items of a triplet
_KEPT = 200  # files: a triplet is looked at before it is claimed, shown and answered
MOST_GAIN_DB = 30.0  # a clip that would need more is all but silent, and stays so


@dataclass(frozen=True)
class Clip:
    """An excerpt of one item.

    `url` is relative to the server's base URL; `start_s` and `length_s` are seconds of the file;
    `gain_db` brings it to the loudness of the others; `peaks` are waveform levels 0 to 255 along
    the excerpt.
    """

    item_id: int
    title: str
    artist: str
    url: str
    start_s: float
    length_s: float
    gain_db: float
    peaks: list[int] = field(repr=False)


class Clips:
    """The sounds of a workspace that can be heard, as excerpts of one length.

    Parameters
    ----------
    ws
        The workspace.
    clip_s
        Seconds of each excerpt, None for whole recordings; shorter ones are heard whole.
    target_lufs
        How loud they are played.
    """

    def __init__(self, ws: Workspace, clip_s: float | None, *, target_lufs: float = -23.0) -> None:
        self._ws = ws
        self._heard: dict[int, Heard] = {}  # files that have been heard or are about to be
        self._silent: set[int] = set()
        self._notes: list[str] = []
        self._target = target_lufs
        self.clip_s = clip_s

    def items(self) -> list[int]:
        """Return the ids of the songs that have a sound, without those that are silent.

        Where there are not three recordings, they are the scores: what was rendered is not compared
        with what was recorded, unless a task names both.
        """
        songs = self.songs()
        sounds = [item_id for item_id, domain in songs.items() if domain == "audio"]
        scores = [item_id for item_id, domain in songs.items() if domain == "symbolic"]
        return sounds if len(sounds) >= _COMPARED or len(scores) < _COMPARED else scores

    def songs(self) -> dict[int, str]:
        """Return the domain of every song that can be heard, scores included."""
        heard = sa.or_(Media.levels.is_(None), Media.loudness_lufs.is_not(None))
        query = (
            sa.select(Item.id, Item.domain)
            .join(Media, Item.media_id == Media.id)
            .where(Item.kind == "song", heard)
            .order_by(Item.id)
        )
        with self._ws.database.read() as transaction:
            rows = transaction.execute(query).all()
        return {row.id: row.domain for row in rows if row.id not in self._silent}

    def can_play(self, items: Sequence[int]) -> bool:
        """Return whether all files are there; one that is not is noted and avoided."""
        for item_id in items:
            if item_id in self._silent:
                return False
            try:
                self._file(item_id)
            except (MediaError, UnknownNameError, NotReadyError) as error:
                self.avoid(item_id, str(error))
                return False
        return True

    def avoid(self, item_id: int, reason: str) -> None:
        """Play `item_id` no more, and say so with the next trial."""
        self._silent.add(item_id)
        self._notes.append(f"A song was passed over. {reason}")

    def take_notes(self) -> str:
        """Return what has been noted since the last call."""
        notes, self._notes = self._notes, []
        return " ".join(notes)

    def excerpts(self, items: Sequence[int]) -> list[Clip]:
        """Return the excerpts of items that are compared, equally loud, in the order given."""
        query = sa.select(Item.id, Item.title, Item.artist).where(Item.id.in_(list(items)))
        with self._ws.database.read() as transaction:
            rows = {row.id: row for row in transaction.execute(query)}
        files = [self._file(item_id) for item_id in items]
        spans = [self._span(file) for file in files]
        excerpts = [file.levels.excerpt(*span) for file, span in zip(files, spans, strict=True)]
        gains = equal_gains(excerpts, self._target)
        return [
            Clip(
                item_id=item_id,
                title=rows[item_id].title,
                artist=rows[item_id].artist,
                url=audio_url(self._ws.id, item_id),
                start_s=start,
                length_s=length,
                gain_db=round(gain, 2),
                peaks=clip_peaks(file.peaks, file.duration_s, start, length),
            )
            for item_id, file, (start, length), gain in zip(items, files, spans, gains, strict=True)
        ]

    def _file(self, item_id: int) -> Heard:
        """Return what is played of an item; the catalogue is asked once while the file stays."""
        kept = self._heard.pop(item_id, None)
        if kept is None or os.path.realpath(kept.path) != str(kept.path) or not kept.path.is_file():
            kept = self._ws.catalogue.heard(item_id)
        self._heard[item_id] = kept  # the latest last
        if len(self._heard) > _KEPT:
            del self._heard[next(iter(self._heard))]
        return kept

    def _span(self, file: Heard) -> tuple[float, float]:
        """Return where the excerpt begins and how long it is, in seconds."""
        duration = file.duration_s
        if self.clip_s is None:
            return 0.0, duration
        if duration <= self.clip_s:
            return 0.0, duration or self.clip_s
        start = min(file.levels.most_active(self.clip_s), duration - self.clip_s)
        return start, self.clip_s


def equal_gains(levels: Sequence[Levels], target_lufs: float) -> list[float]:
    """Return the gains in dB that make excerpts equally loud, all peaks below -1 dB.

    They are brought to the target, or as near to it as the one that has the least room allows:
    to turn down only that one would make it the quiet one.

    Examples
    --------
    >>> quiet = Levels(np.full(20, 1e-4), np.full(20, 0.02))
    >>> loud = Levels(np.full(20, 1e-2), np.full(20, 0.2))
    >>> [round(gain, 1) for gain in equal_gains([quiet, loud], -23.0)]
    [17.7, -2.3]
    """
    loudness = [each.loudness for each in levels]
    reached = [target_lufs]
    for each, loud in zip(levels, loudness, strict=True):
        if loud is not None and each.highest > 0:
            room = HIGHEST_PEAK_DB - 20.0 * float(np.log10(each.highest))
            reached.append(loud + min(room, MOST_GAIN_DB))
    return [0.0 if loud is None else min(reached) - loud for loud in loudness]


def clip_peaks(peaks: bytes, duration_s: float, start_s: float, length_s: float) -> list[int]:
    """Return the part of a recording's outline that belongs to an excerpt."""
    if duration_s <= 0:
        return list(peaks)
    first = int(start_s / duration_s * len(peaks))
    last = int(np.ceil((start_s + length_s) / duration_s * len(peaks)))
    return list(peaks[first:last])
