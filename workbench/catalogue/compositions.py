"""Which items are the same composition: a score and its recordings, several recordings.

Items of one composition share a tag of the dimension ``composition``. Its source says why they do.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from pathlib import PurePath

import sqlalchemy as sa
from sqlalchemy.orm import Session

from workbench.catalogue.stems import MIX_NAMES
from workbench.catalogue.tables import Item, Media, Tag
from workbench.errors import UnknownNameError, WorkbenchError

COMPOSITION = "composition"
SAME_NAME, SAME_TITLE, PERSON = "same name", "same title", "person"
_LONGEST_TITLE = 80
# Folders that say what kind of file lies in them, and nothing about the music.
_KINDS_OF_FILES = frozenset(
    (
        *("score", "scores", "sheet", "sheets", "notation", "midi", "mid", "abc", "musicxml"),
        *("mxl", "xml", "audio", "sound", "sounds", "recording", "recordings", "wav", "flac"),
        *("mp3", "ogg", "mix", "mixes", "songs"),
    )
)


def link_alike(session: Session) -> int:
    """Link scores and recordings that lie under one name, or have one title and artist.

    An item that belongs to a composition already stays in it: what a manifest or a person has said
    is not changed, and what a person has taken apart is not put together again.

    Returns
    -------
    int
        How many items were given a composition.
    """
    songs = session.execute(
        sa.select(Item.id, Item.domain, Item.title, Item.artist, Media.path)
        .outerjoin(Media, Item.media_id == Media.id)
        .where(Item.kind == "song")
        .order_by(Item.id)
    ).all()
    known = {row.item_id for row in _tagged(session)}
    linked = 0
    for source, key_of in ((SAME_NAME, _place), (SAME_TITLE, _name)):
        groups: dict[Hashable, list[sa.Row]] = defaultdict(list)
        for song in songs:
            key = key_of(song)
            if key is not None:
                groups[key].append(song)
        for group in groups.values():
            new = [song.id for song in group if song.id not in known]
            if new and len({song.domain for song in group}) == 2:
                _join(session, [song.id for song in group], new, source)
                known.update(new)
                linked += len(new)
    return linked


def link(session: Session, first: int, second: int) -> None:
    """Say that two items, and all that are the same as either, are one composition.

    Raises
    ------
    UnknownNameError
        If there is no such item.
    WorkbenchError
        If both are the same item.
    """
    songs = _both(session, first, second)
    group = sorted({*songs, *_alike(session, songs[0]), *_alike(session, songs[1])})
    _join(session, [songs[0], *group], group, PERSON)


def unlink(session: Session, first: int, second: int) -> bool:
    """Take the second item out of the composition of the first; return whether it was in it.

    It gets a composition of its own, so that no later import puts it back.

    Raises
    ------
    UnknownNameError
        If there is no such item.
    WorkbenchError
        If both are the same item.
    """
    one, other = _both(session, first, second)
    if other not in _alike(session, one):
        return False
    tags = sa.delete(Tag).where(Tag.item_id == other, Tag.dimension == COMPOSITION)
    session.execute(tags)
    session.flush()
    _put(session, other, _new_value(session, other), PERSON)
    return True


def alike(session: Session, item_id: int) -> list[int]:
    """Return the other items of the composition that an item, or the song it is part of, is."""
    return sorted(_alike(session, _song_of(session, item_id)))


def _alike(session: Session, song_id: int) -> set[int]:
    """Return whatever shares a composition with a song, directly or through others."""
    values: dict[int, set[str]] = defaultdict(set)
    items: dict[str, set[int]] = defaultdict(set)
    for row in _tagged(session):
        values[row.item_id].add(row.value)
        items[row.value].add(row.item_id)
    found, todo = {song_id}, [song_id]
    while todo:
        for value in values[todo.pop()]:
            todo += items[value] - found
            found |= items[value]
    return found - {song_id}


def _tagged(session: Session) -> Sequence[sa.Row]:
    query = sa.select(Tag.item_id, Tag.value).where(Tag.dimension == COMPOSITION)
    return session.execute(query.order_by(Tag.id)).all()


def _join(session: Session, group: Sequence[int], items: Iterable[int], source: str) -> None:
    """Give items the composition of the first of a group that has one, else a new one."""
    query = sa.select(Tag.item_id, Tag.value).where(Tag.dimension == COMPOSITION)
    rows = session.execute(query.where(Tag.item_id.in_(group)).order_by(Tag.id.desc())).all()
    values = {row.item_id: row.value for row in rows}  # the oldest of each item
    value = next((values[i] for i in group if i in values), None) or _new_value(session, group[0])
    for item_id in items:
        if value not in {row.value for row in rows if row.item_id == item_id}:
            _put(session, item_id, value, source)


def _put(session: Session, item_id: int, value: str, source: str) -> None:
    session.add(Tag(item_id=item_id, dimension=COMPOSITION, value=value, source=source))


def _new_value(session: Session, item_id: int) -> str:
    """Return a name that no other composition has."""
    title = session.scalar(sa.select(Item.title).where(Item.id == item_id)) or "untitled"
    return f"{title[:_LONGEST_TITLE]} [{item_id}]"


def _both(session: Session, first: int, second: int) -> tuple[int, int]:
    one, other = _song_of(session, first), _song_of(session, second)
    if one == other:
        raise WorkbenchError(f"Items {first} and {second} are one song; name two.")
    return one, other


def _song_of(session: Session, item_id: int) -> int:
    """Return the song that an item is part of; a song is its own, even below another one."""
    item = session.get(Item, item_id)
    if item is None:
        raise UnknownNameError(f"There is no item {item_id} in the catalogue.")
    while item.kind != "song" and item.parent_id is not None:
        item = session.get_one(Item, item.parent_id)
    return item.id


def _place(song: sa.Row) -> Hashable | None:
    """Return where a file lies, without suffix and folders that say what kind of file it is.

    The mix among the stems of a song lies where the song's folder does.
    """
    if song.path is None:
        return None
    path = PurePath(song.path)
    folders = tuple(part for part in path.parts[:-1] if part.lower() not in _KINDS_OF_FILES)
    return folders if path.stem.lower() in MIX_NAMES else (*folders, path.stem)


def _name(song: sa.Row) -> Hashable | None:
    title, artist = plain(song.title), plain(song.artist)
    return (title, artist) if title and artist else None


def plain(text: str) -> str:
    """Return letters and digits in lower case, without accents.

    Examples
    --------
    >>> plain("Für Elise!"), plain("FUR ELISE"), plain("  "), plain("Fur-Elise")
    ('fur elise', 'fur elise', '', 'fur elise')
    """
    letters = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", letters).strip()
