"""`workbench index`: what lets a team's database find vectors by itself."""

from __future__ import annotations

import typer

from workbench.cli.options import JobOption, VersionOption, WorkspaceOption, progress_for, say
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("index")(index)


def index(
    model: VersionOption = None, workspace: WorkspaceOption = None, job: JobOption = None
) -> None:
    """Index a model's subspaces in the team's database, for `workbench search --approximate`."""
    from workbench.search.subspaces import read_subspaces
    from workbench.vectors.indexed import build_indexes
    from workbench.vectors.shared import SharedVectors

    ws = Workspace(workspace)
    store, blocks = read_subspaces(ws, model)
    if not isinstance(store, SharedVectors):
        raise WorkbenchError(
            "An SQLite workspace needs no index: all its items are compared in milliseconds."
        )
    build_indexes(store, blocks, progress=progress_for(job))
    say(f"{store.count} items are indexed in {len(blocks)} dimensions.")
