"""Subspace vectors: what a model makes of the encoder's vectors, stored side by side per item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.subspaces.model import Model
    from workbench.subspaces.store import ModelCard
    from workbench.vectors.store import VectorStore
    from workbench.workspace import Workspace


def subspace_blocks(card: ModelCard) -> dict[str, slice]:
    """Return the columns of each dimension in a row of subspace vectors."""
    size = card.subspace_dim
    return {name: slice(i * size, (i + 1) * size) for i, name in enumerate(card.dimensions)}


def read_subspaces(
    ws: Workspace, version: str | None = None
) -> tuple[VectorStore, dict[str, slice]]:
    """Return the stored subspace vectors of a model, brought up to date, and their blocks.

    Items embedded since the last write are mapped now; that is one matrix product. Those who may
    only read keep it to themselves.
    """
    card = ws.models.card(version)
    store = ws.vectors(f"model-{card.version}")
    source = ws.vectors(card.encoder)
    if not store.same_items(source):
        model = ws.models.load(card.version)
        if ws.read_only:
            store.hold(*_mapped(ws, model))
        else:
            write_subspaces(ws, model)
            store = ws.vectors(f"model-{card.version}")
    return store, subspace_blocks(card)


def write_subspaces(ws: Workspace, model: Model, *, rows: int = 16384) -> None:
    """Map all vectors of the model's encoder into its subspaces and store them."""
    ids, mapped = _mapped(ws, model, rows=rows)
    ws.vectors(f"model-{model.card.version}").write(ids, mapped)


def _mapped(ws: Workspace, model: Model, *, rows: int = 16384) -> tuple[np.ndarray, np.ndarray]:
    source = ws.vectors(model.card.encoder)
    parts = [
        model.transform(np.asarray(source.vectors[start : start + rows]))
        for start in range(0, len(source.ids), rows)
    ]
    return source.ids, np.concatenate(parts) if parts else np.zeros((0, model.width), np.float32)
