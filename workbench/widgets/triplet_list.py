"""Triplets in a list, each to be heard, with what tags or people say and what models answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.urls import audio_url
from workbench.widgets.assets import css, esm
from workbench.widgets.item_lists import entry

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

PAGE = 10  # triplets that are shown at once


class TripletList(anywidget.AnyWidget):
    """A list of triplets; the browser pages, filters and plays without asking Python.

    Parameters
    ----------
    triplets
        As `triplet` makes them.
    items
        What is known of their items, as `listed_items` makes it.
    filters
        What the list can be narrowed by: ``name`` (of the select), ``key`` (of the triplets) and
        ``options`` (value and words); the first option is chosen unless `everything` is given,
        which names one that narrows nothing.
    empty
        What stands there when no triplet is left.
    """

    _esm = esm("base.js", "items.js", "triplets.js")
    _css = css("items.css", "triplets.css")
    triplets = traitlets.List(traitlets.Dict()).tag(sync=True)
    items = traitlets.Dict().tag(sync=True)
    filters = traitlets.List(traitlets.Dict()).tag(sync=True)
    empty = traitlets.Unicode("No triplet is like that.").tag(sync=True)
    page_size = traitlets.Int(PAGE).tag(sync=True)

    def __init__(
        self,
        triplets: Sequence[dict[str, Any]],
        items: Mapping[str, dict[str, Any]],
        *,
        filters: Sequence[dict[str, Any]] = (),
        empty: str = "No triplet is like that.",
    ) -> None:
        super().__init__(
            triplets=list(triplets), items=dict(items), filters=list(filters), empty=empty
        )


def triplet(
    items: Sequence[int],
    *,
    why: str,
    values: Mapping[int, str],
    answers: Iterable[tuple[str, float]],
    **keys: str,
) -> dict[str, Any]:
    """Return a triplet as the list takes it.

    Parameters
    ----------
    items
        Ids of the anchor, of A, which is closer by tags or people, and of B.
    why
        The sentence that says so.
    values
        What is known of each item in the dimension asked about, by id.
    answers
        Name of each model and its margin: how much further B is than A, above 0 where it is right.
    keys
        What filters look at, such as ``dimension``.
    """
    return {
        "items": [int(item) for item in items],
        "values": [values.get(int(item), "") for item in items],
        "why": why,
        "answers": [{"model": name, "margin": float(margin)} for name, margin in answers],
        "keys": keys,
    }


def listed_items(
    ws: Workspace, items: pd.DataFrame, triplets: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return title, artist, kind and sound of every item of the triplets, by id as text."""
    wanted = {item for one in triplets for item in one["items"]}
    return {
        str(item): entry(item, items.loc[item]) | {"url": audio_url(ws.id, item)}
        for item in sorted(wanted)
    }


def choice(name: str, key: str, options: Iterable[tuple[str, str]], *, everything: str = "") -> Any:
    """Return a filter; see `TripletList`."""
    first = [["", everything]] if everything else []
    return {"name": name, "key": key, "options": first + [list(option) for option in options]}


def table_of(
    triplets: Sequence[Mapping[str, Any]], items: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Any]]:
    """Return listed triplets as columns, for their CSV."""
    models = [answer["model"] for answer in triplets[0]["answers"]] if triplets else []
    columns: dict[str, list[Any]] = {
        key: [one["keys"][key] for one in triplets]
        for key in (triplets[0]["keys"] if triplets else ())
    }
    for place, role in enumerate(("anchor", "a", "b")):
        ids = [one["items"][place] for one in triplets]
        columns[f"{role}_id"] = ids
        columns[f"{role}_title"] = [items[str(item)]["title"] for item in ids]
        columns[f"{role}_is"] = [one["values"][place] for one in triplets]
    columns["why_a_is_closer"] = [one["why"] for one in triplets]
    for place, model in enumerate(models):
        columns[f"margin_{model}"] = [one["answers"][place]["margin"] for one in triplets]
    return columns
