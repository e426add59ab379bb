"""Dashboards for people outside the house: pages, maps and sound in a folder that needs nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.catalogue.words import LICENCE
from workbench.errors import WorkbenchError
from workbench.files import write_text
from workbench.progress import Progress
from workbench.publishing.asking import MOST
from workbench.publishing.chapters import Drawn, drawn_pages, page_url
from workbench.publishing.dashboards import chosen_pages
from workbench.publishing.folder import size_of, whole_folder, write_manifest
from workbench.publishing.pages import Sheet, index_page, widget_page
from workbench.publishing.public import PublicWorkspace
from workbench.publishing.sounds import SECONDS, Written, write_sounds
from workbench.resources import resource
from workbench.row_files import write_rows
from workbench.server.routes import plotly_folder
from workbench.urls import AUDIO_ROUTE
from workbench.widgets import present
from workbench.workspace import Workspace

_PLOTLY = "plotly.min.js"


@dataclass(frozen=True)
class ExportOptions:
    """What goes into an export.

    Attributes
    ----------
    pages
        Names of dashboards; None for all that can be exported.
    version
        The model version; None for the current one.
    kinds
        Of the items on the pages, which have sound; empty for none.
    items
        How many of them at most; None for all.
    seconds
        Length of the excerpts; None for whole items.
    names
        Whether raters keep their names.
    most
        More items than that are not asked for what a click on them would show.
    """

    pages: list[str] | None = None
    version: str | None = None
    kinds: Sequence[str] = ("song",)
    items: int | None = None
    seconds: float | None = SECONDS
    names: bool = False
    most: int = MOST


@dataclass(frozen=True)
class Exported:
    """What came of it: where, how large in bytes, its pages, its sounds."""

    folder: Path
    size: int
    pages: list[str]
    sounds: Written = field(default_factory=lambda: Written([], {}))


def export_dashboard(
    ws: Workspace,
    folder: Path,
    options: ExportOptions | None = None,
    *,
    again: bool = False,
    dashboards: Path | None = None,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write dashboards into a folder that opens from a disk, without a server.

    Parameters
    ----------
    ws
        The workspace.
    folder
        A new one, or an empty one.
    options
        What goes into it.
    again
        Whether an earlier export there is replaced.
    dashboards
        The folder of notebooks; by default those shipped.
    processes
        How many sounds are written at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers write them instead; by default the
        configured one.
    progress
        Told what is being done.

    Raises
    ------
    WorkbenchError
        If the folder holds something else, or there is no such page or version.
    """
    options = options or ExportOptions()
    progress = progress or Progress()
    source = dashboards or resource("dashboards")
    pages = chosen_pages(source, options.pages)
    ws.database.upgrade()  # what is shown is only read
    shown = PublicWorkspace(ws.root, version=options.version, names=options.names)
    made_at = datetime.now(UTC)
    listed = [
        {
            "title": page.title,
            "description": page.exported_description,
            "url": page_url(Path(page.name)),
        }
        for page in pages
    ]
    sheet = Sheet(ws.root.name, _snapshot(shown, made_at, options), listed)
    with whole_folder(folder, again=again) as partial:
        drawn = {
            entry["url"]: list(
                drawn_pages(source / page.name, shown, most=options.most, progress=progress)
            )
            for page, entry in zip(pages, listed, strict=True)
        }
        items = {item for each in drawn.values() for one in each for item in _heard_on(one, ws)}
        sounds = _add_sounds(shown, items, partial, options, processes, cluster, progress)
        for url, chapters in drawn.items():
            for one in chapters:
                text = widget_page(sheet, url, one.rendered, one.data, sounds.items)
                write_text(partial / one.url, _placeless(text, ws))
                if any(_PLOTLY in str(model._esm) for model in one.rendered.models):
                    _add_plotly(partial)
        write_text(partial / "index.html", index_page(sheet))
        write_manifest(partial, _said(shown, made_at, listed, options, sounds))
    return Exported(folder, size_of(folder), [entry["title"] for entry in listed], sounds)


def _snapshot(ws: Workspace, made_at: datetime, options: ExportOptions) -> str:
    """Return when and from what the pages were made."""
    try:
        model = present.model_words(ws.models.card())
    except WorkbenchError:
        model = "no model yet"
    sound = ""
    if options.kinds and options.seconds is not None:
        sound = f" Sounds are excerpts of {options.seconds:g} seconds."
    return (
        f"As of {made_at:%-d %B %Y, %H:%M} UTC, from workspace {ws.root.name}, {model}. "
        f"This is a snapshot: it does not change.{sound}"
    )


def _placeless(text: str, ws: Workspace) -> str:
    """Return a page on which sentences about files do not tell where they lie."""
    return text.replace(str(ws.root), ws.root.name)


def _heard_on(page: Drawn, ws: Workspace) -> set[int]:
    """Return the items that a page can play: those of its maps, and those with an address."""
    named = re.findall(rf"{AUDIO_ROUTE}/{re.escape(ws.id)}/([0-9]+)", page.data)
    on_maps = (model.items for model in page.rendered.models if hasattr(model, "route"))
    return {*map(int, named)}.union(*(items.get("id", ()) for items in on_maps))


def _add_plotly(folder: Path) -> None:
    target = folder / "assets" / _PLOTLY
    if not target.exists():
        target.parent.mkdir()
        shutil.copyfile(Path(plotly_folder()) / _PLOTLY, target)


def _add_sounds(
    ws: Workspace,
    items: set[int],
    folder: Path,
    options: ExportOptions,
    processes: int | None,
    cluster: str | None,
    progress: Progress,
) -> Written:
    """Write the sounds and a table of them that says under which licence each stands."""
    known = ws.catalogue.playable()
    wanted = known[known.index.isin(items) & known["kind"].isin(list(options.kinds))]
    chosen = [int(item) for item in wanted.index[: options.items]]
    if not chosen:
        return Written([], {})
    sounds = write_sounds(
        ws, chosen, folder / "audio", seconds=options.seconds, processes=processes,
        cluster=cluster, progress=progress,
    )  # fmt: skip
    licences = ws.catalogue.tags(LICENCE).set_index("item_id")["value"].groupby(level=0).first()
    rows = [
        {
            "file": f"audio/{item}.ogg",
            "title": str(known["title"][item]),
            "artist": str(known["artist"][item]),
            "kind": str(known["kind"][item]),
            "licence": licences.get(item),
        }
        for item in sounds.items
    ]
    kinds = dict.fromkeys(("file", "title", "artist", "kind", "licence"), str)
    write_rows(folder / "sounds.csv", rows, kinds)
    return sounds


def _said(
    ws: Workspace,
    made_at: datetime,
    pages: Sequence[dict[str, Any]],
    options: ExportOptions,
    sounds: Written,
) -> dict[str, Any]:
    """Return what the manifest says besides the files."""
    try:
        card = ws.models.card()
        model = {"version": card.version, "made_at": card.created_at, "encoder": card.encoder,
                 "licence": card.licence}  # fmt: skip
    except WorkbenchError:
        model = None
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "made_with": f"Music Similarity Workbench {__version__}",
        "workspace": ws.root.name,
        "model": model,
        "pages": [{"title": page["title"], "file": page["url"]} for page in pages],
        "sounds": {
            "count": len(sounds.items),
            "missing": sorted(sounds.missing),
            "seconds": options.seconds,
        },
        "licences": {
            "pages": "BSD-3-Clause (Music Similarity Workbench)",
            f"assets/{_PLOTLY}": "MIT (plotly.js, named at the head of the file)",
            "audio": "that of the recordings, see sounds.csv; an export grants none",
        },
    }
