"""The parts of a basket, and where their bars begin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.bars import Bars
from workbench.catalogue.tables import Item, Media
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.workspace import Workspace

LOUDEST_DB, QUIETEST_DB = 12.0, -60.0


@dataclass(frozen=True)
class BasketPart:
    """An item in a basket: how loud it is, when it begins, and whether it is left out for now."""

    item: int
    gain_db: float = 0.0
    offset_s: float = 0.0
    muted: bool = False


def bar_lines(ws: Workspace, item: int) -> np.ndarray:
    """Return where the bars of an item begin and the last one ends, in seconds from its start.

    Known bars only, those of its song for a track; float64 [b + 1], empty without. Nothing is
    listened to: `Catalogue.bars` does that, and what it finds is known from then on.
    """
    whole = sa.orm.aliased(Item)
    theirs = sa.orm.aliased(Media)
    query = (
        sa.select(Item.start_s, Item.duration_s, Item.kind, Media.bars, theirs.bars.label("song"))
        .outerjoin(Media, Item.media_id == Media.id)
        .outerjoin(whole, Item.parent_id == whole.id)
        .outerjoin(theirs, whole.media_id == theirs.id)
        .where(Item.id == item)
    )
    with ws.database.read() as session:
        row = session.execute(query).first()
    stored = None if row is None else (row.bars or row.song)
    if row is None or not stored:
        return np.zeros(0)
    bars = Bars.from_bytes(stored)
    if row.kind in ("segment", "bar"):
        bars = bars.within(row.start_s, row.start_s + (row.duration_s or 0.0))
    return bars.edges.astype(float) if len(bars) else np.zeros(0)


def checked(part: BasketPart) -> BasketPart:
    """Return a part whose gain and offset can be played.

    Raises
    ------
    WorkbenchError
        If they cannot.
    """
    if not (math.isfinite(part.gain_db) and QUIETEST_DB <= part.gain_db <= LOUDEST_DB):
        raise WorkbenchError(f"A gain lies between {QUIETEST_DB:g} and {LOUDEST_DB:g} dB.")
    if not (math.isfinite(part.offset_s) and 0 <= part.offset_s < 24 * 3600):
        raise WorkbenchError("A part begins at 0 s or later.")
    return part


def plain_parts(parts: Sequence[BasketPart]) -> list[dict[str, Any]]:
    """Return parts as plain values for JSON."""
    return [asdict(part) for part in parts]


def stored_parts(stored: Sequence[dict[str, Any]]) -> tuple[BasketPart, ...]:
    """Return parts of plain values."""
    return tuple(BasketPart(**part) for part in stored)
