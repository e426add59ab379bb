"""Items and tags: adding them, and reading them as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.database import Database
from workbench.catalogue.tables import ImportFailure, Item, Media, Tag
from workbench.errors import MediaError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.catalogue.media import MediaInfo


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


class Catalogue:
    """The items of one workspace.

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

    # -- adding ---------------------------------------------------------------------------------

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
                row = session.scalar(sa.select(Media).where(Media.sha256 == media.sha256))
                if row is None:
                    row = Media(**self._columns(media))
                    session.add(row)
                    session.flush()
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
            session.add(item)
            session.flush()
            _put_tags(session, {item.id: tags})
            return item.id

    def set_parent(self, ids: Sequence[int], parent_id: int) -> None:
        """Make the items `ids` parts of the song `parent_id`."""
        with self._database.write() as session:
            session.execute(sa.update(Item).where(Item.id.in_(ids)).values(parent_id=parent_id))

    def set_tags(self, tags: dict[int, Iterable[TagValue]]) -> None:
        """Add tags to items; one that is already there keeps its first entry."""
        with self._database.write() as session:
            _put_tags(session, tags)

    def record_failure(self, path: Path, reason: str) -> None:
        """Remember that `path` could not be imported."""
        with self._database.write() as session:
            session.execute(sa.delete(ImportFailure).where(ImportFailure.path == str(path)))
            session.add(ImportFailure(path=str(path), reason=reason))

    def forget_failure(self, path: Path) -> None:
        """Remove the record of a failure that has been overcome."""
        with self._database.write() as session:
            session.execute(sa.delete(ImportFailure).where(ImportFailure.path == str(path)))

    # -- reading --------------------------------------------------------------------------------

    def items(self, *, kind: str | None = None, domain: str | None = None) -> pd.DataFrame:
        """Return items as a table indexed by id.

        Columns: kind, domain, title, artist, parent_id, media_id, start_s, duration_s,
        created_at.
        """
        query = sa.select(
            Item.id,
            Item.kind,
            Item.domain,
            Item.title,
            Item.artist,
            Item.parent_id,
            Item.media_id,
            Item.start_s,
            Item.duration_s,
            Item.created_at,
        ).order_by(Item.id)
        if kind is not None:
            query = query.where(Item.kind == kind)
        if domain is not None:
            query = query.where(Item.domain == domain)
        return self._frame(query).set_index("id")

    def tags(self, dimension: str | None = None) -> pd.DataFrame:
        """Return tags: item_id, dimension, value, number, source, weak, confidence."""
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
        return self._frame(query)

    def failures(self) -> pd.DataFrame:
        """Return the files that could not be imported: path, reason, at."""
        query = sa.select(ImportFailure.path, ImportFailure.reason, ImportFailure.at)
        return self._frame(query.order_by(ImportFailure.path))

    def known_media(self) -> dict[str, int]:
        """Return the content hash of every stored file with the id of its first item."""
        query = (
            sa.select(Media.sha256, sa.func.min(Item.id))
            .join(Item, Item.media_id == Media.id)
            .group_by(Media.sha256)
        )
        with self._database.read() as session:
            return dict(session.execute(query).tuples().all())

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
            If the file is no longer where it was imported from.
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
        return path

    # -- helpers --------------------------------------------------------------------------------

    def _columns(self, media: MediaInfo) -> dict[str, object]:
        columns = dict(vars(media))
        for name in ("path", "playable_path"):
            if columns[name] is not None:
                columns[name] = self._stored_path(Path(columns[name]))
        return columns

    def _stored_path(self, path: Path) -> str:
        path = path.resolve()
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)

    def _frame(self, query: sa.Select) -> pd.DataFrame:
        import pandas as pd

        with self._database.read() as session:
            result = session.execute(query)
            return pd.DataFrame(result.fetchall(), columns=list(result.keys()))


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
