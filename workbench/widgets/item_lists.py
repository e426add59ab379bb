"""What lists show of items: names, kinds, and how close they are to a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.search.titles import search_titles

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace


def playable_items(ws: Workspace) -> pd.DataFrame:
    """Return the songs, tracks and submixes that can be heard, scores included, indexed by id."""
    return ws.catalogue.playable()


def search_items(items: pd.DataFrame, words: str, *, limit: int) -> list[dict[str, Any]]:
    """Return what a list shows of the items that `search_titles` finds."""
    return [entry(index, row) for index, row in search_titles(items, words, limit=limit).iterrows()]


def entry(item_id: Any, row: Any) -> dict[str, Any]:
    """Return what a list shows of an item: id, title, artist, and kind, or that it is a score."""
    is_score = row["kind"] == "song" and row.get("domain") == "symbolic"
    return {
        "id": int(item_id),
        "title": str(row["title"]) or f"Item {item_id}",
        "artist": str(row["artist"]),
        "kind": "score" if is_score else str(row["kind"]),
    }


def closeness(row: Any, dimensions: list[str]) -> dict[str, Any]:
    """Return relevance and percentile of a result, in all and per dimension, 0 to 1."""
    return {
        "relevance": float(row["relevance"]),
        "percentile": float(row["percentile"]),
        "parts": {name: float(row[name]) for name in dimensions},
        "percentiles": {name: float(row[f"{name} percentile"]) for name in dimensions},
    }
