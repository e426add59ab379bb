"""The search command: what is related to an item, a file or a set of items."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import JsonOption, VersionOption, WorkspaceOption, say, say_json, table
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.search.filters import Filters
    from workbench.search.query import Query

WeightOption = Annotated[
    list[str] | None,
    typer.Option(
        help="DIMENSION=WEIGHT, as often as needed; below zero asks for what is unlike.",
        show_default=False,
    ),
]
KindOption = Annotated[
    list[str] | None, typer.Option(help="song, track, submix, ...", show_default=False)
]
DomainOption = Annotated[
    list[str] | None, typer.Option(help="audio or symbolic", show_default=False)
]
TagOption = Annotated[
    list[str] | None,
    typer.Option(help="DIMENSION=VALUE; of one dimension any will do.", show_default=False),
]
TempoOption = Annotated[
    str | None, typer.Option(help="LOWEST-HIGHEST in bpm, such as 90-110.", show_default=False)
]
OctavesOption = Annotated[
    bool, typer.Option("--octaves", help="Half and double tempi count as the same.")
]
KeyOption = Annotated[
    str | None, typer.Option(help="A key, such as `A minor`.", show_default=False)
]
RelationOption = Annotated[
    str, typer.Option(help="Keys that will do: same, relative, parallel or neighbour.")
]
HasOption = Annotated[
    list[str] | None,
    typer.Option(help="An instrument it has, such as vocals or piano.", show_default=False),
]
WithoutOption = Annotated[
    list[str] | None, typer.Option(help="An instrument it has not.", show_default=False)
]
MachineOption = Annotated[
    bool, typer.Option("--machine", help="Tags that a machine heard count, too.")
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="The score from which on they do; else the tagger's.", show_default=False
    ),
]
UsedOption = Annotated[
    bool | None,
    typer.Option("--used/--unused", help="Only what songs were, or were not, built with."),
]

_FACTS = ("title", "artist", "kind", "domain", "relevance")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("search")(search)


def search(
    query: Annotated[str, typer.Argument(help="An item's id or title, or a file.")],
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="An item that is heard together with it.", show_default=False),
    ] = None,
    span: Annotated[
        str | None, typer.Option(help="START:END in seconds, such as 10:20.", show_default=False)
    ] = None,
    render: Annotated[
        bool, typer.Option("--render", help="Compare a score by its rendered sound.")
    ] = False,
    weight: WeightOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    kind: KindOption = None,
    domain: DomainOption = None,
    tag: TagOption = None,
    tempo: TempoOption = None,
    octaves: OctavesOption = False,
    key: KeyOption = None,
    key_relation: RelationOption = "same",
    has: HasOption = None,
    without: WithoutOption = None,
    machine: MachineOption = False,
    threshold: ThresholdOption = None,
    used: UsedOption = None,
    own: Annotated[
        bool, typer.Option("--own", help="Also show the query, its parts and its song.")
    ] = False,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Ask the team's database, fetch no vectors.")
    ] = False,
    model: VersionOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Find what is related to an item, a file or a set, by weighted dimensions."""
    from workbench.search.filters import Filters
    from workbench.search.find import find

    ws = Workspace(workspace)
    filters = Filters(
        kinds=tuple(kind or ()),
        domains=tuple(domain or ()),
        tags=tags_of(tag),
        tempo_bpm=tempo_of(tempo),
        tempo_octaves=octaves,
        key=key,
        key_relation=key_relation,
        has=tuple(has or ()),
        without=tuple(without or ()),
        used=used,
        machine=machine or threshold is not None,
        machine_threshold=threshold,
    )
    weights = weights_of(weight)
    asked = _query(ws, query, with_ or [], span, render=render)
    found = find(
        ws,
        asked,
        weights=weights,
        filters=filters,
        count=count,
        version=model,
        own=own,
        approximate=approximate,
    )
    if as_json:
        say_json(found.reset_index().to_dict(orient="records"))
        return
    if found.empty:
        say(_nothing(filters))
        return
    closer = [name for name in found.columns if name == "percentile"]
    first = len(_FACTS) + len(closer)
    rest = [name for name in found.columns[first:] if not name.endswith(" percentile")]
    words = [name for name in rest if name == "by_machine"]
    numbers = [name for name in rest if name not in words]
    rows = [
        [
            str(item),
            row["title"][:40],
            row["artist"][:24],
            row["kind"],
            f"{row['relevance']:.2f}",
            *(f"{row[name]:.0%}" for name in closer),
            *(f"{row[name]:.2f}" for name in numbers),
            *(row[name] for name in words),
        ]
        for item, row in found.iterrows()
    ]
    header = ["item", "title", "artist", "kind", "relevance", *("closer than" for _ in closer)]
    table([*header, *numbers, *("passes by machine tag" for _ in words)], rows)


