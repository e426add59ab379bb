"""What maps may be coloured by: each its own tags, one dimension on all, or what was heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue.compositions import COMPOSITION
from workbench.catalogue.words import MARK
from workbench.tagging.machine_tags import MachineTags, machine_taggers
from workbench.widgets.colours import Colouring, colour_by_score, colour_by_tags

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

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
    ``[tagger, dimension, value]`` for the score of a machine tag), ``label`` and ``group``.
    """
    found = [dict(_OWN)]
    for name in sorted(set(tags["dimension"]) - {COMPOSITION, MARK}):
        found.append({"value": [name], "label": name, "group": "Tags on all maps"})
    for key in machine_taggers(ws):
        for name in sorted(MachineTags(ws, key).tags):
            label = f"{name.dimension}: {name.value}"
            found.append({"value": [key, *name], "label": label, "group": f"Heard by {key}"})
    return found


def map_colouring(
    ws: Workspace, tags: pd.DataFrame, own: str, ids: np.ndarray, chosen: Sequence[str]
) -> tuple[str, Colouring]:
    """Return what a map is coloured by, in words, and its colours.

    Parameters
    ----------
    ws, tags
        As for `colour_choices`.
    own
        The map's dimension.
    ids : int64 [n]
        Its items.
    chosen
        The value of one of `colour_choices`.
    """
    if len(chosen) < 3:
        name = chosen[0] if chosen else own
        return name, colour_by_tags(tags[tags["dimension"] == name], ids)
    key, dimension, value = chosen
    scores = MachineTags(ws, key).of(dimension, value).reindex(ids).to_numpy(dtype=float)
    colouring = colour_by_score(scores, note=f"{value}, as heard by {key}")
    return f"{dimension} {value} as heard", colouring
