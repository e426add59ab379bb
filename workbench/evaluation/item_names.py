"""Finding items by what files call them: an id, a path, a file name, a title."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class ItemNames:
    """The names that lead to an item.

    Parameters
    ----------
    titles
        The title of every item by id.
    artists
        The artist of every item by id.
    paths
        The file of every item that has one.
    """

    def __init__(
        self, titles: Mapping[int, str], artists: Mapping[int, str], paths: Mapping[int, str]
    ) -> None:
        self._ids = set(titles)
        self._titles: dict[str, set[int]] = defaultdict(set)
        for item_id, title in titles.items():
            self._titles[title.casefold()].add(item_id)
            if artists.get(item_id):
                self._titles[f"{artists[item_id]} - {title}".casefold()].add(item_id)
        self._parts = {item_id: PurePath(path).parts for item_id, path in paths.items()}
        self._files: dict[str, set[int]] = defaultdict(set)
        self._stems: dict[str, set[int]] = defaultdict(set)
        for item_id, parts in self._parts.items():
            self._files[parts[-1]].add(item_id)
            self._stems[PurePath(parts[-1]).stem].add(item_id)

    @classmethod
    def of(cls, ws: Workspace) -> ItemNames:
        """Read the names of a workspace's items."""
        items = ws.catalogue.items()
        return cls(
            dict(zip(items.index.tolist(), items["title"], strict=True)),
            dict(zip(items.index.tolist(), items["artist"], strict=True)),
            ws.catalogue.media_names(),
        )

    def find(self, name: str | int) -> int:
        """Return the one item of that id, path, end of a path, file name or title.

        Raises
        ------
        UnknownNameError
            If there is none, or more than one.
        """
        text = str(name).strip()
        if text.isdecimal() and len(text) <= 18 and int(text) in self._ids:
            return int(text)
        found = self.by_path(text) or self._titles.get(text.casefold(), set())
        if len(found) == 1:
            return next(iter(found))
        if not found:
            raise UnknownNameError(f"no item is called {text!r}")
        some = ", ".join(str(i) for i in sorted(found)[:3])
        raise UnknownNameError(f"{len(found)} items are called {text!r} ({some}); name one by id")

    def by_path(self, text: str) -> set[int]:
        """Return the items whose file's path ends in `text`, with or without its suffix.

        Paths below the workspace are stored from there on, so that `text` may also be longer.
        """
        wanted = Path(text).parts if text else ()
        if not wanted:
            return set()
        found = {
            item_id
            for item_id in self._files.get(wanted[-1], set())
            if _ends_in(self._parts[item_id], wanted) or _ends_in(wanted, self._parts[item_id])
        }
        if found:
            return found
        return {
            item_id
            for item_id in self._stems.get(wanted[-1], set())
            if self._parts[item_id][-len(wanted) : -1] == wanted[:-1]
        }

    def by_clip(self, track: str, start: int) -> set[int]:
        """Return the items that hold a clip of a track.

        Parameters
        ----------
        track
            The track's name in its collection, which its file is called by.
        start
            Where the clip starts, in samples; a file ``TRACK_START`` is the clip itself.
        """
        for stem in (f"{track}_{start}", f"{track}-{start}", track):
            if stem in self._stems:
                return self._stems[stem]
        return self.by_path(track)

    def shortest(self, item_id: int) -> str:
        """Return what to call an item: its file's stem, where others share it with its folders.

        `by_clip` finds it again; an item without a file is called by its number.
        """
        parts = self._parts.get(item_id)
        if parts is None:
            return str(item_id)
        stem = PurePath(parts[-1]).stem
        return stem if len(self._stems[stem]) == 1 else "/".join((*parts[:-1], stem))


def _ends_in(parts: tuple[str, ...], end: tuple[str, ...]) -> bool:
    return parts[-len(end) :] == end
