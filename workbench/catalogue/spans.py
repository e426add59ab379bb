"""Bars and segments of items: where bars are, and spans as items of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.bars import Bars
from workbench.catalogue.scores import SPANS, whole_score
from workbench.catalogue.tables import Item, Media

if TYPE_CHECKING:
    from workbench.catalogue.database import Database
    from workbench.catalogue.music import MusicCatalogue


def bars_of(catalogue: MusicCatalogue, database: Database, item_id: int) -> Bars:
    """Return the bars of an item, see `MusicCatalogue.bars`."""
    item = catalogue.item(item_id)
    bars = _of_file(catalogue, database, item)
    if item.kind in SPANS:
        return bars.within(item.start_s, item.start_s + (item.duration_s or 0.0))
    return bars


def _of_file(catalogue: MusicCatalogue, database: Database, item: Item) -> Bars:
    with database.read() as session:
        stored = session.scalar(sa.select(Media.bars).where(Media.id == item.media_id))
    if stored is not None:
        return Bars.from_bytes(stored)
    bars = Bars.of(whole_score(catalogue.media_path(item.id)).bars[:, 1].astype(np.float64))
    with database.write(durable=False) as session:
        changed = sa.update(Media).where(Media.id == item.media_id)
        session.execute(changed.values(bars=bars.to_bytes()))
    return bars
