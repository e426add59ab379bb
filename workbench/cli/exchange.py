"""The judgements commands: export them, import them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import (
    AgreementOption,
    DimensionOption,
    ExcludeOption,
    FewestOption,
    JobOption,
    JsonOption,
    WorkspaceOption,
    check_dimension,
    count,
    progress_for,
    say,
    say_excluded,
    say_json,
)
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

judgements = typer.Typer(help="Judgements: export and import.", no_args_is_help=True)
_FORMS = ("full", "dim-sim", "triplets")
_SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(judgements, name="judgements")


@judgements.command("export")
def export(
    file: Annotated[
        Path, typer.Argument(help="CSV, Parquet or JSON Lines by its suffix; triplets also .npz.")
    ],
    form: Annotated[
        str, typer.Option(help="full, dim-sim (its columns), or triplets (with their votes)")
    ] = "full",
    dimension: DimensionOption = None,
    agreement: AgreementOption = None,
    fewest: FewestOption = 1,
    history: Annotated[
        bool, typer.Option("--history", help="What was undone, too: every row ever stored.")
    ] = False,
    exclude: ExcludeOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the judgements to a file; text that a spreadsheet would run is made harmless."""
    from workbench.exchange.export import selected

    if form not in _FORMS:
        raise UnknownNameError(f"There is no form {form!r}; choose one of {', '.join(_FORMS)}.")
    if history and (form != "full" or exclude):
        raise WorkbenchError("The history is exported whole: --form full, and nothing excluded.")
    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    left_out = [ws.judgements.find_session(name) for name in exclude or ()]
    chosen = selected(
        ws,
        dimension=dimension,
        agreement=agreement,
        fewest=fewest,
        history=history,
        excluding=left_out,
    )
    if chosen.empty:
        raise NotReadyError("There is no judgement to export as asked for; nothing was written.")
    written = _write(ws, file.resolve(), form, chosen, agreed=agreement is not None)
    if as_json:
        say_json({"file": str(file), "form": form, "rows": written, "excluded": left_out})
        return
    say(f"{count(written, 'row')} written to {file}.")
    say_excluded(left_out)


def _write(ws: Workspace, file: Path, form: str, chosen: pd.DataFrame, *, agreed: bool) -> int:
    from workbench.exchange.export import export_dim_sim, export_judgements, export_triplets

    if form == "dim-sim":
        return export_dim_sim(ws, file, chosen)
    if form == "full":
        return export_judgements(ws, file, chosen)
    if file.suffix.lower() in (".npy", ".npz"):
        from workbench.exchange.arrays import of_agreed, of_judgements, save_arrays

        arrays = of_agreed(chosen) if agreed else of_judgements(chosen)
        save_arrays(file, arrays)
        return len(arrays)
    return export_triplets(file, chosen)


@judgements.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="What `judgements export` wrote, or dim-sim's columns.")
    ],
    dimension: Annotated[
        str, typer.Option(help="Of dim-sim's rows that do not name one.")
    ] = "overall",
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Add the judgements of a file to the log; what is there already is not added again."""
    from workbench.exchange.import_ import import_judgements

    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    report = import_judgements(ws, file, dimension=dimension, progress=progress_for(job))
    if as_json:
        say_json(vars(report))
    else:
        known = f", {report.known:,} already here" if report.known else ""
        say(f"{count(report.added, 'judgement')} added{known}.")
        for note in report.notes:
            say(note)
    if report.refused and not as_json:
        say(f"{count(len(report.refused), 'row')} refused:")
        for place, reason in report.refused[:_SHOWN]:
            say(f"  {place}: {reason}.")
        if len(report.refused) > _SHOWN:
            say(f"  and {len(report.refused) - _SHOWN} more (--json lists all).")
    if report.refused and not (report.added or report.known):
        raise WorkbenchError(f"None of the rows of {file} could be taken.")
