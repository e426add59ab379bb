"""Six linked maps that can be heard: every subspace of a model, coloured by tags."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.errors import WorkbenchError
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.urls import AUDIO_ROUTE
from workbench.widgets.assets import css, esm
from workbench.widgets.colours import Colouring
from workbench.widgets.map_colours import colour_choices, map_colouring

if TYPE_CHECKING:
    import pandas as pd

    from workbench.search.maps import Layout
    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)


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
    kind
        ``"song"`` or ``"track"``, or None for both. People can add the tracks on the page.

    Attributes
    ----------
    selected : int | None
        The id of the item last clicked; may be set from Python.
    chosen : list of int
        The ids of the items drawn around on the page; may be set from Python.
    colour : list of str
        What all maps are coloured by: nothing for each one's own tags, ``[dimension]``, or
        ``[tagger, dimension, value]`` for the score of a machine tag.

    Examples
    --------
    >>> maps = SubspaceMaps(ws)  # doctest: +SKIP
    >>> maps.observe(lambda change: print(change["new"]), "selected")  # doctest: +SKIP
    """

    _esm = esm("base.js", "playbar.js", "scatter.js", "maps_lasso.js", "maps.js")
    _css = css("playbar.css", "maps.css")
    note = traitlets.Unicode().tag(sync=True)
    route = traitlets.Unicode().tag(sync=True)
    items = traitlets.Dict().tag(sync=True)
    maps: traitlets.List = traitlets.List().tag(sync=True)
    kind = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    selected = traitlets.Int(None, allow_none=True).tag(sync=True)
    chosen: traitlets.List = traitlets.List(traitlets.Int()).tag(sync=True)
    colour: traitlets.List = traitlets.List(traitlets.Unicode()).tag(sync=True)
    colourings: traitlets.List = traitlets.List().tag(sync=True)

    def __init__(
        self, ws: Workspace, *, version: str | None = None, kind: str | None = "song"
    ) -> None:
        super().__init__(route=f"{AUDIO_ROUTE}/{ws.id}/", kind=kind)
        self._ws = ws
        self._version: str | None = None
        self.refresh(version)
        self.observe(lambda _: self.refresh(self._version), "colour")

    def refresh(self, version: str | None = None) -> None:
        """Show the maps of a version as they are stored now; by default of the current one."""
        self._version = version
        try:
            layouts = self._ws.maps.load(self._ws.models.card(version).version)
            shown = _read(self._ws, layouts, self.colour)
        except WorkbenchError as error:
            shown = {"note": str(error), "items": {}, "maps": [], "colourings": []}
        with self.hold_sync():
            self.set_trait("note", "")
            for name, value in shown.items():
                self.set_trait(name, value)
            kinds = set(self.items.get("kind", ()))
            if self.kind not in kinds:
                self.kind = None
            known = set(self.items.get("id", ()))
            if self.selected not in known:
                self.selected = None
            self.chosen = [item_id for item_id in self.chosen if item_id in known]

    def beforehand(self, most: int) -> dict[str, list[Any]]:
        """Return what may be picked on an exported page: colours, and points if they are few."""
        ids = list(self.items.get("id", ()))
        colours = {"colour": [choice["value"] for choice in self.colourings]}
        return colours | ({"selected": ids} if len(ids) <= most else {})

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


def _read(ws: Workspace, layouts: dict[str, Layout], colour: list[str]) -> dict[str, Any]:
    """Return the traits that describe items and maps; items no longer catalogued are left out.

    A colouring that there is no longer is that of each map's own tags.
    """
    known = ws.catalogue.items()
    first = next(iter(layouts.values()))
    kept = np.isin(first.ids, known.index.to_numpy())
    ids = first.ids[kept]
    rows = known.loc[ids]
    tags = ws.catalogue.tags()
    colourings = colour_choices(ws, tags)
    chosen = colour if any(choice["value"] == colour for choice in colourings) else []
    return {
        "items": {
            "id": ids.tolist(),
            "title": rows["title"].tolist(),
            "artist": rows["artist"].tolist(),
            "kind": rows["kind"].tolist(),
        },
        "maps": [
            _map(name, layout.xy[kept], *map_colouring(ws, tags, name, ids, chosen))
            for name, layout in layouts.items()
        ],
        "colourings": colourings,
    }


def _map(dimension: str, xy: np.ndarray, shows: str, colouring: Colouring) -> dict[str, Any]:
    """Return one map for the page; its places, float32 [n, 2], travel as bytes."""
    return {
        "dimension": dimension,
        "shows": shows,
        "xy": xy.astype("<f4").tobytes(),
        "palette": colouring.palette,
        "colour": colouring.index.tobytes(),
        "texts": colouring.texts,
        "legend": colouring.legend,
    }
