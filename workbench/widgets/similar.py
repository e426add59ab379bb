"""Similar items: pick a piece, say what matters, listen to what comes closest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.errors import WorkbenchError
from workbench.search.choices import chosen_filters, filter_choices
from workbench.search.find import find
from workbench.search.heard_tags import machine_choices
from workbench.search.index import catalogue_index
from workbench.search.query import Query
from workbench.search.query_vector import ScoresUnreadError
from workbench.urls import audio_url
from workbench.widgets import present
from workbench.widgets.assets import css, esm
from workbench.widgets.item_lists import closeness, entry, playable_items, search_items
from workbench.widgets.safe import guarded
from workbench.widgets.tagged import tag_chips, tagged_items
from workbench.widgets.uploads import LARGEST, Uploads

if TYPE_CHECKING:
    import pandas as pd

    from workbench.search.filters import Filters
    from workbench.workspace import Workspace

_FOUND = 30
_NOTHING = "Nothing else passes these filters: clear one of them."
_ALONE = "There is nothing else in the catalogue yet."


class SimilarItems(anywidget.AnyWidget):
    """A query and the items most related to it, each to be heard.

    Parameters
    ----------
    ws
        The workspace.
    item
        Id of the query item; by default the first one of `kind`.
    kind
        What to list at first: ``"song"``, ``"track"``, or None for all.
    count
        Length of the list.

    Attributes
    ----------
    item : int | None
        The query item; set it, or link it to the selection of a map, to show its neighbours.
    weights : dict
        How much each dimension counts, -1 (unlike) to 1.
    filters : dict
        What `chosen_filters` takes.
    together : list of int
        Further items that are heard together with the query, such as the parts of a submix.
    span : list
        Empty, or where the part of the query begins and ends that counts, in seconds.
    off : list
        [dimension, value] of the query's tags that are not looked for in `tagged`, the list of
        items with most of the others.
    """

    _esm = esm(
        *("base.js", "downloads.js", "items.js", "item_picker.js", "item_filters.js", "pair.js"),
        *("tagged.js", "similar_query.js", "similar.js"),
    )
    _css = css("items.css", "source.css", "similar.css", "tagged.css")

    item = traitlets.Int(None, allow_none=True).tag(sync=True)
    file = traitlets.Unicode("").tag(sync=True)
    together = traitlets.List(traitlets.Int()).tag(sync=True)
    span = traitlets.List(traitlets.Float()).tag(sync=True)
    weights = traitlets.Dict().tag(sync=True)
    filters = traitlets.Dict().tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    off = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)

    dimensions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)
    found = traitlets.List(traitlets.Dict()).tag(sync=True)
    query = traitlets.Dict().tag(sync=True)
    joined = traitlets.List(traitlets.Dict()).tag(sync=True)
    results = traitlets.List(traitlets.Dict()).tag(sync=True)
    tags = traitlets.List(traitlets.Dict()).tag(sync=True)
    tagged = traitlets.List(traitlets.Dict()).tag(sync=True)
    source = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)
    largest = traitlets.Int(LARGEST).tag(sync=True)

    def __init__(
        self,
        ws: Workspace,
        *,
        item: int | None = None,
        kind: str | None = "song",
        count: int = 10,
    ) -> None:
        super().__init__()
        self._ws = ws
        self._count = count
        self._uploads = Uploads()
        self._upload_path: Path | None = None
        self._shown: tuple[Any, ...] = ()
        self._open(item, kind)

    def _open(self, item: int | None, kind: str | None) -> None:
        try:
            self._items = playable_items(self._ws)
            card = self._ws.models.card()
            if self._items.empty:
                self.problem = "The catalogue has no sound yet: bring music in first."
                return
            heard = machine_choices(self._ws)
            self.choices = filter_choices(catalogue_index(self._ws)) | {"machine": heard}
        except WorkbenchError as error:
            self.problem = str(error)
            return
        self._version = card.version
        self.dimensions = card.taught
        self.weights = dict.fromkeys(card.taught, 1.0)
        self.source = (
            f"Relatedness by {present.model_words(card)}; 99 % means: closer than 99 of 100 "
            "others that pass the filters."
        )
        listed = self._items
        if kind in set(listed["kind"]):
            self.filters = {"kinds": [kind]}
            listed = listed[listed["kind"] == kind]
            if set(listed["domain"]) > {"audio"}:  # the same pieces as scores come when asked for
                self.filters = {"kinds": [kind], "domains": ["audio"]}
                listed = listed[listed["domain"] == "audio"]
        self._find_titles()
        update = guarded(self._say)(self._update)
        self.observe(lambda _: update(), names=["file", "together", "span", "weights", "filters"])
        self.observe(lambda _: guarded(self._say)(self._choose)(), names=["item"])
        self.observe(lambda _: guarded(self._say)(self._find_titles)(), names=["search"])
        self.observe(lambda _: guarded(self._say)(self._update_tags)(), names=["off"])
        self.item = int(listed.index[0]) if item is None else item

    def beforehand(self, most: int) -> dict[str, list[Any]]:
        """Return the pieces that may be picked on an exported page, and list all of them there.

        If they are more than `most`, none can be, and the page says so.
        """
        self.found = []
        if not self.dimensions:
            return {}
        compared = self._items.index.isin(self._ws.vectors(f"model-{self._version}").ids)
        items = self._items[compared]
        if len(items) > most:
            return {}
        self.found = search_items(items, "", limit=len(items))
        return {"item": items.index.tolist()}

    def _say(self, problem: str) -> None:
        self.results = []
        self.problem = problem

    def _find_titles(self) -> None:
        self.found = search_items(self._items, self.search, limit=_FOUND)

    def _choose(self) -> None:
        """Start from an item: it takes the place of a file, of further items and of a span."""
        with self.hold_trait_notifications():
            self.span, self.together = [], []
            self.file = ""
            self.off = []
        self._update()

    def _update(self) -> None:
        start = (self.item, self.file, self._upload_path, list(self.together), self.span)
        asked = (*start, self.weights, self.filters)
        if asked == self._shown:  # several of them may change in one step
            return
        self._shown = asked
        if self.file:
            self.query = {"id": 0, "title": self.file, "artist": "", "kind": "file"}
        elif self.item is None:
            self.query, self.results = {}, []
            return
        else:
            if self.item not in self._items.index:
                raise WorkbenchError(f"Item {self.item} is not in the catalogue or has no sound.")
            self.query = self._entry(self.item, self._items.loc[self.item])
        others = [i for i in dict.fromkeys(self.together) if i in self._items.index]
        self.joined = [self._entry(i, self._items.loc[i]) for i in others]
        if self.weights and not any(self.weights.values()):
            raise WorkbenchError("Every dimension is ignored: move one of the sliders.")
        filters = chosen_filters(self.filters)
        self._update_tags()
        if self.file or self.span or self.joined:  # it has to be heard first
            self.results, self.problem = [], "Listening …"
        table = self._related(filters)
        self.problem = "" if len(table) else (_NOTHING if _narrowed(self.filters) else _ALONE)
        self.results = [
            self._entry(index, row)
            | closeness(row, self.dimensions)
            | {"by_machine": row.get("by_machine", "")}
            for index, row in table.iterrows()
        ]

    def _update_tags(self) -> None:
        """Show the tags of the query and what has most of those that are switched on."""
        if self.file or self.item is None:
            self.tags, self.tagged = [], []
            return
        filters = chosen_filters(self.filters)
        chips = tag_chips(self._ws, self.item, filters, self.off)
        found = tagged_items(self._ws, self.item, chips, filters, self._items, count=self._count)
        self.tags, self.tagged = chips, found

    def _related(self, filters: Filters) -> pd.DataFrame:
        span = (self.span[0], self.span[1]) if len(self.span) == 2 else None
        query = (
            Query.of_file(self._upload_path, span_s=span)
            if self.file and self._upload_path
            else Query.of_parts([int(self.item or 0), *(e["id"] for e in self.joined)], span_s=span)
        )
        options: dict[str, Any] = {"weights": dict(self.weights), "filters": filters}
        options |= {"count": self._count, "version": self._version}
        self.note = ""
        try:
            return find(self._ws, query, **options)
        except ScoresUnreadError:
            table = find(self._ws, query.rendered(), **options)
            self.note = "This model reads no scores: the score is compared by its rendered sound."
            return table

    @anywidget.experimental.command
    def _upload(
        self, message: dict[str, Any], buffers: list[bytes]
    ) -> tuple[dict[str, str], list[bytes]]:
        said: list[str] = []
        guarded(said.append)(self._take)(message, buffers)
        return {"said": "".join(said)}, []

    def _take(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        path = self._uploads.take(message, buffers)
        if path is not None:
            self._upload_path = path
            self._shown = ()  # the same name again may be another file
            with self.hold_trait_notifications():
                self.span, self.together = [], []
                self.file = path.name
            self._update()

    def _entry(self, item_id: Any, row: Any) -> dict[str, Any]:
        return entry(item_id, row) | {"url": audio_url(self._ws.id, item_id)}


def _narrowed(filters: dict[str, Any]) -> bool:
    return any(value not in (None, "", [], {}, False) for value in filters.values())
