"""More with these tags: what a page shows of an item's tags and of the items that share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.search.by_tags import more_with_tags, tags_of_item
from workbench.urls import audio_url
from workbench.widgets.item_lists import entry

if TYPE_CHECKING:
    import pandas as pd

    from workbench.search.filters import Filters
    from workbench.workspace import Workspace


def tag_chips(ws: Workspace, item: int, filters: Filters, off: Sequence[Any]) -> list[dict]:
    """Return the tags of an item as chips.

    Parameters
    ----------
    ws
        The workspace.
    item
        Its id.
    filters
        Which say whether a machine's tags count, and from which score on.
    off
        [dimension, value] of the tags that are switched off.

    Returns
    -------
    Each as ``dimension``, ``value``, ``by``, ``score`` and ``on``.
    """
    said = tags_of_item(ws, item, machine=filters.machine, threshold=filters.machine_threshold)
    without = {tuple(map(str, name)) for name in off}
    return [asdict(tag) | {"on": tag.name not in without} for tag in said]


def tagged_items(
    ws: Workspace,
    item: int,
    chips: Sequence[dict],
    filters: Filters,
    playable: pd.DataFrame,
    *,
    count: int,
) -> list[dict[str, Any]]:
    """Return the items that have most of the tags that are switched on, as a list shows them.

    Parameters
    ----------
    ws, item, filters
        As for `tag_chips`; the filters also say what may be found.
    chips
        The item's tags.
    playable
        The items that can be heard, by id; others are not listed.
    count
        How many items.
    """
    chosen = [(chip["dimension"], chip["value"]) for chip in chips if chip["on"]]
    if not chosen:
        return []
    options: dict[str, Any] = {"machine": filters.machine, "threshold": filters.machine_threshold}
    table = more_with_tags(ws, chosen, item=item, filters=filters, count=len(playable), **options)
    table = table[table.index.isin(playable.index)].head(count)
    return [
        entry(index, row)
        | {
            "url": audio_url(ws.id, index),
            "score": float(row["score"]),
            "said": [asdict(tag) for tag in row["said"]],
        }
        for index, row in zip(table.index.tolist(), table.to_dict("records"), strict=True)
    ]