def find_item(ws: Workspace, name: str) -> int:
    """Return the one item of that id, file or title; words that one title alone has will do.

    A song goes before its own parts and scores, which often have its title.

    Raises
    ------
    UnknownNameError
        If there is none, or more than one; some are named.
    """
    from workbench.evaluation.item_names import ItemNames
    from workbench.search.titles import search_titles

    try:
        return ItemNames.of(ws).find(name)
    except UnknownNameError as error:
        items = ws.catalogue.items()
        found = search_titles(items, name, limit=len(items)) if name.strip() else items[:0]
        exact = found[found["title"].str.casefold() == name.strip().casefold()]
        for named in (exact, found):
            wholes = named[~named["parent_id"].isin(named.index)]
            if len(wholes) == 1:
                return int(wholes.index[0])
        if found.empty:
            raise UnknownNameError(
                f"No item has the id or the title {name!r}; `workbench export items` lists them."
            ) from error
        some = "; ".join(f"{item} {title}" for item, title in found["title"].head(4).items())
        raise UnknownNameError(
            f"{len(found)} items have the words {name!r} ({some}{'; ...' * (len(found) > 4)}); "
            "name one by id."
        ) from error


def weights_of(texts: list[str] | None) -> dict[str, float] | None:
    """Return weights given as ``DIMENSION=WEIGHT``, None for none."""
    weights = {}
    for text in texts or ():
        name, _, number = text.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError as error:
            raise WorkbenchError(
                f"Weight {text!r} is not understood; write it like `tempo=0.5`."
            ) from error
    return weights or None


def tags_of(texts: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the values wanted of each dimension, given as ``DIMENSION=VALUE``."""
    tags: dict[str, tuple[str, ...]] = {}
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise WorkbenchError(f"Tag {text!r} is not understood; write it like `genre=jazz`.")
        tags[name] = (*tags.get(name, ()), value)
    return tags


def tempo_of(text: str | None) -> tuple[float, float] | None:
    """Return a range of tempi given as ``90-110``, or one tempo."""
    return None if text is None else _two_numbers(text, "-", "Tempo", "90-110", alone=True)


def _query(ws: Workspace, text: str, others: list[str], span: str | None, *, render: bool) -> Query:
    from workbench.search.query import Query

    span_s = None if span is None else _two_numbers(span, ":", "Span", "10:20")
    if not text.strip().isdecimal() and Path(text).is_file():
        if others:
            raise WorkbenchError("A file cannot be heard together with items; import it first.")
        return Query.of_file(Path(text), span_s=span_s, render=render)
    try:
        items = [find_item(ws, name) for name in (text, *others)]
    except UnknownNameError as error:
        if re.search(r"[/\\]|\.\w{2,8}$", text):  # it looks like a file
            raise UnknownNameError(f"There is no file {text}, and no item of that name.") from error
        raise
    return Query.of_parts(items, span_s=span_s, render=render)


def _two_numbers(
    text: str, between: str, what: str, example: str, *, alone: bool = False
) -> tuple[float, float]:
    parts = text.split(between)
    try:
        low, high = (float(part) for part in (parts * 2 if alone and len(parts) == 1 else parts))
    except ValueError as error:
        raise WorkbenchError(
            f"{what} {text!r} is not understood; write it like {example}."
        ) from error
    return low, high


def _nothing(filters: Filters) -> str:
    if filters == type(filters)():
        return "Nothing else in the catalogue has vectors; run `workbench embed`."
    return "Nothing in the catalogue passes all of these filters; leave one of them out."
