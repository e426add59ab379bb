"""`workbench train sweep`: which options fit the heads best."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    ClusterOption,
    EncoderOption,
    JobOption,
    JsonOption,
    ProcessesOption,
    SeedOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_json,
    table,
)
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

_SHOWN = 10


def sweep_heads(
    width: Annotated[str, typer.Option(help="Sizes of a subspace, such as 16,64.")] = "",
    pull: Annotated[str, typer.Option(help="How strongly weights are held, such as 1,3.")] = "",
    rate: Annotated[str, typer.Option(help="Multiples of the learning rate.")] = "",
    temperature: Annotated[str, typer.Option(help="How sharply distances answer.")] = "",
    steps: Annotated[str, typer.Option(help="Steps of the optimiser.")] = "",
    folder: Annotated[
        Path | None,
        typer.Option(help="Where results go.", show_default="sweep in the workspace"),
    ] = None,
    encoder: EncoderOption = None,
    folds: Annotated[int, typer.Option(min=2, help="Parts the songs are dealt to.")] = 3,
    seed: SeedOption = 0,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Fit heads with every combination of values, by cross-validation; a stopped sweep goes on."""
    from workbench.training.sweep import OPTIONS, sweep

    ws = Workspace(workspace)
    given = dict(zip(OPTIONS, (width, pull, rate, temperature, steps), strict=True))
    grid = {name: _numbers(name, text) for name, text in given.items() if text}
    folder = folder or ws.root / "sweep"
    found = sweep(
        ws,
        grid,
        folder,
        encoder=encoder,
        folds=folds,
        seed=seed,
        processes=processes,
        cluster=cluster,
        progress=progress_for(job),
    )
    if as_json:
        say_json({"table": found.table.to_dict("records"), "failures": found.failures})
        return
    for options, reason in found.failures.items():
        say(f"  {options}: {reason}")
    if not len(found.table):
        raise WorkbenchError("No combination could be fitted; the reasons are listed above.")
    shown = found.table.head(_SHOWN)
    table(
        [*grid, "unseen artists [95 % interval]"],
        [[*(f"{row[name]:g}" for name in grid), _score(row)] for row in shown.to_dict("records")],
    )
    say(f"{count(len(found.table), 'combination')} in {folder / 'sweep.csv'}, the best first.")
    best = " ".join(f"--{name} {shown.iloc[0][name]:g}" for name in grid)
    say(f"To use the best: `workbench train heads {best}`.")


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise WorkbenchError(
            f"--{name} takes numbers with commas between, such as 1,3,10; {text!r} is none."
        ) from error


def _score(row: dict) -> str:
    return (
        f"{row['overall']:.3f} [{row['low']:.3f}, {row['high']:.3f}] "
        f"({row['k']:.0f}/{row['n']:.0f})"
    )
