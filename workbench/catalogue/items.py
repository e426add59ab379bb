"""Items and tags: adding them to the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.parts import PartsCatalogue
from workbench.catalogue.tables import ImportFailure, Item, Tag
from workbench.files import printable

if TYPE_CHECKING:
    from workbench.catalogue.media import MediaInfo
    from workbench.catalogue.score_files import ScoreTrack


@dataclass(frozen=True)
class TagValue:
    """One value of one dimension, with its source.

    `weak` marks values that are derived rather than known; `number` holds the value of
    quantities such as tempo (bpm).
    """

    dimension: str
    value: str
    source: str
    number: float | None = None
    weak: bool = False
    confidence: float = 1.0


class Catalogue(PartsCatalogue):
    """The items of one workspace: all that `PartsCatalogue` tells, and how they get there."""

    def add_item(
        self,
        *,
        kind: str,
        domain: str,
        title: str,
        artist: str = "",
        media: MediaInfo | None = None,
        parent_id: int | None = None,
        start_s: float = 0.0,
        duration_s: float | None = None,
        tags: Iterable[TagValue] = (),
    ) -> int:
        """Store one item with its media and tags in one transaction and return its id."""
        with self._database.write() as session:
            media_id = None
            if media is not None:
                row = self._put_media(session, media)
                media_id, duration_s = row.id, duration_s or row.duration_s
            item = Item(
                kind=kind,
                domain=domain,
                title=title,
                artist=artist,
                media_id=media_id,
                parent_id=parent_id,
                start_s=start_s,
                duration_s=duration_s,
            )
            return _put_item(session, item, tags)

    def add_file(
        self,
        media: MediaInfo,
        *,
        kind: str,
        title: str,
        artist: str = "",
        tags: Iterable[TagValue] = (),
    ) -> tuple[int, bool]:
        """Store a sound file as one item; return the item's id and whether it is new.

        A file is known by its content: one that was moved or copied is still the same item, and
        of two programs that add it at the same time one is told that it is not new.
        """
        with self._database.write(durable=False) as session:
            row = self._put_media(session, media)
            known = session.scalar(sa.select(sa.func.min(Item.id)).where(Item.media_id == row.id))
            if known is not None:
                return known, False
            item = Item(
                kind=kind,
                domain="audio",
                title=title,
                artist=artist,
                media_id=row.id,
                duration_s=row.duration_s,
            )
            return _put_item(session, item, tags), True

    def add_score(
        self,
        media: MediaInfo,
        *,
        title: str,
        artist: str = "",
        tags: Iterable[TagValue] = (),
        tracks: Sequence[ScoreTrack] = (),
    ) -> tuple[int, bool]:
        """Store a score as one song and a track per instrument, all in one transaction.

        Parameters
        ----------
        media
            The file.
        title, artist, tags
            Of the song.
        tracks
            Its instruments, where there are several.

        Returns
        -------
        song_id, is_new
            As `add_file` returns them.
        """
        with self._database.write(durable=False) as session:
            row = self._put_media(session, media)
            known = session.scalar(sa.select(sa.func.min(Item.id)).where(Item.media_id == row.id))
            if known is not None:
                return known, False
            of_file = {"domain": "symbolic", "media_id": row.id, "artist": artist}
            song = Item(kind="song", title=title, duration_s=row.duration_s, **of_file)
            song_id = _put_item(session, song, tags)
            for track in tracks:
                item = Item(
                    kind="track",
                    title=f"{title} ({track.title})",
                    parent_id=song_id,
                    track_number=track.number,
                    duration_s=row.duration_s,
                    **of_file,
                )
                _put_item(session, item, track.tags)
            return song_id, True

    def join_song(
        self, parts: Sequence[int], *, song_id: int | None = None, title: str = ""
    ) -> bool:
        """Make items the parts of one song, and return whether the song had to be added.

        Parameters
        ----------
        parts
            Items; those that are parts already stay what they are.
        song_id
            The song's mix. Without one it is the song that other parts belong to, else a new one
            without a file.
        title
            The title of a new song.
        """
        with self._database.write() as session:
            parents = sa.select(Item.parent_id).where(Item.parent_id.is_not(None))
            wanted = sa.and_(Item.id.in_(parts), Item.id != (song_id or 0))
            loose = session.scalars(
                sa.select(Item.id).where(
                    wanted, Item.parent_id.is_(None), Item.id.not_in(parents.scalar_subquery())
                )
            ).all()
            if not loose:
                return False
            found = song_id or session.scalar(sa.select(sa.func.min(Item.parent_id)).where(wanted))
            new = found is None
            if new:
                found = _put_item(session, Item(kind="song", domain="audio", title=title))
            changed = sa.update(Item).where(Item.id.in_(loose))
            session.execute(changed.values(parent_id=found))
            session.execute(changed.where(Item.kind == "song").values(kind="track"))
            return new

    def annotate(
        self,
        item_id: int,
        *,
        title: str | None = None,
        artist: str | None = None,
        tags: Iterable[TagValue] = (),
    ) -> None:
        """Give an item a title or an artist, where said, and more tags."""
        said = {"title": title, "artist": artist}
        values = {name: value for name, value in said.items() if value is not None}
        with self._database.write() as session:
            if values:
                session.execute(sa.update(Item).where(Item.id == item_id).values(**values))
            _put_tags(session, {item_id: tags})

    def set_tags(self, tags: dict[int, Iterable[TagValue]]) -> None:
        """Add tags to items; one that is already there keeps its first entry."""
        with self._database.write() as session:
            _put_tags(session, tags)

    def record_failure(self, path: Path, reason: str) -> None:
        """Remember that `path` could not be imported."""
        name = printable(path)
        with self._database.write() as session:
            session.execute(sa.delete(ImportFailure).where(ImportFailure.path == name))
            session.add(ImportFailure(path=name, reason=reason))

    def forget_failure(self, path: Path) -> None:
        """Remove the record of a failure that has been overcome."""
        with self._database.write() as session:
            session.execute(sa.delete(ImportFailure).where(ImportFailure.path == printable(path)))


def _put_item(session: sa.orm.Session, item: Item, tags: Iterable[TagValue] = ()) -> int:
    session.add(item)
    session.flush()
    _put_tags(session, {item.id: tags})
    return item.id


def _put_tags(session: sa.orm.Session, tags: dict[int, Iterable[TagValue]]) -> None:
    for item_id, values in tags.items():
        known = {
            tuple(row)
            for row in session.execute(
                sa.select(Tag.dimension, Tag.value, Tag.source).where(Tag.item_id == item_id)
            )
        }
        for tag in values:
            key = (tag.dimension, tag.value, tag.source)
            if key not in known:
                known.add(key)
                session.add(Tag(item_id=item_id, **vars(tag)))
