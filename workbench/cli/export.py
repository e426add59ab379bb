"""The export commands: dashboards that open without a server, and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import export_tables
from workbench.cli.options import (
    ClusterOption,
    JobOption,
    JsonOption,
    ProcessesOption,
    VersionOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_json,
)
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

export = typer.Typer(help="Write dashboards and tables that others can open.", no_args_is_help=True)
_SHOWN = 5


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    export_tables.register(export)
    app.add_typer(export, name="export")


@export.command("dashboard")
def dashboard(
    folder: Annotated[Path, typer.Argument(help="Where to: a new or an empty folder.")],
    page: Annotated[
        list[str] | None,
        typer.Option(
            "--page",
            help="A page, such as overview; as often as needed. By default all that can "
            "be exported.",
            show_default=False,
        ),
    ] = None,
    version: VersionOption = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Items of which kind have sound; song unless said."),
    ] = None,
    items: Annotated[
        int | None, typer.Option(min=1, help="How many items have sound at most.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the excerpts.")] = 30.0,
    whole: Annotated[bool, typer.Option("--whole", help="Whole items, no excerpts.")] = False,
    sound: Annotated[bool, typer.Option("--sound/--no-sound", help="With sound?")] = True,
    names: Annotated[
        bool, typer.Option("--names", help="Name the raters; else they are numbered.")
    ] = False,
    zipped: Annotated[bool, typer.Option("--zip", help="An archive of the folder, too.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Replace an earlier export.")] = False,
    dashboards: Annotated[
        Path | None, typer.Option(help="A folder of dashboards; by default those shipped.")
    ] = None,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Write the dashboards into a folder that opens from a disk, without a server."""
    from workbench.publishing.export import ExportOptions, export_dashboard
    from workbench.publishing.folder import zip_folder

    if dashboards is not None and not dashboards.is_dir():
        raise WorkbenchError(f"There is no folder {dashboards}.")
    options = ExportOptions(
        pages=page,
        version=version,
        kinds=(kind or ["song"]) if sound else (),
        items=items,
        seconds=None if whole else seconds,
        names=names,
    )
    made = export_dashboard(
        Workspace(workspace),
        folder.resolve(),
        options,
        again=again,
        dashboards=dashboards,
        processes=processes,
        cluster=cluster,
        progress=progress_for(job),
    )
    archive = zip_folder(made.folder, again=again) if zipped else None
    missing = made.sounds.missing
    if as_json:
        say_json({"folder": made.folder, "bytes": made.size, "pages": made.pages,
                  "sounds": len(made.sounds.items), "missing": missing,
                  "zip": archive})  # fmt: skip
        return
    say(
        f"{', '.join(made.pages)} with {count(len(made.sounds.items), 'sound')}, "
        f"{_size(made.size)}: open {made.folder / 'index.html'}"
    )
    if archive is not None:
        say(f"To send: {archive}, {_size(archive.stat().st_size)}")
    if missing:
        say(f"{count(len(missing), 'item')} without sound:")
        for item, problem in list(missing.items())[:_SHOWN]:
            say(f"  {item}: {problem}")
        if len(missing) > _SHOWN:
            say(f"  and {len(missing) - _SHOWN} more (--json lists all)")


def _size(size: int) -> str:
    """Return a number of bytes in megabytes."""
    return f"{size / 1e6:.1f} MB"
