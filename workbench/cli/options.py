"""Options that many commands share, and how they report."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.errors import CancelledError
from workbench.files import printable
from workbench.progress import JobProgress, Progress, TerminalProgress
from workbench.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The workspace folder; else WORKBENCH_WORKSPACE, else the current folder.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]
JobOption = Annotated[Path | None, typer.Option("--job", hidden=True)]
SeedOption = Annotated[int, typer.Option(min=0, help="One seed gives one result.")]
VersionOption = Annotated[
    str | None, typer.Option("--model", help="A model version; by default the current one.")
]
EncoderOption = Annotated[
    str | None, typer.Option(help="An encoder's name; by default the best built-in one.")
]
DimensionOption = Annotated[
    str | None, typer.Option(help="One dimension only.", show_default=False)
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A sitting to leave out, by the beginning of its id; as often as needed.",
        show_default=False,
    ),
]
AgreementOption = Annotated[
    float | None,
    typer.Option(
        help="Only triplets on which this share of raters agree; dim-sim's high is 0.9.",
        show_default=False,
    ),
]
FewestOption = Annotated[
    int, typer.Option(min=1, help="Of such triplets: how many raters at least.")
]
ProcessesOption = Annotated[
    int | None, typer.Option(min=1, help="How many run at once; by default one per core.")
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A Dask scheduler whose workers do it, such as tcp://host:8786; else what "
        "WORKBENCH_CLUSTER or workbench.toml names.",
        show_default=False,
    ),
]


def progress_for(job: Path | None) -> Progress:
    """Return progress for a job's folder or for the terminal."""
    return JobProgress(job) if job else TerminalProgress()


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Say how a training that Ctrl-C stops is gone on with.

    Parameters
    ----------
    kept
        What is not lost, such as ``"epochs"``.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise CancelledError(
            f"Stopped. Finished {kept} are kept; go on with the same command and --resume."
        ) from None


def say(text: str) -> None:
    """Print the answer, or a part of it; titles may hold what a terminal takes for commands."""
    typer.echo("\n".join(printable(line) for line in text.split("\n")))


def count(number: int, what: str) -> str:
    """Return a number of things in words, such as ``"1 song"`` or ``"2 songs"``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def check_dimension(ws: Workspace, name: str | None) -> None:
    """Refuse a dimension the workspace does not have; overall similarity may be judged anywhere."""
    from workbench.evaluation.questions import OVERALL
    from workbench.subspaces.dimensions import get_dimension

    if name not in (None, OVERALL):
        get_dimension(ws, str(name))


def say_excluded(sessions: Collection[str]) -> None:
    """Name the sittings that were left out, if any were."""
    if sessions:
        names = ", ".join(session[:8] for session in sessions)
        say(f"Left out, as asked: {count(len(sessions), 'sitting')} ({names}).")


def say_json(data: Any) -> None:
    """Print the answer as JSON."""
    json.dump(data, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")


def table(headers: list[str], rows: list[list[str]]) -> None:
    """Print a table with columns as wide as their widest cell."""
    cells = [[printable(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
    for row in cells:
        say("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def score_text(score: dict[str, Any]) -> str:
    """Return a stored score as people read it: ``0.838 [0.800, 0.870] (357/426)``."""
    if not score["n"]:
        return "no triplets"
    return (
        f"{score['score']:.3f} [{score['low']:.3f}, {score['high']:.3f}] "
        f"({score['k']}/{score['n']})"
    )


def command_line() -> str:
    """Return the command as it was given, without the options that a page adds."""
    words, given = [], iter(sys.argv[1:])
    for word in given:
        if word in ("--job", "--workspace", "-w"):
            next(given, None)
        else:
            words.append(word)
    return shlex.join(["workbench", *words])
