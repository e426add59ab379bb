"""Maps as they travel to the page: places and colours as bytes, texts that repeat once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.widgets.colours import Colouring

if TYPE_CHECKING:
    import pandas as pd

    from workbench.maps.store import Drawing
    from workbench.maps.trails import Trails


def described(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Return what is said about the items of all maps, from rows of ``Catalogue.items``.

    A song that is written down is of the kind ``"score"`` there.
    """
    written = (rows["domain"] == "symbolic") & (rows["kind"] == "song")
    kinds = rows["kind"].mask(written, "score").tolist()
    texts = {name: rows[name].tolist() for name in ("title", "artist")}
    return {"id": rows.index.tolist(), **texts, "kind": kinds}


def placed(dimension: str, xy: np.ndarray, drawing: Drawing | None) -> dict[str, Any]:
    """Return where the items lie on one map, float32 [n, 2] as bytes, and how good it is."""
    return {
        "dimension": dimension,
        "xy": xy.astype("<f4").tobytes(),
        "quality": quality_words(drawing),
    }


def quality_words(drawing: Drawing | None) -> str:
    """Return how well a map shows its subspace; nothing where that was not measured."""
    if drawing is None or drawing.trustworthiness is None or drawing.continuity is None:
        return ""
    return f"trust {drawing.trustworthiness:.2f} · continuity {drawing.continuity:.2f}"


def coloured(shows: str, colouring: Colouring) -> dict[str, Any]:
    """Return the colours of one map: `shows` says of what."""
    return {
        "shows": shows,
        "palette": colouring.palette,
        "colour": colouring.index.tobytes(),
        "texts": repeated(colouring.texts),
        "legend": colouring.legend,
    }


def repeated(texts: Sequence[str]) -> dict[str, Any]:
    """Return texts of which few differ: each once, and the place of each item's as uint32 bytes.

    Examples
    --------
    >>> packed = repeated(["folk", "jazz", "folk"])
    >>> packed["values"], np.frombuffer(packed["index"], "<u4").tolist()
    (['folk', 'jazz'], [0, 1, 0])
    """
    places: dict[str, int] = {}
    index = [places.setdefault(text, len(places)) for text in texts]
    return {"values": list(places), "index": np.array(index, dtype="<u4").tobytes()}


def following(trails: Trails | None, ids: np.ndarray) -> dict[str, Any] | None:
    """Return where the items `ids` of a map lay before, and how far they came, as float32 bytes.

    Those that were not there before did not move.
    """
    if trails is None:
        return None
    before = np.zeros((len(ids), 2), dtype="<f4")
    moved = np.zeros(len(ids), dtype="<f4")
    _, here, there = np.intersect1d(ids, trails.ids, assume_unique=True, return_indices=True)
    before[here], moved[here] = trails.before[there], trails.moved[there]
    return {"xy": before.tobytes(), "moved": moved.tobytes()}
