"""The task commands: what raters are asked, made from a list, from items or from a sampler."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.options import (
    JobOption,
    JsonOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_json,
    table,
)
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

task = typer.Typer(help="Rating tasks: what raters are asked.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(task, name="task")


@task.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What raters choose it by.")],
    triplets: Annotated[
        Path | None,
        typer.Option(help="Ask the triplets of a file: CSV, JSON Lines, Parquet, .npy or .npz."),
    ] = None,
    items: Annotated[
        Path | None, typer.Option(help="Ask only about the items of a file: a name on each line.")
    ] = None,
    dimension: Annotated[
        list[str] | None,
        typer.Option(help="What to ask about, as often as needed; `overall` is one, too."),
    ] = None,
    mode: Annotated[str, typer.Option(help="closer or odd_one_out")] = "closer",
    clip: Annotated[float, typer.Option(help="Seconds of each clip; 0 for whole songs.")] = 10.0,
    min_heard: Annotated[
        float, typer.Option(help="Seconds each clip has to sound before an answer is taken.")
    ] = 1.5,
    raters: Annotated[int, typer.Option(help="How many judge each shared triplet.")] = 1,
    shared: Annotated[float, typer.Option(help="Which share of the triplets that is.")] = 1.0,
    repeats: Annotated[float, typer.Option(help="Share of questions asked again.")] = 0.1,
    gold: Annotated[float, typer.Option(help="Share of questions with a known answer.")] = 0.05,
    confidence: Annotated[
        bool, typer.Option("--confidence", help="Ask after each answer how sure they are.")
    ] = False,
    sampler: Annotated[
        str, typer.Option(help="What chooses the triplets where they are not given.")
    ] = "mix",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a rating task that raters can choose on the page Rate."""
    from workbench.listening.task_files import items_of_file, triplets_of_file
    from workbench.listening.task_store import RatingTasks
    from workbench.listening.tasks import RatingTask

    ws = Workspace(workspace)
    settings: dict[str, Any] = {
        "name": name.strip(),
        "mode": mode,
        "clip_s": clip or None,
        "min_heard_s": min_heard,
        "raters": raters,
        "shared": shared,
        "repeats": repeats,
        "gold": gold,
        "ask_confidence": confidence,
        "sampler": sampler,
    }
    if triplets is not None:
        if items is not None:
            raise WorkbenchError("Give either --triplets or --items: a list says all there is.")
        listed = triplets_of_file(ws, triplets, dimensions=dimension or ())
        made = RatingTask.of_triplets(listed, **settings)
    else:
        chosen = items_of_file(ws, items) if items is not None else ()
        made = RatingTask(items=chosen, dimensions=tuple(dimension or ()), **settings)
    RatingTasks(ws).save(made)
    if as_json:
        say_json({"name": made.name} | made.as_settings())
        return
    asked = count(len(made.triplets), "triplet") if made.triplets else "triplets as they come"
    say(f"Rating task {made.name!r} is ready: {asked}. Raters choose it on the page Rate.")


@task.command("list")
def list_(
    as_json: JsonOption = False, workspace: WorkspaceOption = None, job: JobOption = None
) -> None:
    """Show all rating tasks and how far they are."""
    from workbench.listening.oversight import task_progress
    from workbench.listening.task_store import RatingTasks

    ws = Workspace(workspace)
    tasks, progress, found = RatingTasks(ws), progress_for(job), []
    names = tasks.names()
    for name in names:
        found.append((tasks.load(name), task_progress(ws, name)))
    progress.close()
    if as_json:
        say_json([each.as_settings() | asdict(far) for each, far in found])
        return
    if not found:
        say("There is no rating task yet; make one with `workbench task create NAME`.")
        return
    rows = [
        [
            each.name,
            each.mode,
            ", ".join(each.dimensions) or "all",
            "as they come" if far.wanted is None else str(far.wanted),
            str(each.raters),
            str(far.begun),
            str(far.finished),
            str(far.raters),
        ]
        for each, far in found
    ]
    header = ["task", "mode", "dimensions", "triplets", "raters each", "begun", "done", "people"]
    table(header, rows)
