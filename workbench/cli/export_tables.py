"""The export commands for tables: items, tags, machine tags, failed imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import WorkspaceOption, say
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.files import write_text
from workbench.row_files import table_as_csv
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

FileArgument = Annotated[Path, typer.Argument(help="The file to write: .csv or .jsonl")]


def register(export: typer.Typer) -> None:
    """Add the commands to those that export."""
    export.command("items")(items)
    export.command("tags")(tags)
    export.command("machine-tags")(machine_tags)
    export.command("failures")(failures)
    export.command("judgements", hidden=True)(judgements)


def items(file: FileArgument, workspace: WorkspaceOption = None) -> None:
    """Write all items to a table."""
    _write(Workspace(workspace).catalogue.items(), file)


def tags(file: FileArgument, workspace: WorkspaceOption = None) -> None:
    """Write all tags to a table."""
    _write(Workspace(workspace).catalogue.tags(), file)


def machine_tags(file: FileArgument, workspace: WorkspaceOption = None) -> None:
    """Write what machines heard, with scores, to a table."""
    from workbench.tagging.machine_tags import all_machine_tags

    _write(all_machine_tags(Workspace(workspace)), file)


def failures(file: FileArgument, workspace: WorkspaceOption = None) -> None:
    """Write the files that could not be imported, and why, to a table."""
    _write(Workspace(workspace).catalogue.failures(), file)


def judgements(file: FileArgument, workspace: WorkspaceOption = None) -> None:
    """Say which command has them."""
    raise UnknownNameError("Judgements have a command of their own: `workbench judgements export`.")


def _write(frame: pd.DataFrame, file: Path) -> None:
    """Write a table; in CSV no cell is run by a spreadsheet."""
    if frame.index.name:
        frame = frame.reset_index()
    if file.suffix.lower() == ".csv":
        text = table_as_csv(frame)
    elif file.suffix.lower() == ".jsonl":
        text = frame.to_json(orient="records", lines=True, date_format="iso")
    else:
        raise WorkbenchError(f"{file} needs the suffix .csv or .jsonl.")
    write_text(file.resolve(), text)
    say(f"{len(frame)} rows written to {file}.")
