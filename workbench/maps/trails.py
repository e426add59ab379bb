"""Trails: where items lay on the maps of one model version, and where they went in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import WorkbenchError
from workbench.maps.layout import extent, turned

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Trails:
    """The ways of the items that are on the maps of both versions, in one dimension.

    Attributes
    ----------
    ids : int64 [n]
    before : float32 [n, 2]
        Where they lay, on the map of the version they came to.
    after : float32 [n, 2]
        Where they lie, as stored.
    moved : float32 [n]
        How far they went, in units of the longer side of the map.
    """

    ids: np.ndarray
    before: np.ndarray
    after: np.ndarray
    moved: np.ndarray


def trails(ws: Workspace, before: str, after: str) -> dict[str, Trails]:
    """Return the ways of items between the maps of two model versions, by dimension.

    Parameters
    ----------
    ws
        The workspace.
    before, after
        Two model versions whose maps are stored.

    Returns
    -------
    For each dimension that both have. The places of `after` are those of its map, so that trails
    can be drawn on it. Those of `before` are stored in the same position where one map was drawn
    going on from the other; else they are turned, mirrored and scaled onto it as a whole.

    Raises
    ------
    NotReadyError
        If the maps of a version have not been drawn.
    WorkbenchError
        If the maps have no dimension or no item in common.
    """
    old, new = ws.maps.load(before), ws.maps.load(after)
    together = {name for name, _ in _lines(ws, before) & _lines(ws, after)}
    found = {}
    for name in [name for name in new if name in old]:
        ids = np.intersect1d(old[name].ids, new[name].ids)
        if not len(ids):
            continue
        start, end = old[name].places(ids), new[name].places(ids)
        if name not in together:
            start = turned(start, np.arange(len(ids)), end, scaled=True)
        apart = np.linalg.norm(end - start, axis=1) / extent(new[name].xy)
        found[name] = Trails(ids, start, end, apart.astype(np.float32))
    if not found:
        raise WorkbenchError(
            f"The maps of {before} and {after} have no dimension and items in common; choose "
            "versions of one encoder."
        )
    return found


def _lines(ws: Workspace, version: str) -> set[tuple[str, str]]:
    """Return each dimension with every version on whose map, in the end, a map lies.

    A map that was drawn anew since is no longer the one it was laid on.
    """
    found = set()
    for name in ws.maps.facts(version).drawings:
        facts = ws.maps.facts(version)
        while (name, facts.version) not in found:
            found.add((name, facts.version))
            drawing = facts.drawings.get(name)
            if drawing is None or not drawing.aligned_to or not ws.maps.exists(drawing.aligned_to):
                break
            older = ws.maps.facts(drawing.aligned_to)
            if (older.created_at or "") > (facts.created_at or ""):
                break
            facts = older
    return found
