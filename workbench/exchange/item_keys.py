"""What an item is called in files, so that another workspace finds the same one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from workbench.catalogue.tables import Item, Media
from workbench.errors import UnknownNameError
from workbench.row_files import Row

if TYPE_CHECKING:
    from workbench.workspace import Workspace

ROLES = ("anchor", "a", "b")
KEY = ("title", "artist", "sha256")  # beside the id, which only its own workspace understands


class ItemKeys:
    """The items of a workspace by content, and by title and artist.

    Parameters
    ----------
    ws
        The workspace.
    """

    def __init__(self, ws: Workspace) -> None:
        self._workspace = ws.id
        query = sa.select(Item.id, Item.title, Item.artist, Media.sha256)
        with ws.database.read() as transaction:
            rows = transaction.execute(query.outerjoin(Media, Item.media_id == Media.id)).all()
        self._items = {row.id: {name: getattr(row, name) for name in KEY} for row in rows}
        self._by_content: dict[str, list[int]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[int]] = defaultdict(list)
        for item_id, key in self._items.items():
            if key["sha256"]:
                self._by_content[key["sha256"]].append(item_id)
            self._by_name[key["title"], key["artist"]].append(item_id)

    def of(self, item_id: int) -> dict[str, Any]:
        """Return an item's title, artist and content hash, None where it has no file."""
        return self._items[item_id]

    def find(self, row: Row, role: str) -> int:
        """Return the item that a row of a file means by ``anchor``, ``a`` or ``b``.

        By the hash of its file; else by title and artist, where only one item has them and its
        file is not another one; by id only where the row comes from this workspace.

        Raises
        ------
        UnknownNameError
            If no item, or more than one, fits: nothing is guessed.
        """
        title, artist, content = (str(row.get(f"{role}_{name}") or "") for name in KEY)
        found = self._by_content.get(content, []) if content else []
        if not found:
            same_name = self._by_name.get((title, artist), []) if title else []
            found = [i for i in same_name if not (content and self._items[i]["sha256"])]
        if len(found) > 1:
            named = [i for i in found if self._name(i) == (title, artist)]
            found = [i for i in named if self._is_own(row, role, i)] or named
        if len(found) == 1:
            return found[0]
        words = f"{title!r} by {artist!r}" if artist else repr(title or "without a title")
        if found:
            raise UnknownNameError(f"{len(found)} items here could be its {role}, {words[:120]}")
        raise UnknownNameError(f"its {role}, {words[:120]}, is not in this workspace")

    def _name(self, item_id: int) -> tuple[str, str]:
        return self._items[item_id]["title"], self._items[item_id]["artist"]

    def _is_own(self, row: Row, role: str, item_id: int) -> bool:
        return row.get("workspace") == self._workspace and str(row.get(f"{role}_id")) == str(
            item_id
        )
