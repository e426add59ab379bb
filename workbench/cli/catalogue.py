"""Commands that fill a workspace: init, import, embed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.copy import DatabaseOption
from workbench.cli.options import (
    ClusterOption,
    EncoderOption,
    JobOption,
    ProcessesOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
)
from workbench.errors import MediaError, WorkbenchError
from workbench.files import printable
from workbench.workspace import CONFIG_FILE, Workspace, find_workspace

_DOUBTS_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("init")(init)
    app.command("import")(import_)
    app.command("embed")(embed)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    database: DatabaseOption = None,
) -> None:
    """Make an empty workspace, or a folder for one whose database is there already."""
    ws = Workspace.create(folder, database=database)
    say(f"Workspace {ws.root} is ready; add music with `workbench import {folder} MUSIC_FOLDER`.")


def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[WORKSPACE] PATH",
            help="Folders, sound files or scores, after the workspace.",
        ),
    ],
    manifest: Annotated[
        Path | None, typer.Option(help="A CSV: path, title, artist, and any tag columns.")
    ] = None,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Add sound files and scores; what is there is skipped, what cannot be read is reported."""
    from workbench.catalogue.importer import import_music

    if workspace is None and (_is_workspace(paths[0]) or not _is_workspace(find_workspace())):
        workspace, paths = paths[0], paths[1:]
    ws = Workspace(workspace)
    if not paths:
        raise WorkbenchError(f"Name the music to import too: `workbench import {ws.root} PATH`.")
    report = import_music(
        ws,
        paths,
        manifest=manifest,
        processes=processes,
        cluster=cluster,
        progress=progress_for(job),
    )
    say(
        f"{count(report.songs, 'song')} and {count(report.tracks, 'track')} added, {report.known} "
        f"already there, {count(report.ignored, 'other file')} left alone."
    )
    if report.scores:
        tracks = count(report.score_tracks, "track")
        say(f"{count(report.scores, 'score')} with {tracks} added, too.")
    if report.linked:
        say(f"{count(report.linked, 'item')} linked as the same composition as another one.")
    if report.doubts:
        say(f"{count(len(report.doubts), 'doubt')} about scores that were added all the same:")
        _say_some(report.doubts)
    if report.failures:
        say(f"{count(len(report.failures), 'file')} could not be imported:")
        for path, reason in report.failures:
            say(f"  {printable(path)}: {reason}")
        if not (report.songs or report.tracks or report.scores or report.known):
            raise MediaError("None of the files could be imported; the reasons are listed above.")
    if report.songs or report.tracks or report.scores:
        say("Next: `workbench embed`.")


def _say_some(what: list[tuple[Path, str]]) -> None:
    for path, reason in what[:_DOUBTS_SHOWN]:
        say(f"  {printable(path)}: {reason}")
    if len(what) > _DOUBTS_SHOWN:
        say(f"  and {len(what) - _DOUBTS_SHOWN} more")


def _is_workspace(folder: Path) -> bool:
    return (folder / CONFIG_FILE).is_file()


def embed(
    encoder: EncoderOption = None,
    render: Annotated[
        bool, typer.Option("--render", help="Render scores and let the encoder hear them.")
    ] = False,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Compute the vectors of all items that have none; an interrupted run goes on."""
    from workbench.encoders.registry import find_encoder
    from workbench.search.embed import embed as run

    ws = Workspace(workspace)
    report = run(
        ws,
        encoder=encoder,
        render=render,
        processes=processes,
        cluster=cluster,
        progress=progress_for(job),
    )
    say(f"{report.computed} items embedded with {report.encoder}; {report.total} in all.")
    say(f"Licence of the encoder: {find_encoder(report.encoder, ws).licence_words}.")
    if report.encoder.startswith("descriptors-"):
        say(
            "The musicnn block is missing: genre and instruments are known less well. Fetch it "
            "with `workbench encoders install musicnn`."
        )
    if report.passed_over:
        say(
            f"This encoder takes no scores; {count(report.passed_over, 'item')} of notes passed "
            "over. Let it hear them with --render."
        )
    for item_id, reason in report.failures.items():
        say(f"  item {item_id}: {reason}")
