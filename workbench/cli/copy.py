"""`workbench copy`: a workspace moved to another folder or database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import JobOption, JsonOption, count, progress_for, say, say_json, table
from workbench.files import printable
from workbench.workspace import Workspace

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        help="A team's database, postgresql+psycopg://user@host/name; else an SQLite file.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("copy")(copy)


def copy(
    source: Annotated[Path, typer.Argument(help="The workspace; it may be in use.")],
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    database: DatabaseOption = None,
    json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Copy a workspace, also between SQLite and PostgreSQL; every row and file is compared."""
    from workbench.copying.copy import copy_workspace

    compared = copy_workspace(
        Workspace(source), target, database=database, progress=progress_for(job)
    )
    if json:
        found = [
            {
                "kind": c.kind,
                "name": c.name,
                "source": c.source._asdict(),
                "target": c.target._asdict(),
                "equal": c.is_equal,
            }
            for c in compared
        ]
        say_json({"target": str(target), "compared": found})
        return
    shown = [c for c in compared if c.kind != "file"]
    table(
        ["", "rows", "rows copied", "checksum", "of the copy"],
        [
            [
                printable(f"{c.kind} {c.name}"),
                *(str(n) for n in (c.source.size, c.target.size)),
                *(s[:12] for s in (c.source.digest, c.target.digest)),
            ]
            for c in shown
        ],
    )
    files = [c for c in compared if c.kind == "file"]
    size = sum(c.target.size for c in files)
    say(f"{count(len(files), 'file')} of {size / 2**20:.1f} MiB, each compared by its SHA-256.")
    say(f"{target} is the same workspace, equal to the last row.")
