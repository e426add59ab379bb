"""The rows of media files: where files are put down, and what is known of an item's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.reading import CatalogueReader
from workbench.catalogue.tables import Item, Media
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.catalogue.heard import Heard
    from workbench.catalogue.media import MediaInfo


class MediaCatalogue(CatalogueReader):
    """The files of the items of one workspace."""

    def recorded(self, item_id: int) -> Heard:
        """Return what is played of an item that was imported as sound.

        The levels of older imports are measured now and stored.
        """
        from workbench.audio.levels import Levels
        from workbench.catalogue.heard import Heard

        path = self.media_path(item_id, playable=True)
        with self._database.read() as session:
            row = session.execute(_media_of(item_id)).one()
        if row.levels is not None:
            levels = Levels.from_bytes(row.levels)
        else:
            from workbench.audio.decode import decode

            sound = decode(path)
            levels = Levels.of(sound.samples, sound.sample_rate)
            measured = {"levels": levels.to_bytes(), "loudness_lufs": levels.loudness}
            if not self._database.read_only:
                with self._database.write(durable=False) as session:
                    session.execute(sa.update(Media).where(Media.id == row.id).values(measured))
        return Heard(path, row.duration_s or 0.0, row.peaks or b"", levels)

    def content_of(self, item_id: int) -> str:
        """Return the content hash of an item's file.

        Raises
        ------
        UnknownNameError
            If it has none.
        """
        with self._database.read() as session:
            row = session.execute(_media_of(item_id)).first()
        if row is None:
            raise UnknownNameError(f"Item {item_id} does not exist or has no file of its own.")
        return row.sha256

    def sample_rate(self, item_id: int) -> int | None:
        """Return the sample rate of an item's file, None where it has no file or is a score."""
        with self._database.read() as session:
            row = session.execute(_media_of(item_id)).first()
        return row.sample_rate if row is not None else None

    def set_mix(self, submix_id: int, media: MediaInfo) -> None:
        """Store the file that a submix was mixed into, for it and what is cut from it."""
        own = sa.or_(Item.id == submix_id, Item.parent_id == submix_id)
        with self._database.write(durable=False) as session:
            row = self._put_media(session, media)
            session.execute(sa.update(Item).where(own).values(media_id=row.id))

    def _put_media(self, session: sa.orm.Session, media: MediaInfo) -> Media:
        """Return the row of a file; one that lies elsewhere than before gets its new place."""
        row = session.scalar(sa.select(Media).where(Media.sha256 == media.sha256))
        if row is None:
            row = Media(**self._columns(media))
            session.add(row)
            session.flush()
        elif not (self._is_there(row.path) and self._is_there(row.playable_path)):
            for name, value in self._columns(media).items():
                if name != "bars" or value is not None:  # those found in a recording stay
                    setattr(row, name, value)
        return row

    def _columns(self, media: MediaInfo) -> dict[str, object]:
        columns = dict(vars(media))
        for name in ("path", "playable_path"):
            if columns[name] is not None:
                columns[name] = self._stored_path(Path(columns[name]))
        return columns

    def _stored_path(self, path: Path) -> str:
        path = path.resolve()
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)


def _media_of(item_id: int) -> sa.Select:
    return sa.select(
        Media.id, Media.sha256, Media.sample_rate, Media.duration_s, Media.peaks, Media.levels
    ).where(Media.id == sa.select(Item.media_id).where(Item.id == item_id).scalar_subquery())
