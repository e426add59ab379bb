"""Commands about the dimensions of a workspace."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.options import JsonOption, WorkspaceOption, say, say_json, table
from workbench.workspace import Workspace

dimensions = typer.Typer(help="The notions of similarity of a workspace.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(dimensions, name="dimensions")


@dimensions.callback()
def _dimensions() -> None:
    """Take and list the notions of similarity of a workspace."""


@dimensions.command("list")
def list_dimensions(as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the dimensions of a workspace, and the relations it could take."""
    from workbench.subspaces.dimensions import RELATIONS, dimensions_of

    taken = dimensions_of(Workspace(workspace))
    known = {**taken, **{name: d for name, d in RELATIONS.items() if name not in taken}}
    if as_json:
        say_json(
            [{"name": n, "taken": n in taken, "question": d.question} for n, d in known.items()]
        )
        return
    rows = [[name, "yes" if name in taken else "", d.question] for name, d in known.items()]
    table(["dimension", "taken", "question"], rows)


@dimensions.command("add")
def add(
    names: Annotated[list[str], typer.Argument(help="Relations, or names of your own.")],
    notion: Annotated[
        str, typer.Option(help="What makes two items similar; by default a shared tag.")
    ] = "",
    question: Annotated[str, typer.Option(help="What raters are asked.")] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Take dimensions into the workspace, such as complementarity, or a tag of your own."""
    from workbench.subspaces.declare import add_dimension
    from workbench.subspaces.dimensions import RELATIONS, dimensions_of

    ws = Workspace(workspace)
    for name in names:
        if name in dimensions_of(ws):
            say(f"{name} is taken already.")
            continue
        found = add_dimension(ws, name, notion=notion, question=question)
        own = "" if name in RELATIONS or notion else "A tag of your own: items with the same value."
        say(f"Taken: {found.name}. {found.question or own}".rstrip())
    say("Models know it from the next `workbench train heads` on.")


@dimensions.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="The dimension.")], workspace: WorkspaceOption = None
) -> None:
    """Take a dimension out of the workspace; judgements, tags and models stay."""
    from workbench.subspaces.declare import remove_dimension

    remove_dimension(Workspace(workspace), name)
    say(f"{name} is no longer a dimension; what was said about it stays.")
