"""Draw the maps of a model, or bring stored ones up to date, and store them with what is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.errors import NotReadyError, WorkbenchError
from workbench.maps.following import digest, earlier_maps, follow, unchanged
from workbench.maps.layout import Settings
from workbench.maps.placing import place
from workbench.maps.quality import measure
from workbench.maps.store import Layout, MapFacts
from workbench.progress import Progress
from workbench.search.neighbours import STORED, make_neighbours
from workbench.search.subspaces import read_subspaces
from workbench.subspaces.store import timestamp

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_PLACED = 0.1  # a larger share of items is not placed beside the others: all are laid out again


@dataclass(frozen=True)
class MapReport:
    """What was done, and what is known of the maps now.

    `done` is ``"drawn"``, ``"placed"`` (new items only, beside the others) or ``"fresh"``
    (nothing).
    """

    done: Literal["drawn", "placed", "fresh"]
    facts: MapFacts


def compute_maps(
    ws: Workspace,
    *,
    version: str | None = None,
    neighbours: int = 15,
    min_dist: float = 0.15,
    seed: int = 0,
    again: bool = False,
    progress: Progress | None = None,
) -> MapReport:
    """Lay out every subspace of a model in two dimensions and store the maps.

    A map goes on from the map of the parent version, so that an item keeps its place unless the
    model moved it. Maps that are up to date stay; where at most a tenth of the items is new, these
    are placed beside the others.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.
    neighbours, min_dist, seed
        See `workbench.maps.layout.Settings`.
    again
        Draw maps that are up to date, too, and forget where their items lay, as other settings
        than the stored ones do.
    progress
        Told about every dimension.

    Raises
    ------
    NotReadyError
        If there is no model, or no item has a vector.
    WorkbenchError
        If a setting cannot be used.
    """
    if not 2 <= neighbours <= STORED or not 0 <= min_dist < 1:
        raise WorkbenchError(
            f"A map needs 2 to {STORED} neighbours and a least distance of 0 to below 1."
        )
    settings = Settings(neighbours, min_dist, seed)
    progress = progress or Progress()
    card = ws.models.card(version)
    store, _ = read_subspaces(ws, card.version)
    if not len(store.ids):
        raise NotReadyError("A map needs items with vectors; run `workbench embed` first.")
    stored = _stored(ws, card.version)
    if again or (stored is not None and not _drawn_so(stored, card, settings)):
        stored = None
    if stored is not None and stored.generation is not None:
        if stored.generation == store.generation:
            return MapReport("fresh", stored)
        placed = _place_new(ws, stored, progress)
        if placed:
            return placed
    return _draw(ws, card, settings, stored, progress)


def _stored(ws: Workspace, version: str) -> MapFacts | None:
    """Return what is known of stored maps; damaged ones are drawn anew."""
    try:
        return ws.maps.facts(version)
    except WorkbenchError:
        return None


def _drawn_so(facts: MapFacts, card: ModelCard, settings: Settings) -> bool:
    """Return whether maps were drawn with these settings; those that do not know are believed."""
    drawn = (facts.neighbours, facts.min_dist, facts.seed)
    known = drawn in [(None, None, None), (settings.neighbours, settings.min_dist, settings.seed)]
    return known and list(facts.drawings) == card.dimensions


# -- new items on finished maps -----------------------------------------------------------------


def _place_new(ws: Workspace, facts: MapFacts, progress: Progress) -> MapReport | None:
    """Add new items to finished maps; None if the others' vectors changed or too many are new."""
    layouts = ws.maps.load(facts.version)
    store, blocks = read_subspaces(ws, facts.version)
    known = np.isin(store.ids, next(iter(layouts.values())).ids)
    new = int((~known).sum())
    if not unchanged(ws, facts, layouts) or facts.placed + new > _PLACED * facts.items:
        return None
    drawings = dict(facts.drawings)
    if new:
        progress.stage("Placing new items", len(blocks))
    for name, block in blocks.items() if new else ():
        vectors = np.asarray(store.vectors[:, block])
        xy = np.empty((len(store.ids), 2), np.float32)
        xy[known] = layouts[name].xy
        xy[~known] = place(vectors[~known], vectors[known], layouts[name].xy)
        drawings[name] = replace(drawings[name], **_quality(vectors, xy, facts.seed))
        layouts[name] = Layout(store.ids, xy)
        progress.advance(label=name)
    facts = replace(
        facts,
        items=len(store.ids),
        placed=facts.placed + new,
        drawings=drawings,
        created_at=timestamp() if new else facts.created_at,
        generation=store.generation,
        digest=digest(store.vectors),
    )
    ws.maps.save(facts.version, layouts, facts)
    progress.close()
    return MapReport("placed" if new else "fresh", facts)


# -- whole maps ---------------------------------------------------------------------------------


def _draw(
    ws: Workspace,
    card: ModelCard,
    settings: Settings,
    stored: MapFacts | None,
    progress: Progress,
) -> MapReport:
    before = earlier_maps(ws, card, stored, progress)
    near = make_neighbours(ws, version=card.version, progress=progress)
    store, blocks = read_subspaces(ws, card.version)
    layouts, drawings = {}, {}
    progress.stage("Drawing maps", len(blocks))
    for name, block in blocks.items():
        vectors = np.ascontiguousarray(store.vectors[:, block])
        xy, drawing = follow(name, vectors, near[name], before, settings)
        drawings[name] = replace(drawing, **_quality(vectors, xy, settings.seed))
        layouts[name] = Layout(store.ids, xy)
        progress.advance(label=name)
    facts = MapFacts(
        version=card.version,
        items=len(store.ids),
        parent=card.parent,
        created_at=timestamp(),
        seed=settings.seed,
        neighbours=settings.neighbours,
        min_dist=settings.min_dist,
        drawings=drawings,
        generation=store.generation,
        digest=digest(store.vectors),
    )
    ws.maps.save(card.version, layouts, facts)
    progress.close()
    return MapReport("drawn", facts)


def _quality(vectors: np.ndarray, xy: np.ndarray, seed: int | None) -> dict[str, Any]:
    quality = measure(vectors, xy, seed=seed or 0)
    return quality._asdict() if quality else {}
