"""What maps may be coloured by: tags, what a machine heard, or what listeners said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue.compositions import COMPOSITION
from workbench.catalogue.words import MARK
from workbench.evaluation.judged_items import judged_items
from workbench.tagging.machine_tags import MachineTags, machine_taggers
from workbench.widgets.colours import Colouring, colour_by_number, colour_by_tags

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_LISTENERS = "listeners"
_OWN = {"value": [], "label": "each map by its own tags", "group": ""}


def colour_choices(ws: Workspace, tags: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what a page offers to colour all maps by.

    Parameters
    ----------
    ws
        The workspace, for its machine tags.
    tags
        Those of the catalogue.

    Returns
    -------
    Each as ``value`` (nothing for each map's own tags, ``[dimension]`` for tags of the catalogue,
    ``[tagger, dimension, value]`` for the score of a machine tag, ``["listeners", what]`` for what
    was judged), ``label`` and ``group``.
    """
    found = [dict(_OWN)]
    if ws.judgements.count():
        for what in ("judgements", "disagreement"):
            label = "how often judged" if what == "judgements" else "model against listeners"
            found.append({"value": [_LISTENERS, what], "label": label, "group": "Judgements"})
    for name in sorted(set(tags["dimension"]) - {COMPOSITION, MARK}):
        found.append({"value": [name], "label": name, "group": "Tags on all maps"})
    for key in machine_taggers(ws):
        for name in sorted(MachineTags(ws, key).tags):
            label = f"{name.dimension}: {name.value}"
            found.append({"value": [key, *name], "label": label, "group": f"Heard by {key}"})
    return found


class MapColours:
    """Colours the maps of a model in one of the ways of `colour_choices`.

    Parameters
    ----------
    ws, tags
        As for `colour_choices`.
    ids : int64 [n]
        The items of the maps.
    chosen
        The value of one of the choices.
    version
        The model version of the maps.
    """

    def __init__(
        self,
        ws: Workspace,
        tags: pd.DataFrame,
        ids: np.ndarray,
        chosen: Sequence[str],
        *,
        version: str,
    ) -> None:
        self._ws, self._tags, self._ids, self._chosen = ws, tags, ids, chosen
        self._judged = judged_items(ws, version=version) if len(chosen) == 2 else None

    def of(self, own: str) -> tuple[str, Colouring]:
        """Return what the map of dimension `own` is coloured by, in words, and its colours."""
        if self._judged is not None:
            return self._by_listeners(self._judged, own)
        if len(self._chosen) < 3:
            name = self._chosen[0] if self._chosen else own
            return name, colour_by_tags(self._tags[self._tags["dimension"] == name], self._ids)
        key, dimension, value = self._chosen
        scores = MachineTags(self._ws, key).of(dimension, value).reindex(self._ids)
        note = f"{value}, as heard by {key}"
        colouring = colour_by_number(scores.to_numpy(dtype=float), note=note, nothing="not heard")
        return f"{dimension} {value} as heard", colouring

    def _by_listeners(self, judged: pd.DataFrame, own: str) -> tuple[str, Colouring]:
        """Colour by the judgements in a map's own dimension."""
        known = own in judged.index.get_level_values("dimension")
        rows = (judged.loc[own] if known else judged.iloc[:0].droplevel(0)).reindex(self._ids)
        if self._chosen[1] == "judgements":
            counts = rows["judgements"].to_numpy(dtype=float)
            note = f"judgements about {own}"
            return "judgements", colour_by_number(counts, note=note, form=".0f", nothing="none")
        share = (rows["against"] / rows["decided"].where(rows["decided"] > 0)).to_numpy(dtype=float)
        note = f"share of judgements about {own} that the model contradicts"
        return "against listeners", colour_by_number(share, note=note, nothing="not judged")
