"""Commands about what items are made of: compositions, bars, submixes, renderings, stems."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.options import WorkspaceOption, say
from workbench.workspace import Workspace

ItemArgument = Annotated[int, typer.Argument(help="An item's id.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("link")(link)


def link(
    first: ItemArgument,
    second: ItemArgument,
    remove: Annotated[bool, typer.Option("--remove", help="Say that they are not.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Say that two items, such as a score and a recording, are the same composition."""
    catalogue = Workspace(workspace).catalogue
    if remove:
        were = catalogue.unlink(first, second)
        say(
            f"Item {second} is no longer the composition of item {first}."
            if were
            else f"Items {first} and {second} were not the same composition; nothing was changed."
        )
        return
    catalogue.link(first, second)
    others = len(catalogue.composition_of(first))
    say(f"Items {first} and {second} are one composition now, of {others + 1} items in all.")
