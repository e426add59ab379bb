"""The tag command: let a tagger hear the catalogue, and look at what it said."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workbench.cli.options import (
    ClusterOption,
    JobOption,
    JsonOption,
    ProcessesOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_json,
    table,
)
from workbench.cli.search import find_item
from workbench.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("tag")(tag)


def tag(
    tagger: Annotated[
        str | None, typer.Option(help="A tagger's key; by default the first that is installed.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only items of one kind, such as song or track.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Hear all items once more.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the taggers there are.")] = False,
    show: Annotated[
        str | None, typer.Option(metavar="ITEM", help="Show what was said of an item, id or title.")
    ] = None,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Let a tagger hear all items; what it says is kept apart from people's tags."""
    ws = Workspace(workspace)
    if list_:
        _list(ws, as_json=as_json)
    elif show is not None:
        _show(ws, show, tagger, as_json=as_json)
    else:
        place = {"processes": processes, "cluster": cluster}
        _run(ws, tagger, kind, place, again=again, as_json=as_json, job=job)


def _run(
    ws: Workspace,
    tagger: str | None,
    kind: str | None,
    place: dict[str, Any],
    *,
    again: bool,
    as_json: bool,
    job: JobOption,
) -> None:
    from workbench.tagging.tag import tag_items
    from workbench.tagging.taggers import find_tagger

    report = tag_items(ws, tagger, kind=kind, progress=progress_for(job), again=again, **place)
    info = find_tagger(ws, report.tagger)
    if as_json:
        say_json({**vars(report), "threshold": info.threshold, "licence": info.licence})
        return
    said = count(report.said, "tag")
    say(f"{count(report.computed, 'item')} tagged by {report.tagger}; {report.total} in all.")
    say(f"{said} with a score of {info.threshold:g} or more. Licence: {info.licence_words}.")
    say("Review them on the page `Review tags`, opened by `workbench serve` or `workbench lab`.")
    for item_id, reason in report.failures.items():
        say(f"  item {item_id}: {reason}")


def _list(ws: Workspace, *, as_json: bool) -> None:
    from workbench.tagging.machine_tags import MachineTags
    from workbench.tagging.taggers import list_taggers

    known = list_taggers(ws)
    stored = {info.key: MachineTags(ws, info.key) for info in known}
    heard = {key: len(tags.ids) if tags.exists else 0 for key, tags in stored.items()}
    if as_json:
        say_json([{**info.as_dict(), "items": heard[info.key]} for info in known])
        return
    rows = [
        [
            info.key,
            "installed" if info.installed else f"`{info.install}`",
            info.licence_words,
            str(info.tags_count),
            str(heard[info.key]),
            info.description,
        ]
        for info in known
    ]
    table(["tagger", "state", "licence", "tags", "items tagged", "what it is"], rows)


def _show(ws: Workspace, item: str, tagger: str | None, *, as_json: bool) -> None:
    from workbench.tagging.machine_tags import MachineTags, newest
    from workbench.tagging.taggers import find_tagger

    item_id = find_item(ws, item)
    stored = newest(ws) if tagger is None else MachineTags(ws, find_tagger(ws, tagger).key)
    said = stored.table([item_id], threshold=0.0)
    if as_json:
        say_json(said.to_dict("records"))
        return
    title, card = ws.catalogue.items()["title"][item_id], stored.card
    say(f"{title} (item {item_id}), by {card.key} on {card.moment:%Y-%m-%d}; {card.licence}")
    mark = ["*" if score >= card.threshold else "" for score in said["score"]]
    scores = [f"{score:.3f}" for score in said["score"]]
    columns = zip(mark, said["dimension"], said["value"], scores, strict=True)
    table(["", "dimension", "tag", "score"], [list(row) for row in columns])
    say(f"* a score of {card.threshold:g} or more")
