"""Commands of a team's lead: gold triplets, and the rubric of a dimension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.options import (
    AgreementOption,
    DimensionOption,
    FewestOption,
    JsonOption,
    WorkspaceOption,
    check_dimension,
    count,
    say,
    say_json,
    table,
)
from workbench.errors import NotReadyError, WorkbenchError
from workbench.workspace import Workspace

gold = typer.Typer(help="Gold triplets: questions whose answer is known.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(gold, name="gold")
    app.command("rubric")(rubric)


@gold.command("add")
def add(
    file: Annotated[
        Path | None,
        typer.Argument(help="Triplets with their answers, as `evaluate --triplets` reads them."),
    ] = None,
    from_agreement: Annotated[
        bool, typer.Option("--from-agreement", help="Take those the raters agree on.")
    ] = False,
    agreement: AgreementOption = None,
    fewest: FewestOption = 3,
    dimension: DimensionOption = None,
    source: Annotated[str, typer.Option(help="Who says so; by default the file.")] = "",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Add triplets whose answer is known; raters meet them among the others."""
    from workbench.judgements.consensus import agreed_triplets
    from workbench.judgements.gold import GoldTriplets
    from workbench.listening.task_files import answered_triplets

    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    if (file is None) == (not from_agreement):
        raise WorkbenchError("Name a file of triplets, or take --from-agreement.")
    if file is not None:
        rows = [row for row in answered_triplets(ws, file) if row[4]]
        source = source or file.name
    else:
        share = 1.0 if agreement is None else agreement
        rows = agreed_triplets(ws.judgements.table(), agreement=share, raters=fewest)
        source = source or f"agreement of {100 * share:.0f} % of {fewest} raters or more"
    rows = [row for row in rows if dimension in (None, row[0])]
    if not rows:
        raise NotReadyError("There is no triplet to add: none has an answer as asked for.")
    new = GoldTriplets(ws.database).add(rows, source=source)
    if as_json:
        say_json({"given": len(rows), "new": new})
        return
    say(f"{count(new, 'gold triplet')} added, {len(rows) - new} already there.")


@gold.command("list")
def list_(
    dimension: DimensionOption = None, as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:  # fmt: skip
    """Show the gold triplets: which candidate is closer, and who says so."""
    from workbench.judgements.gold import GoldTriplets

    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    found = GoldTriplets(ws.database).table()
    if dimension is not None:
        found = found[found["dimension"] == dimension]
    if as_json:
        say_json(found.to_dict("records"))
        return
    if found.empty:
        say("There are no gold triplets yet; add some with `workbench gold add FILE`.")
        return
    titles = ws.catalogue.items()["title"]
    rows = [
        [
            row["dimension"],
            *(f"{row[f'{role}_id']} {titles[row[f'{role}_id']]}"[:28] for role in _order(row)),
            row["source"][:40],
        ]
        for row in found.to_dict("records")
    ]
    table(["dimension", "anchor", "closer", "farther", "who says so"], rows)


def _order(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return ("anchor", "a", "b") if row["choice"] == "a" else ("anchor", "b", "a")


def rubric(
    dimension: Annotated[str, typer.Argument(help="Of which dimension.")],
    text: Annotated[
        str | None, typer.Argument(help="What it means, for raters to read; empty takes it away.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A text file that says so.")] = None,
    author: Annotated[str, typer.Option(help="Who wrote it.")] = "",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what a dimension means in the team's words, or write it."""
    from workbench.listening.rubrics import Rubrics

    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    if text is not None and file is not None:
        raise WorkbenchError("Give the text or a file, not both.")
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise WorkbenchError(f"{file} cannot be read as UTF-8 text: {error}.") from error
    rubrics = Rubrics(ws)
    if text is not None:
        rubrics.write(dimension, text, author=author)
    now = rubrics.of(dimension)
    if as_json:
        say_json({"dimension": dimension, "text": now})
    else:
        say(
            now or f"Nothing is written about {dimension} yet: `workbench rubric {dimension} TEXT`."
        )
