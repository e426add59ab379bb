"""Whether the maps of a model show what there is: fresh, older than the vectors, or not drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class MapState:
    """How stored maps stand to the vectors of their model.

    Attributes
    ----------
    kind
        ``"fresh"``, ``"older"`` than the vectors, or ``"missing"``.
    absent
        How many items have a vector and no place on the maps.
    text
        A sentence for people; empty where the maps are fresh.
    """

    kind: Literal["fresh", "older", "missing"]
    absent: int
    text: str


def map_state(ws: Workspace, *, version: str | None = None) -> MapState:
    """Return how the maps of a model version stand; nothing is computed.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.

    Raises
    ------
    NotReadyError
        If there is no model.
    StorageError
        If the maps are damaged.
    """
    card = ws.models.card(version)
    source = ws.vectors(card.encoder)
    ids = source.ids if source.exists else np.zeros(0, np.int64)
    if not ws.maps.exists(card.version):
        text = f"The maps of model {card.version} have not been drawn yet; run `workbench map`."
        return MapState("missing", len(ids), text)
    absent = len(np.setdiff1d(ids, ws.maps.ids(card.version)))
    if absent:
        items = "1 item is" if absent == 1 else f"{absent:,} items are"
        text = f"The maps are older than the vectors: {items} not on them; run `workbench map`."
        return MapState("older", absent, text)
    drawn, vectors = ws.maps.facts(card.version).generation, ws.vectors(f"model-{card.version}")
    if drawn is not None and vectors.exists and vectors.generation != drawn:
        text = "The maps are older than the vectors they show; run `workbench map`."
        return MapState("older", 0, text)
    return MapState("fresh", 0, "")
