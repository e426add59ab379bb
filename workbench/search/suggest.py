"""Suggestions: which track could be missing from a song that is being built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.keys import key_name
from workbench.search.filters import Filters
from workbench.search.find import find
from workbench.search.index import catalogue_index

if TYPE_CHECKING:
    import pandas as pd

    from workbench.search.baskets import Basket
    from workbench.workspace import Workspace

TEMPO_MARGIN = 0.06  # of the song's own tempo: what goes together without stretching
_GOES_WITH = "complementarity"
_ELSE = ("mood", "genre")


def suggest(
    ws: Workspace,
    basket: Basket,
    *,
    instrument: str | None = None,
    weights: Mapping[str, float] | None = None,
    filters: Filters | None = None,
    neighbours: bool = False,
    count: int = 10,
    version: str | None = None,
) -> pd.DataFrame:
    """Return tracks that could be added to a song, the fittest first.

    Parameters
    ----------
    ws
        The workspace.
    basket
        The song; what is muted in it is not heard.
    instrument
        What is missing, such as ``"bass"`` or ``"vocals"``; None for anything.
    weights
        As for `find`. By default what goes together, if the model has learned complementarity,
        else the same mood and genre.
    filters
        More to ask for. A tempo or key of theirs goes before the song's own.
    neighbours
        Also keys a step away on the circle of fifths.
    count
        How many.
    version
        The model; by default the current one.

    Returns
    -------
    As `find`: tracks whose tempo is within 6 % of the song's (half and double are the same) and
    whose key is its own or its relative, as far as these are known of the song. Nothing is
    stretched or transposed.

    Raises
    ------
    WorkbenchError
        If nothing is heard in the song, or for what `find` raises.

    Notes
    -----
    Patent US 12,394,399: given a composition that contains all instruments except one, a model
    finds items of that instrument with the same tempo, mood or genre.
    """
    wanted = matching(ws, basket, filters or Filters(), neighbours=neighbours)
    if instrument:
        wanted = replace(wanted, has=(*wanted.has, instrument))
    if weights is None:
        known = ws.models.card(version).dimensions
        chosen = [_GOES_WITH] if _GOES_WITH in known else [d for d in _ELSE if d in known]
        weights = dict.fromkeys(chosen, 1.0) or None
    query = basket.query()
    return find(ws, query, weights=weights, filters=wanted, count=count, version=version)


def matching(
    ws: Workspace, basket: Basket, filters: Filters, *, neighbours: bool = False
) -> Filters:
    """Return filters narrowed to tracks in the song's own tempo and key, where they are known."""
    bpm, key = tempo_and_key(ws, basket)
    found = filters if filters.kinds else replace(filters, kinds=("track",))
    if bpm is not None and filters.tempo_bpm is None:
        limits = (bpm * (1 - TEMPO_MARGIN), bpm * (1 + TEMPO_MARGIN))
        found = replace(found, tempo_bpm=limits, tempo_octaves=True)
    if key is not None and filters.key is None:
        found = replace(found, key=key, key_relation="neighbour" if neighbours else "relative")
    return found


def tempo_and_key(ws: Workspace, basket: Basket) -> tuple[float | None, str | None]:
    """Return the tempo of a song's first part that has one, in bpm, and its most frequent key."""
    index = catalogue_index(ws)
    rows = index.rows([part.item for part in basket.heard])
    tempi = index.tempo_bpm[rows]
    tempi = tempi[np.isfinite(tempi)]
    keys = Counter(
        (int(index.tonic[row]), bool(index.major[row])) for row in rows if index.tonic[row] >= 0
    )
    if not keys:
        return (float(tempi[0]) if len(tempi) else None), None
    tonic, major = keys.most_common(1)[0][0]
    return (float(tempi[0]) if len(tempi) else None), key_name(tonic, major=major)
