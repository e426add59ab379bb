"""`workbench doctor`: what is missing, what is wrong, and the repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.options import JsonOption, WorkspaceOption, progress_for, say, say_json
from workbench.errors import WorkbenchError
from workbench.files import printable
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.doctor.examine import Repairs
    from workbench.doctor.findings import Finding
    from workbench.doctor.state import Line


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("doctor")(doctor)


def doctor(
    hashes: Annotated[
        bool,
        typer.Option("--hashes", help="Read all contents too: every file, every page."),
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be; nothing is deleted.")
    ] = False,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Look at the installation and the workspace: what is missing, what is wrong, what to do."""
    from workbench.doctor.examine import Repairs, examine
    from workbench.doctor.examine import repair as repair_all
    from workbench.doctor.state import Line, installation, state

    lines, repairs = installation(), Repairs([], [], None)
    try:
        ws = Workspace(workspace)
        if repair:
            repairs = repair_all(ws, deep=hashes, progress=progress_for(None))
        else:
            found = examine(ws, deep=hashes, progress=progress_for(None))
            repairs = repairs._replace(left=found)
        lines += state(ws)
    except WorkbenchError as error:
        lines.append(Line("workspace", False, str(error)))
    if as_json:
        say_json(_as_dict(lines, repairs))
    else:
        _say_all(lines, repairs)
    if not all(line.fine for line in lines) or any(finding.fault for finding in repairs.left):
        raise typer.Exit(1)


def _as_dict(lines: list[Line], repairs: Repairs) -> dict[str, object]:
    return {
        "state": [line._asdict() for line in lines],
        "findings": [finding.as_dict() for finding in repairs.left],
        "repaired": repairs.done,
        "kept_in": str(repairs.kept) if repairs.kept else None,
    }


def _say_all(lines: list[Line], repairs: Repairs) -> None:
    for line in lines:
        say(f"{'ok     ' if line.fine else 'MISSING'}  {line.name}: {line.text}")
    for text in repairs.done:
        say(f"MENDED   {text}")
    if repairs.kept:
        say(f"What was taken away lies in {repairs.kept}.")
    for finding in repairs.left:
        _say_finding(finding)
    if any(finding.repair for finding in repairs.left):
        say("\nWhat can be repaired is put right by `workbench doctor --repair`.")


def _say_finding(finding: Finding) -> None:
    say(f"\n{'FAULT  ' if finding.fault else 'note   '}  {finding.theme}: {finding.what}")
    if finding.examples:
        more = finding.count - len(finding.examples)
        names = printable(", ".join(finding.examples)).rstrip(".")
        say(f"         Such as: {names}{f', and {more:,} more' if more > 0 else ''}.")
    say(f"         {finding.means}")
    say(f"         {finding.remedy}")
