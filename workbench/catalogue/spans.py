"""Bars and segments of items: where bars are, and spans as items of their own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.catalogue.bars import Bars
from workbench.catalogue.scores import SPANS, base_of, whole_score
from workbench.catalogue.tables import Item, Media
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.catalogue.database import Database
    from workbench.catalogue.music import MusicCatalogue

_TREMBLE_S = 0.05  # by which a span may pass the end: durations are rounded, renderings fade out
_RATE = 22050


def bars_of(
    catalogue: MusicCatalogue,
    database: Database,
    item_id: int,
    *,
    progress: Progress | None = None,
) -> Bars:
    """Return the bars of an item, see `MusicCatalogue.bars`."""
    item = catalogue.item(item_id)
    source = _barred(catalogue, base_of(catalogue, item))
    stored = _stored(database, source)
    bars = stored if stored is not None else _found(catalogue, source, progress or Progress())
    if stored is None and source.media_id is not None and not database.read_only:
        with database.write(durable=False) as session:
            changed = sa.update(Media).where(Media.id == source.media_id)
            session.execute(changed.values(bars=bars.to_bytes()))
    if item.kind in SPANS:
        return bars.within(item.start_s, item.start_s + (item.duration_s or 0.0))
    return bars


def _barred(catalogue: MusicCatalogue, item: Item) -> Item:
    """Return the item whose bars count: those of a stem are heard in its song, if that sounds."""
    if item.parent_id is None or item.kind not in ("track", "submix"):
        return item
    offsets = {offset for _, _, offset in catalogue.submix_parts(item.id)}
    song = catalogue.item(item.parent_id)
    return song if song.media_id is not None and offsets <= {0.0} else item


def _stored(database: Database, item: Item) -> Bars | None:
    with database.read() as session:
        stored = session.scalar(sa.select(Media.bars).where(Media.id == item.media_id))
    return Bars.from_bytes(stored) if stored is not None else None


def _found(catalogue: MusicCatalogue, item: Item, progress: Progress) -> Bars:
    if item.domain == "symbolic" and item.media_id is not None:
        return Bars.of(whole_score(catalogue.media_path(item.id)).bars[:, 1])
    from workbench.features.beats import bar_edges

    progress.stage("Listening for bars", 2)
    samples = catalogue.sound_of(item.id, _RATE)
    progress.advance(label=item.title)
    bars = Bars.of(bar_edges(samples))
    progress.advance()
    progress.close()
    return bars


def add_span(
    session: Session,
    item_id: int,
    start_s: float,
    end_s: float,
    kind: str,
    *,
    title: str | None = None,
) -> int:
    """Store a part of an item's time as an item, see `Catalogue.add_span`."""
    if kind not in SPANS:
        raise UnknownNameError(f"{kind!r} is no kind of span; choose {' or '.join(SPANS)}.")
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s < end_s):
        raise WorkbenchError(f"A span ends after it begins, not {start_s:g} to {end_s:g} s.")
    item = session.get(Item, item_id)
    if item is None:
        raise UnknownNameError(f"There is no item {item_id} in the catalogue.")
    length = item.duration_s
    if length is not None and end_s > length + _TREMBLE_S:
        raise WorkbenchError(
            f"The span {start_s:g} to {end_s:g} s does not lie within item {item_id}, which lasts "
            f"{length:.2f} s."
        )
    base, from_base = item, 0.0
    if item.kind in SPANS and item.parent_id is not None:
        base, from_base = session.get_one(Item, item.parent_id), item.start_s
    start = round(from_base + start_s, 4)
    duration = round(min(end_s, length or end_s) - start_s, 4)
    known = session.scalar(
        sa.select(sa.func.min(Item.id)).where(
            Item.parent_id == base.id,
            Item.kind == kind,
            sa.func.abs(Item.start_s - start) < 1e-4,
            sa.func.abs(Item.duration_s - duration) < 1e-4,
        )
    )
    if known is not None:
        return known
    span = Item(
        kind=kind,
        domain=base.domain,
        title=title or f"{base.title}, {start:.1f} to {start + duration:.1f} s",
        artist=base.artist,
        parent_id=base.id,
        media_id=base.media_id,
        track_number=base.track_number,
        start_s=start,
        duration_s=duration,
    )
    session.add(span)
    session.flush()
    return span.id
