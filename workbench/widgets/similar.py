"""Similar items: pick a piece, say what matters, listen to what comes closest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.errors import WorkbenchError
from workbench.urls import audio_url
from workbench.widgets import present
from workbench.widgets.assets import css, esm
from workbench.widgets.safe import guarded

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_FOUND = 30


class SimilarItems(anywidget.AnyWidget):
    """A query item and the items most related to it, each to be heard.

    Parameters
    ----------
    ws
        The workspace.
    item
        Id of the query item; by default the first one of `kind`.
    kind
        What to list: ``"song"``, ``"track"``, or None for both.
    count
        Length of the list.

    Attributes
    ----------
    item : int | None
        The query item; set it, or link it to the selection of a map, to show its neighbours.
    weights : dict
        How much each dimension counts, 0 to 1.
    """

    _esm = esm("base.js", "similar.js")
    _css = css("similar.css")

    item = traitlets.Int(None, allow_none=True).tag(sync=True)
    kind = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    weights = traitlets.Dict().tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)

    dimensions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    kinds = traitlets.List(traitlets.Unicode()).tag(sync=True)
    found = traitlets.List(traitlets.Dict()).tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    results = traitlets.List(traitlets.Dict()).tag(sync=True)
    source = traitlets.Unicode("").tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        ws: Workspace,
        *,
        item: int | None = None,
        kind: str | None = "song",
        count: int = 10,
    ) -> None:
        super().__init__(kind=kind)
        self._ws = ws
        self._count = count
        self._open(item)

    def _open(self, item: int | None) -> None:
        try:
            self._items = playable_items(self._ws)
            card = self._ws.models.card()
            if self._items.empty:
                self.problem = "The catalogue has no sound yet: bring music in first."
                return
        except WorkbenchError as error:
            self.problem = str(error)
            return
        self._version = card.version
        self.dimensions = list(card.dimensions)
        self.weights = dict.fromkeys(card.dimensions, 1.0)
        self.source = f"Relevance by {present.model_words(card)}: 1 is as close as can be."
        self.kinds = sorted(self._items["kind"].unique())
        if self.kind not in self.kinds:
            self.kind = None
        listed = self._items if self.kind is None else self._items[self._items["kind"] == self.kind]
        self._find()
        update = guarded(self._say)(self._update)
        self.observe(lambda _: update(), names=["item", "kind", "weights"])
        self.observe(lambda _: guarded(self._say)(self._find)(), names=["search"])
        self.item = int(listed.index[0]) if item is None else item

    def _say(self, problem: str) -> None:
        self.results = []
        self.problem = problem

    def _find(self) -> None:
        self.found = search_items(self._items, self.search, limit=_FOUND)

    def _update(self) -> None:
        from workbench.search.similar import find_similar

        if self.item is None:
            self.query, self.results = {}, []
            return
        if self.item not in self._items.index:
            raise WorkbenchError(f"Item {self.item} is not in the catalogue or has no sound.")
        if not any(self.weights.values()):
            raise WorkbenchError("Every dimension is ignored: move one of the sliders up.")
        self.query = self._entry(self.item, self._items.loc[self.item])
        table = find_similar(
            self._ws,
            self.item,
            weights=dict(self.weights),
            count=self._count,
            kind=self.kind,
            version=self._version,
        )
        self.problem = "" if len(table) else "Nothing else of this kind is in the catalogue."
        self.results = [
            self._entry(index, row) | relevance(row, self.dimensions)
            for index, row in table.iterrows()
        ]

    def _entry(self, item_id: Any, row: Any) -> dict[str, Any]:
        return entry(item_id, row) | {"url": audio_url(self._ws.id, item_id)}


def playable_items(ws: Workspace) -> pd.DataFrame:
    """Return the songs, tracks and submixes that can be heard, scores included, indexed by id."""
    return ws.catalogue.playable()


def search_items(items: pd.DataFrame, words: str, *, limit: int) -> list[dict[str, Any]]:
    """Return the items whose title or artist contains every word, songs first.

    Parameters
    ----------
    items
        As ``Catalogue.items`` returns them.
    words
        What was typed; case does not matter, nothing typed finds everything.
    limit
        Most entries returned.
    """
    text = (items["title"] + " " + items["artist"]).str.casefold()
    for word in words.casefold().split():
        text = text[text.str.contains(word, regex=False)]
    hits = items.loc[text.index]
    hits = hits.assign(rank=hits["kind"] != "song").sort_values(["rank", "title"], kind="stable")
    return [entry(index, row) for index, row in hits.head(limit).iterrows()]


def entry(item_id: Any, row: Any) -> dict[str, Any]:
    """Return what a list shows of an item: id, title, artist, and kind, or that it is a score."""
    is_score = row["kind"] == "song" and row.get("domain") == "symbolic"
    return {
        "id": int(item_id),
        "title": str(row["title"]) or f"Item {item_id}",
        "artist": str(row["artist"]),
        "kind": "score" if is_score else str(row["kind"]),
    }


def relevance(row: Any, dimensions: list[str]) -> dict[str, Any]:
    """Return the relevance of a result, in all and per dimension, 0 to 1."""
    return {
        "relevance": float(row["relevance"]),
        "parts": {name: float(row[name]) for name in dimensions if name in row},
    }
