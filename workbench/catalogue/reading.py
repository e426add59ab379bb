"""Reading the catalogue: items and tags as tables, waveforms, and where media files lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.database import Database
from workbench.catalogue.tables import ImportFailure, Item, Media, SubmixPart, Tag, Use
from workbench.errors import MediaError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd


class CatalogueReader:
    """The items of one workspace, as they are.

    Parameters
    ----------
    database
        Where items and tags are stored.
    root
        The workspace folder; media below it are stored by relative path, so that a workspace can
        be moved.
    """

    def __init__(self, database: Database, root: Path) -> None:
        self._database = database
        self._root = root

    def items(
        self,
        *,
        kind: str | None = None,
        domain: str | None = None,
        since: datetime | None = None,
    ) -> pd.DataFrame:
        """Return items as a table indexed by id.

        Columns: kind, domain, title, artist, parent_id, media_id, track_number, start_s,
        duration_s, created_at.

        Parameters
        ----------
        kind, domain
            Only such items.
        since
            Only items that were added then or later; with a time zone.
        """
        query = sa.select(
            Item.id,
            Item.kind,
            Item.domain,
            Item.title,
            Item.artist,
            Item.parent_id,
            Item.media_id,
            Item.track_number,
            Item.start_s,
            Item.duration_s,
            Item.created_at,
        ).order_by(Item.id)
        if kind is not None:
            query = query.where(Item.kind == kind)
        if domain is not None:
            query = query.where(Item.domain == domain)
        if since is not None:
            query = query.where(Item.created_at >= since.astimezone(UTC))
        return self._frame(query).set_index("id")

    def item(self, item_id: int) -> Item:
        """Return one item.

        Raises
        ------
        UnknownNameError
            If there is none of that id.
        """
        with self._database.read() as session:
            found = session.get(Item, item_id)
        if found is None:
            raise UnknownNameError(f"There is no item {item_id} in the catalogue.")
        return found

    def tracks_in_file(self, item_id: int) -> list[int]:
        """Return the ids of the tracks of a score, in the order of its file."""
        numbered = Item.track_number.is_not(None)
        query = sa.select(Item.id).where(Item.parent_id == item_id, numbered)
        with self._database.read() as session:
            return list(session.scalars(query.order_by(Item.track_number)))

    def submix_parts(self, item_id: int) -> list[tuple[int, float, float]]:
        """Return the parts of a submix as (item, gain in dB, offset in s), none of other items.

        A submix that was imported as a file has none, either.
        """
        query = sa.select(SubmixPart.item_id, SubmixPart.gain_db, SubmixPart.offset_s)
        query = query.where(SubmixPart.submix_id == item_id).order_by(SubmixPart.item_id)
        with self._database.read() as session:
            return [(row.item_id, row.gain_db, row.offset_s) for row in session.execute(query)]

    def mixed(self) -> set[int]:
        """Return the ids of the submixes that are made of items of the catalogue."""
        with self._database.read() as session:
            return set(session.scalars(sa.select(SubmixPart.submix_id).distinct()))

    def playable(self) -> pd.DataFrame:
        """Return the songs, tracks and submixes that can be heard, as `items` does.

        Scores are among them, which are rendered when they are played, and submixes, which are
        mixed then.
        """
        items = self.items()
        there = items["media_id"].notna() | items.index.isin(sorted(self.mixed()))
        return items[items["kind"].isin(["song", "track", "submix"]) & there]

    def tags(self, dimension: str | None = None, *, item_id: int | None = None) -> pd.DataFrame:
        """Return tags: item_id, dimension, value, number, source, weak, confidence.

        Parameters
        ----------
        dimension, item_id
            Of this dimension or item only.
        """
        query = sa.select(
            Tag.item_id,
            Tag.dimension,
            Tag.value,
            Tag.number,
            Tag.source,
            Tag.weak,
            Tag.confidence,
        ).order_by(Tag.id)
        if dimension is not None:
            query = query.where(Tag.dimension == dimension)
        if item_id is not None:
            query = query.where(Tag.item_id == item_id)
        return self._frame(query)

    def used_together(self) -> pd.DataFrame:
        """Return which items were used in one exported song: a_id, b_id, both ways round."""
        a, b = sa.orm.aliased(Use), sa.orm.aliased(Use)
        query = (
            sa.select(a.item_id.label("a_id"), b.item_id.label("b_id"))
            .join(b, a.assembly_id == b.assembly_id)
            .where(a.item_id != b.item_id)
            .distinct()
        )
        return self._frame(query)

    def failures(self) -> pd.DataFrame:
        """Return the files that could not be imported: path, reason, at."""
        query = sa.select(ImportFailure.path, ImportFailure.reason, ImportFailure.at)
        return self._frame(query.order_by(ImportFailure.path))

    def known_media(self) -> dict[str, int]:
        """Return the content hash of every stored file with the id of its first item."""
        query = (
            sa.select(Media.sha256, sa.func.min(Item.id).label("item_id"))
            .join(Item, Item.media_id == Media.id)
            .group_by(Media.sha256)
        )
        with self._database.read() as session:
            return {row.sha256: row.item_id for row in session.execute(query)}

    def media_names(self) -> dict[int, str]:
        """Return the file of every item that is a whole file, as stored.

        Paths below the workspace are relative. Tracks of a score and spans are parts of a file.
        """
        query = sa.select(Item.id, Media.path).join(Media, Item.media_id == Media.id)
        query = query.where(Item.track_number.is_(None), Item.kind.not_in(("segment", "bar")))
        with self._database.read() as session:
            return {row.id: row.path for row in session.execute(query)}

    def sample_rates(self) -> dict[int, int]:
        """Return the sample rate of every item whose file has one."""
        query = sa.select(Item.id, Media.sample_rate).join(Media, Item.media_id == Media.id)
        with self._database.read() as session:
            rows = session.execute(query.where(Media.sample_rate.is_not(None)))
            return {row.id: row.sample_rate for row in rows}

    def lost_media(self) -> set[str]:
        """Return the content hashes of files that are gone, or whose playable copy is."""
        query = sa.select(Media.sha256, Media.path, Media.playable_path)
        with self._database.read() as session:
            rows = session.execute(query).all()
        return {sha256 for sha256, *paths in rows if not all(map(self._is_there, paths))}

    def peaks(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the waveform outlines (uint8 levels along the whole file) of items."""
        query = (
            sa.select(Item.id, Media.peaks)
            .join(Media, Item.media_id == Media.id)
            .where(Item.id.in_(list(ids)))
        )
        with self._database.read() as session:
            return {item_id: peaks or b"" for item_id, peaks in session.execute(query)}

    def media_path(self, item_id: int, *, playable: bool = False) -> Path:
        """Return the file of an item, or the copy browsers can play.

        Raises
        ------
        UnknownNameError
            If there is no such item or it has no file of its own.
        MediaError
            If the file is no longer where it was imported from, or a link has taken its place,
            which might lead to anything.
        """
        query = (
            sa.select(Media.path, Media.playable_path)
            .join(Item, Item.media_id == Media.id)
            .where(Item.id == item_id)
        )
        with self._database.read() as session:
            found = session.execute(query).first()
        if found is None:
            raise UnknownNameError(f"Item {item_id} does not exist or has no file of its own.")
        stored = found.playable_path if playable and found.playable_path else found.path
        path = self._root / stored
        if not path.is_file():
            raise MediaError(f"The file of item {item_id} is gone: {path}.")
        if os.path.realpath(path) != str(path):  # paths are stored without links
            raise MediaError(
                f"The file of item {item_id} is a link now; put the file back: {path}."
            )
        return path

    def _is_there(self, stored: str | None) -> bool:
        return stored is None or (self._root / stored).is_file()

    def _frame(self, query: sa.Select) -> pd.DataFrame:
        import pandas as pd

        with self._database.read() as session:
            # No objects, which take most of the time.
            result = session.connection().execute(query)
            names, rows = list(result.keys()), result.fetchall()
        # Column by column: of a list of rows pandas looks at every cell.
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        return pd.DataFrame({name: list(cells) for name, cells in zip(names, columns, strict=True)})
