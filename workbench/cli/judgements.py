"""The agreement command: how far raters agree, per dimension and per rater."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workbench.cli.options import (
    JsonOption,
    SeedOption,
    WorkspaceOption,
    count,
    say,
    say_json,
    score_text,
    table,
)
from workbench.errors import NotReadyError
from workbench.workspace import Workspace


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("agreement")(agreement)


def agreement(
    dimension: Annotated[
        str | None, typer.Option(help="One dimension only.", show_default=False)
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show how far raters agree with each other: nothing that learns from them can do better."""
    from workbench.judgements.agreement import agreement_by_dimension
    from workbench.subspaces.dimensions import get_dimension

    ws = Workspace(workspace)
    judgements = ws.judgements.table()
    if dimension is not None:
        get_dimension(ws, dimension)
        judgements = judgements[judgements["dimension"] == dimension]
    if judgements.empty:
        raise NotReadyError("Nobody has judged anything yet; open the page Rate and listen.")
    report = agreement_by_dimension(judgements, seed=seed)
    if as_json:
        say_json(report)
        return
    _say_dimensions(report)
    _say_raters(report[ALL])


def _say_dimensions(report: dict[str, dict[str, Any]]) -> None:
    header = ["dimension", "triplets", "by two or more", "majority", "alpha [95 % interval]"]
    rows = [
        [
            name,
            str(found["tasks"]),
            str(found["shared_tasks"]),
            _number(found["majority_share"]),
            _with_interval(found["alpha"], found["alpha_by_task"]),
        ]
        for name, found in report.items()
    ]
    table(header, rows)
    overall = report[ALL]
    if not overall["shared_tasks"]:
        say(
            "\nNo triplet was judged by two people: nothing is known of their agreement. Start "
            "a sitting in which raters overlap."
        )
        return
    say("\nMajority: the share of a triplet's raters who gave its commonest answer, on average.")
    say("Alpha (Krippendorff): 1 is agreement, 0 is what chance gives; intervals over triplets.")
    wider = overall["alpha_by_rater"]
    if wider:
        say(f"With other raters: {_with_interval(overall['alpha'], wider)}.")


def _say_raters(overall: dict[str, Any]) -> None:
    say("")
    rows = [
        [name, count(found["answers"], "triplet"), score_text(found["agreement"]),
         _number(found["accuracy"])]
        for name, found in overall["raters"].items()
    ]  # fmt: skip
    table(["rater", "answered", "as most others did", "accuracy (Dawid and Skene)"], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return _number(value)
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
