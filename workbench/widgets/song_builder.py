"""Build a song: parts in a basket, heard together, with suggestions for what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.errors import WorkbenchError
from workbench.search.assembly import export_song, file_name
from workbench.search.baskets import Basket, list_baskets
from workbench.search.choices import chosen_filters, filter_choices
from workbench.search.index import catalogue_index
from workbench.search.rankings import ranking, rate
from workbench.search.suggest import suggest, tempo_and_key
from workbench.urls import audio_url
from workbench.widgets.assets import css, esm
from workbench.widgets.item_lists import closeness, entry, playable_items, search_items
from workbench.widgets.safe import guarded

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_FOUND = 30
_EMPTY = "Add a first part: find one by its title below. Suggestions follow from what is there."


class SongBuilder(anywidget.AnyWidget):
    """The songs that are being built, and the tools to go on with one of them.

    Parts are mixed in the browser as the export mixes them; every change is saved at once.

    Parameters
    ----------
    ws
        The workspace.
    song
        Id or title of the song to open; by default the one saved last.
    rater
        Who rates parts, if a name is known.

    Attributes
    ----------
    basket : Basket | None
        The song that is open.
    """

    _esm = esm(
        *("base.js", "items.js", "item_picker.js", "item_filters.js"),
        *("song_sound.js", "song_parts.js", "song.js"),
    )
    _css = css("items.css", "song.css")

    songs = traitlets.List(traitlets.Dict()).tag(sync=True)
    song = traitlets.Dict().tag(sync=True)
    parts = traitlets.List(traitlets.Dict()).tag(sync=True)
    suggestions = traitlets.List(traitlets.Dict()).tag(sync=True)
    dimensions = traitlets.List(traitlets.Unicode()).tag(sync=True)
    filters = traitlets.Dict().tag(sync=True)
    choices = traitlets.Dict().tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    found = traitlets.List(traitlets.Dict()).tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    problem = traitlets.Unicode("").tag(sync=True)

    def __init__(self, ws: Workspace, *, song: str | None = None, rater: str = "") -> None:
        super().__init__()
        self._ws = ws
        self._rater = rater
        self.basket: Basket | None = None
        self._steps: dict[str, Callable[..., object]] = {
            "open": self._open,
            "new": self._new,
            "rename": lambda title: self._basket.rename(title),
            "add": lambda item, offset_s=0.0: self._basket.add(int(item), offset_s=offset_s),
            "remove": lambda place: self._basket.remove(place),
            "move": lambda place, to: self._basket.move(place, to),
            "set": lambda place, **said: self._basket.set(place, **said),
            "undo": lambda: self._basket.undo(),
            "redo": lambda: self._basket.redo(),
            "rate": self._rate,
            "suggest": self._suggest,
            "export": self._export,
        }
        guarded(self._say)(self._begin)(song)

    @property
    def _basket(self) -> Basket:
        if self.basket is None:
            raise WorkbenchError("Begin a song first.")
        return self.basket

    def _begin(self, song: str | None) -> None:
        self._items = playable_items(self._ws)
        if self._items.empty:
            raise WorkbenchError("The catalogue has no sound yet: bring music in first.")
        self.choices = filter_choices(catalogue_index(self._ws))
        self._find_titles()
        self.observe(lambda _: guarded(self._say)(self._find_titles)(), names=["search"])
        known = list_baskets(self._ws)
        if song is not None or len(known):
            self.basket = Basket.open(self._ws, song if song is not None else known.index[0])
        self._show()

    def _say(self, problem: str) -> None:
        self.problem = problem

    def _find_titles(self) -> None:
        self.found = search_items(self._items, self.search, limit=_FOUND)

    # -- what the page asks for -----------------------------------------------------------------

    @anywidget.experimental.command
    def _do(
        self, message: dict[str, Any], _buffers: list[bytes]
    ) -> tuple[dict[str, str], list[bytes]]:
        said: list[str] = []
        step = self._steps.get(str(message.get("step")))
        if step is not None:
            guarded(said.append)(self._run)(step, dict(message.get("with") or {}))
        return {"said": "".join(said)}, []

    def _run(self, step: Callable[..., object], options: dict[str, Any]) -> None:
        self.note = ""
        try:
            step(**options)
        finally:
            self._show()

    def _open(self, song: str) -> None:
        self.basket = Basket.open(self._ws, song)
        self.suggestions = []

    def _new(self, title: str) -> None:
        self.basket = Basket.create(self._ws, title, author=self._rater)
        self.suggestions = []

    def _rate(self, item: int, stars: int) -> None:
        rate(self._ws, int(item), int(stars), rater=self._rater, assembly_id=self._basket.id)

    def _suggest(self, instrument: str = "", neighbours: bool = False) -> None:
        self.suggestions = []
        table = suggest(
            self._ws,
            self._basket,
            instrument=instrument or None,
            filters=chosen_filters(self.filters),
            neighbours=neighbours,
        )
        self.dimensions = list(self._ws.models.card().dimensions)
        self.suggestions = [
            entry(item, table.loc[item])
            | self._sounds(item)
            | closeness(table.loc[item], self.dimensions)
            for item in table.index.tolist()
        ]
        if table.empty:
            self.note = "No track in this tempo and key fits: leave the instrument or a filter out."

    def _export(self) -> None:
        wanted = Path("exports") / file_name(self._basket.title)
        folder, number = self._ws.root / wanted, 1
        while folder.exists():
            number += 1
            folder = self._ws.root / wanted.with_name(f"{wanted.name}_{number}")
        export_song(self._ws, self._basket, folder)
        self.note = f"Mixed and written to {folder}."

    # -- what the page shows --------------------------------------------------------------------

    def _show(self) -> None:
        known = list_baskets(self._ws)
        self.songs = [{"id": str(i), "title": str(t)} for i, t in known["title"].items()]
        basket = self.basket
        if basket is None:
            self.song, self.parts = {}, []
            return
        bpm, key = tempo_and_key(self._ws, basket)
        self.song = {
            "id": basket.id,
            "title": basket.title,
            "undo": basket.can_undo,
            "redo": basket.can_redo,
            "words": ", ".join([*([f"{bpm:.0f} bpm"] if bpm else []), *([key] if key else [])]),
        }
        items = self._ws.catalogue.items()
        peaks = self._ws.catalogue.peaks([part.item for part in basket.parts])
        stars = ranking(self._ws)["stars"]
        self.parts = [
            entry(part.item, items.loc[part.item])
            | self._sounds(part.item)
            | {
                "gain_db": part.gain_db,
                "offset_s": part.offset_s,
                "muted": part.muted,
                "duration_s": float(np.nan_to_num(items.duration_s[part.item])),
                "stars": float(np.nan_to_num(stars.get(part.item, 0.0))),
                "peaks": list(peaks.get(part.item, b"")[::4]),
            }
            for part in basket.parts
        ]
        self.problem = "" if basket.parts else _EMPTY

    def _sounds(self, item: int) -> dict[str, str]:
        return {"url": audio_url(self._ws.id, item)}
