"""Go on from an earlier map: which one, how far it still holds, and how the new one lies on it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import WorkbenchError
from workbench.maps.layout import Settings, extent, go_on, kept_neighbours, lay_out, turned
from workbench.maps.store import Drawing, Layout, MapFacts
from workbench.progress import Progress
from workbench.search.neighbours import Neighbours, make_neighbours
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_RELATED = 0.3  # two versions that share fewer neighbours have nothing to go on from


@dataclass(frozen=True)
class EarlierMaps:
    """Earlier maps, their version, and the neighbours that items had then, where known."""

    version: str
    layouts: dict[str, Layout]
    near: dict[str, Neighbours]


def earlier_maps(
    ws: Workspace, card: ModelCard, stored: MapFacts | None, progress: Progress
) -> EarlierMaps | None:
    """Return the maps to go on from: this version's own, else its parent's; None without either.

    Parameters
    ----------
    ws, card
        The workspace, and the model's card.
    stored
        What is known of the version's own maps; None where there are none or they shall not count.
    progress
        Told where the parent's maps cannot be read, and while neighbours are found.
    """
    version = card.version if stored is not None else card.parent
    if version is None or not ws.maps.exists(version):
        return None
    try:
        layouts = ws.maps.load(version)
        if stored is not None and not unchanged(ws, stored, layouts):
            return EarlierMaps(version, layouts, {})
        return EarlierMaps(
            version, layouts, make_neighbours(ws, version=version, progress=progress)
        )
    except WorkbenchError as error:
        progress.note(f"The maps of {version} could not be gone on from: {error}")
        return None


def follow(
    name: str,
    vectors: np.ndarray,
    near: Neighbours,
    before: EarlierMaps | None,
    settings: Settings,
) -> tuple[np.ndarray, Drawing]:
    """Draw one map; where there is an earlier one, so that it lies on it.

    Parameters
    ----------
    name
        The dimension.
    vectors
        In its subspace, float32 [n, d].
    near
        The neighbours of all items in it.
    before
        The maps to go on from; None for a map of its own.
    settings
        How it is drawn.

    Returns
    -------
    Places, float32 [n, 2], and how the map came to lie as it does, its quality not measured yet.
    """
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


def unchanged(ws: Workspace, facts: MapFacts, layouts: dict[str, Layout]) -> bool:
    """Return whether the vectors of the items on the maps are those that were drawn."""
    store, _ = read_subspaces(ws, facts.version)
    ids = next(iter(layouts.values())).ids
    known = np.isin(store.ids, ids)
    return int(known.sum()) == len(ids) and facts.digest == digest(store.vectors[known])


def digest(vectors: np.ndarray) -> str:
    """Return a hash of vectors, by which maps know whether they show them."""
    return hashlib.blake2b(np.ascontiguousarray(vectors).data, digest_size=16).hexdigest()


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
    return np.maximum(1.0 - (1.0 - share) / (1.0 - chance), 0.0)  # all kept: exactly 1
