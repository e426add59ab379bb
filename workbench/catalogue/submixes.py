"""Submixes: items that are heard together, each with a gain and an offset, as an item."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.audio.mixing import LONGEST_S
from workbench.catalogue.scores import SPANS
from workbench.catalogue.tables import Item, SubmixPart
from workbench.errors import UnknownNameError, WorkbenchError

MOST_PARTS = 64
MOST_GAIN_DB = 60.0
_LONGEST_TITLE = 120
_NAMED = 4  # parts that the title of a submix names
Numbers = Mapping[int, float] | Sequence[float] | None


def add_submix(
    session: Session,
    items: Sequence[int],
    *,
    gains_db: Numbers = None,
    offsets_s: Numbers = None,
    title: str | None = None,
) -> int:
    """Store a submix and return its id, see `Catalogue.add_submix`."""
    if not items:
        raise WorkbenchError("A submix of nothing makes no sound; name at least one item.")
    if len(items) > MOST_PARTS:
        raise WorkbenchError(f"{len(items)} items are too many for a submix; {MOST_PARTS} fit.")
    if len(set(items)) < len(items):
        doubled = next(item for item in items if list(items).count(item) > 1)
        raise WorkbenchError(f"Item {doubled} is named twice; a submix has every item once.")
    gains = _by_item(items, gains_db, "gain", places=2)
    offsets = _by_item(items, offsets_s, "offset", places=4)
    for item_id in items:
        _check(item_id, gains[item_id], offsets[item_id])
    # On PostgreSQL this makes two programs that add the same set wait for each other.
    locked = sa.select(Item).where(Item.id.in_(items)).order_by(Item.id).with_for_update()
    parts = {item.id: item for item in session.scalars(locked)}
    for item_id in items:
        if item_id not in parts:
            raise UnknownNameError(f"There is no item {item_id} in the catalogue.")
        _check_sound(session, parts[item_id])
    wanted = {(item_id, gains[item_id], offsets[item_id]) for item_id in items}
    known = _same(session, wanted)
    if known is not None:
        return known
    members = [parts[item_id] for item_id in items]
    lengths = [offsets[item.id] + (item.duration_s or 0.0) for item in members]
    if max(lengths) > LONGEST_S:
        raise WorkbenchError(
            f"The submix would last {max(lengths) / 60:.0f} minutes; {LONGEST_S / 60:.0f} are the "
            "most. Add segments of its items and take those."
        )
    names = " + ".join(item.title for item in members[:_NAMED])
    more = f" and {len(members) - _NAMED} more" if len(members) > _NAMED else ""
    artists = {item.artist for item in members}
    submix = Item(
        kind="submix",
        domain="symbolic" if _one_score(members, offsets) else "audio",
        title=title or f"{names[:_LONGEST_TITLE]}{more}",
        artist=artists.pop() if len(artists) == 1 else "",
        parent_id=_common_song(session, members),
        duration_s=max(lengths),
    )
    session.add(submix)
    session.flush()
    for item_id, gain, offset in wanted:
        session.add(SubmixPart(submix_id=submix.id, item_id=item_id, gain_db=gain, offset_s=offset))
    return submix.id


def _by_item(items: Sequence[int], numbers: Numbers, what: str, *, places: int) -> dict[int, float]:
    given: dict[int, float] = {}
    if isinstance(numbers, Mapping):
        given = {int(item): float(number) for item, number in numbers.items()}
        unknown = sorted(set(given) - set(items))
        if unknown:
            raise WorkbenchError(f"There is a {what} for item {unknown[0]}, which is no part.")
    elif numbers is not None:
        if len(numbers) != len(items):
            raise WorkbenchError(f"{len(items)} items need {len(items)} {what}s.")
        given = dict(zip(items, map(float, numbers), strict=True))
    return {item: round(given.get(item, 0.0), places) for item in items}


def _check(item_id: int, gain_db: float, offset_s: float) -> None:
    if not abs(gain_db) <= MOST_GAIN_DB:
        raise WorkbenchError(
            f"The gain of item {item_id} is beyond {MOST_GAIN_DB:.0f} dB; leave the item out, or "
            "choose a gain that can be heard."
        )
    if not (math.isfinite(offset_s) and 0 <= offset_s <= LONGEST_S):
        raise WorkbenchError(
            f"Item {item_id} cannot begin {offset_s} s after the submix; offsets are 0 to "
            f"{LONGEST_S:.0f} s."
        )


def _check_sound(session: Session, item: Item) -> None:
    base = item
    while base.kind in SPANS and base.parent_id is not None:
        base = session.get_one(Item, base.parent_id)
    parts = sa.select(sa.func.count()).where(SubmixPart.submix_id == base.id)
    if item.media_id is None and not session.scalar(parts):
        raise WorkbenchError(f"Item {item.id} has no sound; a submix is made of items that have.")


def _same(session: Session, wanted: set[tuple[int, float, float]]) -> int | None:
    """Return the submix of exactly these parts."""
    first = min(wanted)[0]
    candidates = sa.select(SubmixPart.submix_id).where(SubmixPart.item_id == first)
    query = sa.select(
        SubmixPart.submix_id, SubmixPart.item_id, SubmixPart.gain_db, SubmixPart.offset_s
    ).where(SubmixPart.submix_id.in_(candidates))
    found: dict[int, set[tuple[int, float, float]]] = {}
    for row in session.execute(query):
        part = (row.item_id, row.gain_db, row.offset_s)
        found.setdefault(row.submix_id, set()).add(part)
    return min((submix_id for submix_id, parts in found.items() if parts == wanted), default=None)


def _one_score(members: Sequence[Item], offsets: Mapping[int, float]) -> bool:
    """Return whether the parts are instruments of one score that begin together."""
    tracks = all(item.domain == "symbolic" and item.track_number is not None for item in members)
    whole = all(item.kind == "track" and offsets[item.id] == 0 for item in members)
    return tracks and whole and len({item.media_id for item in members}) == 1


def _common_song(session: Session, members: Sequence[Item]) -> int | None:
    """Return the song that all parts belong to, None if there is no such song."""
    songs = set()
    for item in members:
        while item.kind != "song" and item.parent_id is not None:
            item = session.get_one(Item, item.parent_id)
        songs.add(item.id if item.kind == "song" else None)
    return songs.pop() if len(songs) == 1 else None
