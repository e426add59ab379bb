"""The tags commands: which spellings are one tag, and which tags are worth learning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import JsonOption, WorkspaceOption, count, say, say_json, table
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

tags = typer.Typer(help="Tags of people: cleaned for learning.", no_args_is_help=True)
_SHOWN = 15


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(tags, name="tags")


@tags.callback()
def _group() -> None:
    """Keep `clean` a command of its own while it is the only one."""


@tags.command("clean")
def clean(
    file: Annotated[Path, typer.Argument(help="The table to write: CSV.")],
    min_items: Annotated[int, typer.Option(min=1, help="Items a tag needs.")] = 10,
    min_artists: Annotated[int, typer.Option(min=1, help="Artists it needs.")] = 2,
    top: Annotated[int, typer.Option(min=1, help="How many tags at most.")] = 50,
    dimension: Annotated[
        list[str] | None,
        typer.Option(help="Only tags of it; as often as needed.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Propose which tags to learn and which spellings are one, as a table to edit."""
    from workbench.tagging.cleaning import human_tags, propose_cleaning, write_cleaning

    if file.suffix.lower() != ".csv":
        raise WorkbenchError(f"{file} needs the suffix .csv, so that a spreadsheet opens it.")
    ws = Workspace(workspace)
    proposed = propose_cleaning(
        human_tags(ws, dimension or ()),
        ws.catalogue.items(),
        min_items=min_items,
        min_artists=min_artists,
        top=top,
    )
    write_cleaning(file, proposed)
    if as_json:
        say_json(proposed.to_dict(orient="records"))
        return
    first = proposed["value"] == proposed["becomes"]
    merged = len(proposed) - int(first.sum())
    kept = int((proposed["kept"] & first).sum())
    shown = proposed.sort_values("items", ascending=False, kind="stable").head(_SHOWN)
    rows = [
        [row["dimension"], row["value"][:40], str(row["items"]), str(row["artists"]),
         row["becomes"][:40] if row["becomes"] != row["value"] else "",
         "yes" if row["kept"] else f"no, {row['why']}"]
        for _, row in shown.iterrows()
    ]  # fmt: skip
    table(["dimension", "value", "items", "artists", "becomes", "kept"], rows)
    if len(proposed) > _SHOWN:
        say(f"... and {len(proposed) - _SHOWN} more.")
    say(
        f"\n{count(len(proposed), 'spelling')}: {merged} would become another, "
        f"{count(kept, 'tag')} would be kept."
    )
    say(
        f"{file} has them all. Open it in a spreadsheet, change `becomes` and `kept` (yes or no) "
        "where you know better, and save it as CSV; the catalogue stays as it is."
    )
