"""Draw the maps of a model, or bring stored ones up to date, and store them with what is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.errors import NotReadyError, WorkbenchError
from workbench.maps.layout import Settings, extent, go_on, kept_neighbours, lay_out, turned
from workbench.maps.placing import place
from workbench.maps.quality import measure
from workbench.maps.store import Drawing, Layout, MapFacts
from workbench.progress import Progress
from workbench.search.neighbours import STORED, Neighbours, make_neighbours
from workbench.search.subspaces import read_subspaces
from workbench.subspaces.store import timestamp

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_PLACED = 0.1  # a larger share of items is not placed beside the others: all are laid out again
_RELATED = 0.3  # two versions that share fewer neighbours have nothing to go on from


@dataclass(frozen=True)
class MapReport:
    """What was done, and what is known of the maps now.

    `done` is ``"drawn"``, ``"placed"`` (new items only, beside the others) or ``"fresh"``
    (nothing).
    """

    done: Literal["drawn", "placed", "fresh"]
    facts: MapFacts


@dataclass(frozen=True)
class _Before:
    """Earlier maps, their version, and the neighbours that items had then, where known."""

    version: str
    layouts: dict[str, Layout]
    near: dict[str, Neighbours]


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
    if not _unchanged(ws, facts, layouts) or facts.placed + new > _PLACED * facts.items:
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
        digest=_digest(store.vectors),
    )
    ws.maps.save(facts.version, layouts, facts)
    progress.close()
    return MapReport("placed" if new else "fresh", facts)


def _unchanged(ws: Workspace, facts: MapFacts, layouts: dict[str, Layout]) -> bool:
    """Return whether the vectors of the items on the maps are those that were drawn."""
    store, _ = read_subspaces(ws, facts.version)
    ids = next(iter(layouts.values())).ids
    known = np.isin(store.ids, ids)
    return int(known.sum()) == len(ids) and facts.digest == _digest(store.vectors[known])


# -- whole maps ---------------------------------------------------------------------------------


def _draw(
    ws: Workspace,
    card: ModelCard,
    settings: Settings,
    stored: MapFacts | None,
    progress: Progress,
) -> MapReport:
    before = _before(ws, card, stored, progress)
    near = make_neighbours(ws, version=card.version, progress=progress)
    store, blocks = read_subspaces(ws, card.version)
    layouts, drawings = {}, {}
    progress.stage("Drawing maps", len(blocks))
    for name, block in blocks.items():
        vectors = np.ascontiguousarray(store.vectors[:, block])
        xy, drawing = _one(name, vectors, near[name], before, settings)
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
        digest=_digest(store.vectors),
    )
    ws.maps.save(card.version, layouts, facts)
    progress.close()
    return MapReport("drawn", facts)


def _before(
    ws: Workspace, card: ModelCard, stored: MapFacts | None, progress: Progress
) -> _Before | None:
    """Return the maps to go on from: this version's own, else its parent's."""
    version = card.version if stored is not None else card.parent
    if version is None or not ws.maps.exists(version):
        return None
    try:
        layouts = ws.maps.load(version)
        if stored is not None and not _unchanged(ws, stored, layouts):
            return _Before(version, layouts, {})
        return _Before(version, layouts, make_neighbours(ws, version=version, progress=progress))
    except WorkbenchError as error:
        progress.note(f"The maps of {version} could not be gone on from: {error}")
        return None


def _one(
    name: str,
    vectors: np.ndarray,
    near: Neighbours,
    before: _Before | None,
    settings: Settings,
) -> tuple[np.ndarray, Drawing]:
    """Draw one map; where there is an earlier one, so that it lies on it."""
    layout = before.layouts.get(name) if before else None
    known = np.isin(near.ids, layout.ids) if layout else np.zeros(len(near.ids), bool)
    if before is None or layout is None or not known.any():
        return lay_out(vectors, near.indices, near.distances, settings), Drawing()
    start = np.zeros((len(near.ids), 2), np.float32)
    start[known] = layout.places(near.ids[known])
    kept = np.where(known, _kept(near, before.near.get(name), settings), 0.0)
    if kept.mean() >= _RELATED:
        xy = go_on(start, kept, near.indices, near.distances, settings)
    else:
        xy = lay_out(vectors, near.indices, near.distances, settings)
    xy = turned(xy, np.flatnonzero(known), start[known])
    moved = np.linalg.norm(xy[known] - start[known], axis=1).mean() / extent(layout.xy)
    return xy, Drawing(aligned_to=before.version, known=float(known.mean()), moved=float(moved))


def _kept(near: Neighbours, before: Neighbours | None, settings: Settings) -> np.ndarray:
    """Return the share of each item's neighbours it had before, beyond chance, float32 [n]."""
    if before is None:
        return np.zeros(len(near.ids), np.float32)
    count = settings.near(len(near.ids))
    at = np.searchsorted(before.ids, near.ids).clip(0, max(len(before.ids) - 1, 0))
    had = before.ids[at] == near.ids
    then = before.ids[before.indices[at, :count]]  # as ids, which both have in common
    then[~had] = -1
    share = kept_neighbours(near.ids[near.indices[:, :count]], then)
    chance = min(count / len(near.ids), 0.9)  # in a small catalogue, some are bound to be the same
    return np.maximum(share - chance, 0.0) / (1.0 - chance)


def _quality(vectors: np.ndarray, xy: np.ndarray, seed: int | None) -> dict[str, Any]:
    quality = measure(vectors, xy, seed=seed or 0)
    return quality._asdict() if quality else {}


def _digest(vectors: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(vectors).data, digest_size=16).hexdigest()
