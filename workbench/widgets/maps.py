"""Six linked maps that can be heard: every subspace of a model, coloured by tags."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.errors import WorkbenchError
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.maps.state import map_state
from workbench.maps.trails import trails
from workbench.search.neighbours import neighbours_of
from workbench.urls import AUDIO_ROUTE
from workbench.widgets import present
from workbench.widgets.assets import css, esm
from workbench.widgets.map_colours import MapColours, colour_choices
from workbench.widgets.map_data import coloured, described, following, placed
from workbench.widgets.sources import source_words

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)
_NEAR = 5  # neighbours in each dimension


class SubspaceMaps(anywidget.AnyWidget):
    """Show the stored maps of a model, one per dimension.

    Hovering marks the same item on every map, a click (or Enter) plays it; the sound comes by
    HTTP, so it does not wait for Python. Without maps the widget says what to run.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.
    kinds
        Which items to show: ``"song"`` (sound), ``"score"``, ``"track"`` and others of the
        catalogue. People can add kinds on the page; where there is none of these, all are shown.

    Attributes
    ----------
    selected : int | None
        The id of the item last clicked; may be set from Python.
    chosen : list of int
        The ids of the items drawn around on the page; may be set from Python.
    colour : list of str
        What all maps are coloured by: a value of `colour_choices`.
    trails_from : str
        The model version from whose maps trails lead to these; empty for none.

    Examples
    --------
    >>> maps = SubspaceMaps(ws)  # doctest: +SKIP
    >>> maps.observe(lambda change: print(change["new"]), "selected")  # doctest: +SKIP
    """

    _esm = esm(
        *("base.js", "downloads.js", "playbar.js", "point_grid.js", "map_painter.js", "scatter.js"),
        *("maps_parts.js", "maps_near.js", "maps_lasso.js", "maps_card.js", "maps.js"),
    )
    _css = css("playbar.css", "source.css", "maps.css")
    note = traitlets.Unicode().tag(sync=True)
    source = traitlets.Unicode().tag(sync=True)
    route = traitlets.Unicode().tag(sync=True)
    items = traitlets.Dict().tag(sync=True)
    maps: traitlets.List = traitlets.List().tag(sync=True)
    colours: traitlets.List = traitlets.List().tag(sync=True)
    kinds: traitlets.List = traitlets.List(traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    near = traitlets.Dict().tag(sync=True)
    chosen: traitlets.List = traitlets.List(traitlets.Int()).tag(sync=True)
    may_ask = traitlets.Bool(True).tag(sync=True)
    colour: traitlets.List = traitlets.List(traitlets.Unicode()).tag(sync=True)
    colourings: traitlets.List = traitlets.List().tag(sync=True)
    versions: traitlets.List = traitlets.List(traitlets.Unicode()).tag(sync=True)
    trails_from = traitlets.Unicode().tag(sync=True)
    trails: traitlets.List = traitlets.List().tag(sync=True)

    def __init__(
        self, ws: Workspace, *, version: str | None = None, kinds: Sequence[str] = ("song",)
    ) -> None:
        super().__init__(
            route=f"{AUDIO_ROUTE}/{ws.id}/", kinds=list(kinds), may_ask=not ws.read_only
        )
        self._ws = ws
        self._version = ""
        self.refresh(version)
        self.observe(lambda _: self._tell(self._colour), "colour")
        self.observe(lambda _: self._tell(self._follow), "trails_from")
        self.observe(lambda _: self._tell(self._find_near), ["selected", "kinds"])

    # -- what is shown --------------------------------------------------------------------------

    def refresh(self, version: str | None = None) -> None:
        """Show the maps of a version as they are stored now; by default of the current one."""
        with self.hold_sync():
            self.note = ""
            self.set_trait("trails", [])
            self.trails_from = ""
            try:
                self._read(version)
            except WorkbenchError as error:
                self.note = str(error)
                self.items, self.maps, self.colours, self.colourings = {}, [], [], []
                self.versions, self.source = [], ""
            there = set(self.items.get("kind", ()))
            if not there.intersection(self.kinds):
                self.kinds = sorted(there)
            known = set(self.items.get("id", ()))
            if self.selected not in known:
                self.selected = None
            self.chosen = [item_id for item_id in self.chosen if item_id in known]

    def _read(self, version: str | None) -> None:
        card = self._ws.models.card(version)
        layouts = self._ws.maps.load(card.version)
        self._version = card.version
        known = self._ws.catalogue.items()
        first = next(iter(layouts.values()))
        kept = np.isin(first.ids, known.index.to_numpy())
        self._ids = first.ids[kept]
        self._dimensions = list(layouts)
        self.items = described(known.loc[self._ids])
        facts = self._ws.maps.facts(card.version)
        self.maps = [
            placed(name, layout.xy[kept], facts.drawings.get(name))
            for name, layout in layouts.items()
        ]
        self._tags = self._ws.catalogue.tags()
        self.colourings = colour_choices(self._ws, self._tags)
        self._colour()
        self.versions = [
            other.version
            for other in self._ws.models.versions()
            if other.version != card.version and self._ws.maps.exists(other.version)
        ]
        state = map_state(self._ws, version=card.version)
        self.note = state.text
        places = f"places of {present.plural(len(self._ids), 'item')} by UMAP"
        self.source = source_words(card, places)

    def _colour(self) -> None:
        """Colour the maps; a colouring that there is no longer is that of each map's own tags."""
        there = any(choice["value"] == self.colour for choice in self.colourings)
        chosen = self.colour if there else []
        colours = MapColours(self._ws, self._tags, self._ids, chosen, version=self._version)
        self.colours = [coloured(*colours.of(name)) for name in self._dimensions]

    def _follow(self) -> None:
        """Show how the items came to where they lie."""
        if not self.trails_from:
            self.trails = []
            return
        found = trails(self._ws, self.trails_from, self._version)
        self.trails = [following(found.get(name), self._ids) for name in self._dimensions]

    def _find_near(self) -> None:
        """Find the neighbours of the selected item among what is shown."""
        if self.selected is None:
            self.near = {}
            return
        shown = np.isin(self.items["kind"], self.kinds)
        found = neighbours_of(
            self._ws, self.selected, count=_NEAR, version=self._version, among=self._ids[shown]
        )
        lists = {
            name: list(
                map(list, zip(table.index.tolist(), table["relevance"].tolist(), strict=True))
            )
            for name, table in found.items()
        }
        self.near = {str(self.selected): lists}

    def _tell(self, act: Any) -> None:
        """Do what was asked for on the page; say what is wrong instead of raising it."""
        if not self.maps:
            return
        try:
            act()
        except WorkbenchError as error:
            self.note = str(error)

    def beforehand(self, most: int) -> dict[str, list[Any]]:
        """Return what may be picked on an exported page: colours, trails, and points if few."""
        ids = list(self.items.get("id", ()))
        picks: dict[str, list[Any]] = {
            "colour": [choice["value"] for choice in self.colourings],
            "trails_from": ["", *self.versions],
        }
        return picks | ({"selected": ids} if len(ids) <= most else {})

    # -- what was chosen ------------------------------------------------------------------------

    @property
    def chosen_items(self) -> pd.DataFrame:
        """The catalogue's rows of the chosen items."""
        return self._ws.catalogue.items().loc[self.chosen]

    def make_task(self, name: str, **settings: Any) -> RatingTask:
        """Store a rating task about the chosen songs; `TripletRater` then offers it.

        Parameters
        ----------
        name
            Of the task.
        settings
            Others of `workbench.listening.tasks.RatingTask`.

        Raises
        ------
        WorkbenchError
            If fewer than three songs are chosen, or there is a task of that name.
        """
        songs = self.chosen_items.query("kind == 'song' and domain == 'audio'").index.tolist()
        if len(songs) < 3:
            raise WorkbenchError("A triplet needs three songs; choose at least three on a map.")
        task = RatingTask(name=" ".join(name.split()), items=tuple(songs), **settings)
        RatingTasks(self._ws).save(task)
        return task

    @anywidget.experimental.command
    def _make_task(
        self, message: dict[str, Any], _buffers: list[bytes]
    ) -> tuple[dict[str, str], list[bytes]]:
        try:
            task = self.make_task(str(message.get("name", "")))
        except WorkbenchError as error:
            return {"said": str(error)}, []
        except Exception:
            _LOG.exception("No rating task could be made")
            return {"said": "Something went wrong in Python; its log has the details."}, []
        return {"said": f"{task.name!r} asks about {len(task.items)} songs: see the page Rate."}, []
