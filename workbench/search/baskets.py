"""Baskets: the parts of a song that is being built, saved with every change.

Patent US 12,394,399: tracks and submixes are retrieved and inserted into a song during its
creation; the partly composed song is the query for what is missing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import Assembly, Item, now
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.basket_parts import (
    BasketPart,
    bar_lines,
    checked,
    plain_parts,
    stored_parts,
)
from workbench.search.query import Part, Query

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_KEPT = 200  # steps that can be taken back


class Basket:
    """A song that is being built; every change is on disk when the method returns.

    Make one with `create`, find one with `open`.

    Attributes
    ----------
    id, title, author
        What it is called by.
    parts
        Its items, in the order they are shown.
    """

    def __init__(self, ws: Workspace, id: str) -> None:
        self._ws = ws
        self.id = id
        self._load()

    @classmethod
    def create(cls, ws: Workspace, title: str, *, author: str = "") -> Basket:
        """Begin a song."""
        song = str(uuid.uuid4())
        with ws.database.write() as session:
            session.add(Assembly(id=song, title=_titled(title), author=author, parts={}))
        return cls(ws, song)

    @classmethod
    def open(cls, ws: Workspace, name: str) -> Basket:
        """Open the one song of that title, or whose id begins so.

        Raises
        ------
        UnknownNameError
            If there is none, or more than one.
        """
        songs = list_baskets(ws)
        found = songs[songs["title"].str.casefold() == name.strip().casefold()]
        if found.empty and name.strip():
            found = songs[songs.index.str.startswith(name.strip())]
        if len(found) == 1:
            return cls(ws, found.index[0])
        if found.empty:
            known = ", ".join(songs["title"].head(5)) or "none yet, `workbench song new TITLE`"
            raise UnknownNameError(f"There is no song {name!r} being built; there are: {known}.")
        ids = ", ".join(i[:8] for i in found.index[:4])
        raise UnknownNameError(f"{len(found)} songs are called {name!r}; name one by id: {ids}.")

    # -- changing -------------------------------------------------------------------------------

    def add(
        self, item: int, *, gain_db: float = 0.0, offset_s: float = 0.0, snap: bool = True
    ) -> None:
        """Add an item at the end of the list.

        Parameters
        ----------
        item
            A catalogued item; the same one may be there several times.
        gain_db
            How loud, -60 to 12.
        offset_s
            When it begins.
        snap
            Begin with the nearest bar, where bars are known.

        Raises
        ------
        UnknownNameError
            If there is no such item.
        """
        with self._ws.database.read() as session:
            if session.get(Item, int(item)) is None:
                raise UnknownNameError(f"There is no item {item}.")
        offset_s = self.snapped(offset_s) if snap else offset_s
        self._change([*self.parts, BasketPart(int(item), gain_db, offset_s)])

    def remove(self, place: int) -> None:
        """Take the part at a place of the list out, counted from 0."""
        self._part(place)
        self._change([part for i, part in enumerate(self.parts) if i != place])

    def move(self, place: int, to: int) -> None:
        """Show a part at another place of the list."""
        part = self._part(place)
        others = [other for i, other in enumerate(self.parts) if i != place]
        others.insert(max(0, min(to, len(others))), part)
        self._change(others)

    def set(
        self,
        place: int,
        *,
        gain_db: float | None = None,
        offset_s: float | None = None,
        muted: bool | None = None,
        snap: bool = True,
    ) -> None:
        """Change how a part sounds; what is not said stays."""
        if offset_s is not None and snap:
            offset_s = self.snapped(offset_s, but=place)
        part = self._part(place)
        part = replace(
            part,
            gain_db=part.gain_db if gain_db is None else gain_db,
            offset_s=part.offset_s if offset_s is None else offset_s,
            muted=part.muted if muted is None else muted,
        )
        self._change([part if i == place else other for i, other in enumerate(self.parts)])

    def rename(self, title: str) -> None:
        """Give the song another title."""
        self._save(title=_titled(title))

    def undo(self) -> bool:
        """Take the last change of the parts back; return whether there was one."""
        if not self._undo:
            return False
        self._save(self._undo[-1], undo=self._undo[:-1], redo=[*self._redo, self.parts])
        return True

    def redo(self) -> bool:
        """Make what was taken back again; return whether there was something."""
        if not self._redo:
            return False
        self._save(self._redo[-1], undo=[*self._undo, self.parts], redo=self._redo[:-1])
        return True

    # -- asking ---------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """Whether a change can be taken back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether what was taken back can be made again."""
        return bool(self._redo)

    @property
    def heard(self) -> tuple[BasketPart, ...]:
        """The parts that are not muted."""
        return tuple(part for part in self.parts if not part.muted)

    def query(self) -> Query:
        """Return the song as far as it is built, as a query.

        Raises
        ------
        WorkbenchError
            If nothing is heard in it.
        """
        if not self.heard:
            raise WorkbenchError("Nothing is heard in this song yet; add a part to it.")
        return Query.of_parts([Part(p.item, p.gain_db, p.offset_s) for p in self.heard])

    def snapped(self, offset_s: float, *, but: int | None = None) -> float:
        """Return the bar line nearest to a moment; the moment itself where no bars are known.

        The bars are those of the first other part whose file's bars are known, and go on as long
        as its last one.
        """
        for place, part in enumerate(self.parts):
            lines = bar_lines(self._ws, part.item) if place != but else np.zeros(0)
            if len(lines) >= 2:
                lines = lines + part.offset_s
                beyond = offset_s - lines[-1]
                if beyond > 0:
                    length = lines[-1] - lines[-2]
                    return float(max(0.0, lines[-1] + round(beyond / length) * length))
                lines = np.append(0.0, lines[lines > 0])
                return float(lines[np.abs(lines - offset_s).argmin()])
        return offset_s

    # -- storing --------------------------------------------------------------------------------

    def _part(self, place: int) -> BasketPart:
        if not 0 <= place < len(self.parts):
            raise UnknownNameError(
                f"The song has no part {place + 1}; it has {len(self.parts)} of them."
            )
        return self.parts[place]

    def _change(self, parts: Sequence[BasketPart]) -> None:
        able = tuple(checked(part) for part in parts)
        if able != self.parts:
            self._save(able, undo=[*self._undo, self.parts][-_KEPT:], redo=[])

    def _save(
        self,
        parts: tuple[BasketPart, ...] | None = None,
        *,
        undo: list[tuple[BasketPart, ...]] | None = None,
        redo: list[tuple[BasketPart, ...]] | None = None,
        title: str | None = None,
    ) -> None:
        """Store a change in one transaction, unless somebody else made one meanwhile."""
        parts = self.parts if parts is None else parts
        undo, redo = (self._undo if undo is None else undo), (self._redo if redo is None else redo)
        with self._ws.database.write() as session:
            row = session.get(Assembly, self.id, with_for_update=True)
            changed = row is None or row.parts.get("revision", 0) != self._revision
            if row is not None and not changed:
                row.title, row.saved_at = title or row.title, now()
                row.parts = {
                    "revision": self._revision + 1,
                    "parts": plain_parts(parts),
                    "undo": [plain_parts(step) for step in undo],
                    "redo": [plain_parts(step) for step in redo],
                }
        self._load()
        if changed:
            raise WorkbenchError(
                "The song was changed elsewhere; this is how it is now. Make your change again."
            )

    def _load(self) -> None:
        with self._ws.database.read() as session:
            row = session.get(Assembly, self.id)
        if row is None:
            raise UnknownNameError(f"There is no song {self.id} being built.")
        self.title, self.author = row.title, row.author
        self._revision = int(row.parts.get("revision", 0))
        self.parts = stored_parts(row.parts.get("parts", []))
        self._undo = [stored_parts(step) for step in row.parts.get("undo", [])]
        self._redo = [stored_parts(step) for step in row.parts.get("redo", [])]


def list_baskets(ws: Workspace) -> pd.DataFrame:
    """Return the songs being built, the last one saved first: title, author, parts, saved_at."""
    import pandas as pd

    with ws.database.read() as session:
        rows = session.scalars(sa.select(Assembly)).all()
    table = pd.DataFrame(
        [
            {"id": r.id, "title": r.title, "author": r.author,
             "parts": len(r.parts.get("parts", [])), "saved_at": r.saved_at}
            for r in rows
        ],
        columns=["id", "title", "author", "parts", "saved_at"],
    )  # fmt: skip
    return table.sort_values("saved_at", ascending=False, kind="stable").set_index("id")


def _titled(title: str) -> str:
    plain = " ".join(title.split())[:200]
    if not plain:
        raise WorkbenchError("Give the song a title.")
    return plain
