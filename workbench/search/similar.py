"""Find what is near an item, by one dimension, by several with weights, or by all.

Relevance is 1 - D / D_max (patent US 12,394,399), with D the Euclidean distance in a subspace and
D_max = 2, the largest distance of unit vectors: it means the same for every query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.tables import ITEM_KINDS
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_FURTHEST = 2.0


def find_similar(
    ws: Workspace,
    item_id: int,
    *,
    weights: dict[str, float] | None = None,
    count: int = 10,
    kind: str | None = None,
    version: str | None = None,
) -> pd.DataFrame:
    """Return the items nearest to one item, nearest first.

    Parameters
    ----------
    ws
        The workspace.
    item_id
        The query.
    weights
        How much each dimension counts; those not named count nothing. By default all count the
        same.
    count
        How many items.
    kind
        Only songs, tracks, ...; by default all.
    version
        The model; by default the current one.

    Returns
    -------
    A table indexed by item_id: title, artist, kind, relevance (0 to 1), and the relevance in each
    dimension.

    Raises
    ------
    UnknownNameError
        If a weight names no dimension of the model, or the item does not exist.
    WorkbenchError
        If no weight is above zero.
    """
    store, blocks = read_subspaces(ws, version)
    items = ws.catalogue.items()
    if item_id not in items.index:
        raise UnknownNameError(f"There is no item {item_id}.")
    if kind is not None and kind not in ITEM_KINDS:
        raise UnknownNameError(f"There is no kind {kind!r}; choose among {', '.join(ITEM_KINDS)}.")
    share = _shares(weights, blocks)
    query = store.rows([item_id])[0]
    # Unit vectors: a weighted sum of cosines is one product with the weighted query.
    weighted = np.concatenate([query[block] * share[name] for name, block in blocks.items()])
    similarity = np.asarray(store.vectors @ weighted)
    allowed = np.isin(store.ids, items.index if kind is None else items.index[items.kind == kind])
    allowed &= store.ids != item_id
    similarity = np.where(allowed, similarity, -np.inf)
    count = int(np.clip(count, 0, allowed.sum()))
    best = np.argpartition(-similarity, count - 1)[:count] if count else np.zeros(0, int)
    best = best[np.lexsort((best, -similarity[best]))]  # of equals the older item first
    found = items.loc[store.ids[best], ["title", "artist", "kind"]].rename_axis("item_id")
    found["relevance"] = _relevance(similarity[best])
    for name, block in blocks.items():
        found[name] = _relevance(store.vectors[best][:, block] @ query[block])
    return found


def pair_relevance(
    ws: Workspace, first: int, second: int, *, version: str | None = None
) -> dict[str, float]:
    """Return how near two items are in each dimension, 0 to 1."""
    store, blocks = read_subspaces(ws, version)
    x, y = store.rows([first, second])
    return {name: float(_relevance(x[block] @ y[block])) for name, block in blocks.items()}


def _shares(weights: dict[str, float] | None, blocks: dict[str, slice]) -> dict[str, float]:
    if weights is None:
        return {name: 1 / len(blocks) for name in blocks}
    unknown = [name for name in weights if name not in blocks]
    if unknown:
        raise UnknownNameError(
            f"There is no dimension {unknown[0]!r} in the model; choose among {', '.join(blocks)}."
        )
    total = sum(weights.values())
    if not total > 0 or min(weights.values()) < 0 or not np.isfinite(total):
        raise WorkbenchError("Weights must not be negative, and one must be above zero.")
    return {name: weights.get(name, 0.0) / total for name in blocks}


def _relevance(cosine: np.ndarray) -> np.ndarray:
    """Return 1 - D / D_max of unit vectors from their cosine."""
    return 1.0 - np.sqrt(2.0 - 2.0 * np.clip(cosine, -1.0, 1.0)) / _FURTHEST
