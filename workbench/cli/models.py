"""Commands around models: finetune, map, models."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import (
    ExcludeOption,
    JobOption,
    JsonOption,
    SeedOption,
    VersionOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_excluded,
    say_json,
    score_text,
    table,
)
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.maps.store import MapFacts

models = typer.Typer(help="Model versions: list, promote, roll back.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(models, name="models")
    app.command("finetune")(finetune)
    app.command("map")(map_)


def finetune(
    model: VersionOption = None,
    exclude: ExcludeOption = None,
    seed: SeedOption = 0,
    maps: Annotated[bool, typer.Option(help="Draw the maps of the new version.")] = True,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Learn from the judgements; a version that is worse is saved and not promoted."""
    from workbench.training.finetune import finetune as run

    ws = Workspace(workspace)
    progress = progress_for(job)
    result = run(ws, parent=model, excluding=exclude or (), seed=seed, progress=progress)
    if maps:
        from workbench.maps.compute import compute_maps

        compute_maps(ws, version=result.version, progress=progress)
    if as_json:
        say_json(vars(result))
        return
    say(f"Version {result.version}, from {result.parent}. {result.reason}")
    for kind in ("seen", "unseen"):
        say(f"\nItems {kind} in training:")
        rows = [
            [name, score_text(result.report["before"][kind][name]), score_text(after)]
            for name, after in result.report["after"][kind].items()
        ]
        table(["dimension", "before", "after"], rows)
    ceiling = result.report["ceiling"]["overall"]
    say(f"\nHow often two raters say the same of a triplet: {score_text(ceiling)}")
    say_excluded(result.report["excluded"])


def map_(
    model: VersionOption = None,
    neighbours: Annotated[
        int, typer.Option(min=2, max=30, help="How many neighbours shape a place; more: coarser.")
    ] = 15,
    min_dist: Annotated[
        float, typer.Option(min=0.0, max=0.99, help="How close items may come to each other.")
    ] = 0.15,
    seed: SeedOption = 0,
    again: Annotated[
        bool, typer.Option("--again", help="Draw maps that are up to date, too, from the start.")
    ] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Draw the map of every subspace and store it for the pages; place what is new on it."""
    from workbench.maps.compute import compute_maps

    report = compute_maps(
        Workspace(workspace),
        version=model,
        neighbours=neighbours,
        min_dist=min_dist,
        seed=seed,
        again=again,
        progress=progress_for(job),
    )
    facts = report.facts
    if as_json:
        say_json({"done": report.done, **asdict(facts)})
        return
    what = {
        "drawn": f"are drawn: {count(facts.items, 'item')}",
        "placed": f"hold {count(facts.items, 'item')}, {facts.placed:,} of them placed beside the "
        "others",
        "fresh": "are up to date; --again draws them anew",
    }[report.done]
    say(f"The maps of model {facts.version} {what}.")
    table(["dimension", "trustworthiness", "continuity", "lies as"], _map_rows(facts))


def _map_rows(facts: MapFacts) -> list[list[str]]:
    rows = []
    for name, drawing in facts.drawings.items():
        numbers = (drawing.trustworthiness, drawing.continuity)
        told = ["-" if number is None else f"{number:.3f}" for number in numbers]
        lies = "it came out"
        if drawing.aligned_to:
            earlier = (
                "it did before"
                if drawing.aligned_to == facts.version
                else f"in {drawing.aligned_to}"
            )
            lies = f"{earlier}, moved by {drawing.moved:.1%} of its width on average"
        rows.append([name, *told, lies])
    return rows


@models.command("list")
def list_(as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show all versions, what they come from and how they score."""
    ws = Workspace(workspace)
    cards, current = ws.models.versions(), ws.models.current()
    if as_json:
        say_json([{**vars(card), "current": card.version == current} for card in cards])
        return
    if not cards:
        say("There is no model yet; run `workbench train heads`.")
        return
    rows = [
        [
            ("* " if c.version == current else "  ") + c.version,
            c.parent or "-",
            c.head,
            str(c.judgements),
            score_text(c.metrics["scores"]["overall"]) if "scores" in c.metrics else "-",
            c.note,
        ]
        for c in cards
    ]
    table(["  version", "parent", "head", "judgements", "held-out tags", "note"], rows)


@models.command()
def promote(version: str, workspace: WorkspaceOption = None) -> None:
    """Make a version the one in use."""
    Workspace(workspace).models.promote(version)
    say(f"Model {version} is in use.")


@models.command("roll-back")
def roll_back(workspace: WorkspaceOption = None) -> None:
    """Return to the version that was in use before."""
    say(f"Model {Workspace(workspace).models.roll_back()} is in use again.")
