"""Commands that open something: demo, serve, lab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    ClusterOption,
    JobOption,
    SeedOption,
    WorkspaceOption,
    progress_for,
    say,
)
from workbench.errors import WorkbenchError
from workbench.roles import TOKEN_VARIABLE, VIEWER_TOKEN_VARIABLE
from workbench.server.limits import MOST_MB, MOST_PAGES
from workbench.workspace import Workspace

PortOption = Annotated[int, typer.Option(help="The first port to try.")]
AddressOption = Annotated[str, typer.Option(help="The network address to listen at.")]
BaseUrlOption = Annotated[str, typer.Option(help="The path behind a proxy.")]
RaterTokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="What raters log in with; made when needed.",
        envvar=TOKEN_VARIABLE,
        show_default=False,
    ),
]
ViewerTokenOption = Annotated[
    str | None,
    typer.Option(
        help="What viewers log in with, who may change nothing; made when needed.",
        envvar=VIEWER_TOKEN_VARIABLE,
        show_default=False,
    ),
]
LabTokenOption = Annotated[
    str | None,
    typer.Option("--token", help="What people log in with; made when needed.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("demo")(demo)
    app.command("serve")(serve)
    app.command("lab")(lab)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to build it.")] = Path("demo-workspace"),
    pieces: Annotated[
        int | None, typer.Option(min=1, help="How many pieces; all by default.")
    ] = None,
    recordings: Annotated[
        bool, typer.Option(help="Fetch openly licensed recordings where the network is there.")
    ] = True,
    serve: Annotated[bool, typer.Option(help="Open JupyterLab and the dashboards.")] = False,
    cluster: ClusterOption = None,
    seed: SeedOption = 0,
    job: JobOption = None,
) -> None:
    """Build a workspace of real music that can be heard, judged, tuned and seen."""
    from workbench.demo.command import build_demo

    ws, report = build_demo(
        folder,
        pieces=pieces,
        seed=seed,
        recordings=recordings,
        cluster=cluster,
        progress=progress_for(job),
    )
    items = ws.catalogue.items()
    songs = ((items["kind"] == "song") & (items["domain"] == "audio")).sum()
    say(
        f"The demo workspace {ws.root} is ready: {songs} songs, "
        f"{(items['kind'] == 'track').sum()} tracks, {(items['domain'] == 'symbolic').sum()} "
        f"scores, model {ws.models.current()} ({report.songs + report.recordings} songs new)."
    )
    if serve:
        from workbench.server.launch import serve_all

        serve_all(ws)
    else:
        say(f"Open it with `workbench lab -w {folder}` or `workbench serve -w {folder}`.")


def serve(
    port: PortOption = 8866,
    address: AddressOption = "127.0.0.1",
    base_url: BaseUrlOption = "/",
    token: RaterTokenOption = None,
    viewer_token: ViewerTokenOption = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Let everybody view and nobody change anything.")
    ] = False,
    hostname: Annotated[
        list[str] | None,
        typer.Option(help="A name under which a proxy reaches this server.", show_default=False),
    ] = None,
    pages: Annotated[
        Path | None, typer.Option(help="A folder of dashboards; by default those shipped.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many pages may be open at once.")] = (
        MOST_PAGES
    ),
    most_mb: Annotated[
        int, typer.Option(min=1, help="How much memory a page may take before it is ended, in MB.")
    ] = MOST_MB,
    open_browser: Annotated[bool, typer.Option(help="Open the start page.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Serve the dashboards."""
    from workbench.server.launch import serve as run

    if pages is not None and not pages.is_dir():
        raise WorkbenchError(f"There is no folder {pages}.")
    run(
        Workspace(workspace),
        port=port,
        address=address,
        base_url=base_url,
        token=token,
        viewer_token=viewer_token,
        read_only=read_only,
        hostnames=hostname or (),
        pages=pages,
        most=most,
        most_mb=most_mb,
        open_browser=open_browser,
    )


def lab(
    port: PortOption = 8888,
    address: AddressOption = "127.0.0.1",
    base_url: BaseUrlOption = "/",
    token: LabTokenOption = None,
    open_browser: Annotated[bool, typer.Option(help="Open the notebooks.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Open JupyterLab on the workspace's notebooks, with sound."""
    from workbench.server.launch import lab as run

    run(
        Workspace(workspace),
        port=port,
        address=address,
        base_url=base_url,
        token=token,
        open_browser=open_browser,
    )
