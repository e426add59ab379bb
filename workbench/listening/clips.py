"""Excerpts: which seconds of a recording a rater hears, and their waveform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import Item, Media
from workbench.errors import MediaError, UnknownNameError
from workbench.urls import audio_url

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_AS_LOUD_AS = 0.9  # of the loudest stretch's energy: the first stretch that reaches it is heard


@dataclass(frozen=True)
class Clip:
    """An excerpt of one item.

    `url` is relative to the server's base URL; `start_s` and `length_s` are seconds of the file;
    `peaks` are waveform levels 0 to 255 along the excerpt.
    """

    item_id: int
    title: str
    artist: str
    url: str
    start_s: float
    length_s: float
    peaks: list[int] = field(repr=False)


class Clips:
    """The sounds of a workspace that can be heard, as excerpts of one length.

    Parameters
    ----------
    ws
        The workspace.
    clip_s
        Seconds of each excerpt; shorter recordings are heard whole.
    """

    def __init__(self, ws: Workspace, clip_s: float) -> None:
        self._ws = ws
        self._silent: set[int] = set()
        self._notes: list[str] = []
        self.clip_s = clip_s

    def items(self) -> list[int]:
        """Return the ids of the songs that have a sound, without those known to be silent."""
        songs = self._ws.catalogue.items(kind="song", domain="audio")
        ids = songs.index[songs["media_id"].notna()]
        return [item_id for item_id in ids.tolist() if item_id not in self._silent]

    def can_play(self, items: Sequence[int]) -> bool:
        """Return whether all files are there; one that is not is noted and avoided."""
        for item_id in items:
            if item_id in self._silent:
                return False
            try:
                self._ws.catalogue.media_path(item_id, playable=True)
            except (MediaError, UnknownNameError) as error:
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
        """Return the excerpt of each item, in the order given."""
        query = (
            sa.select(Item.id, Item.title, Item.artist, Item.duration_s, Media.peaks)
            .join(Media, Item.media_id == Media.id)
            .where(Item.id.in_(list(items)))
        )
        with self._ws.database.read() as transaction:
            rows = {row.id: row for row in transaction.execute(query)}
        return [self._excerpt(rows[item_id]) for item_id in items]

    def _excerpt(self, row: sa.Row) -> Clip:
        duration, peaks = row.duration_s or 0.0, row.peaks or b""
        start = clip_start(peaks, duration, self.clip_s)
        length = min(self.clip_s, duration) if duration > 0 else self.clip_s
        return Clip(
            item_id=row.id,
            title=row.title,
            artist=row.artist,
            url=audio_url(self._ws.id, row.id),
            start_s=start,
            length_s=length,
            peaks=clip_peaks(peaks, duration, start, length),
        )


def clip_start(peaks: bytes, duration_s: float, clip_s: float) -> float:
    """Return where a telling excerpt begins: the first stretch about as loud as the loudest.

    Parameters
    ----------
    peaks
        Levels 0 to 255, evenly spaced along the whole recording.
    duration_s, clip_s
        Length of the recording and of the excerpt, seconds.

    Examples
    --------
    >>> clip_start(bytes([0, 0, 200, 200, 0, 0]), duration_s=6.0, clip_s=2.0)
    2.0
    """
    if duration_s <= clip_s or len(peaks) == 0:
        return 0.0
    energy = np.frombuffer(peaks, dtype=np.uint8).astype(float) ** 2
    width = min(len(energy), max(1, round(len(energy) * clip_s / duration_s)))
    total = np.concatenate([[0.0], np.cumsum(energy)])
    stretches = total[width:] - total[:-width]
    first = int(np.argmax(stretches >= _AS_LOUD_AS * stretches.max()))
    return min(first / len(energy) * duration_s, duration_s - clip_s)


def clip_peaks(peaks: bytes, duration_s: float, start_s: float, length_s: float) -> list[int]:
    """Return the part of a recording's outline that belongs to an excerpt."""
    if duration_s <= 0:
        return list(peaks)
    first = int(start_s / duration_s * len(peaks))
    last = int(np.ceil((start_s + length_s) / duration_s * len(peaks)))
    return list(peaks[first:last])
