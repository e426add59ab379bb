"""The agreement command: how far raters agree, per dimension and per rater, and what looks odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.options import (
    DimensionOption,
    ExcludeOption,
    JsonOption,
    SeedOption,
    WorkspaceOption,
    check_dimension,
    count,
    say,
    say_excluded,
    say_json,
    score_text,
    table,
)
from workbench.errors import NotReadyError
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.listening.oversight import Oversight


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("agreement")(agreement)


def agreement(
    dimension: DimensionOption = None,
    exclude: ExcludeOption = None,
    all_sittings: Annotated[
        bool, typer.Option("--sittings", help="List every sitting, not only those that look odd.")
    ] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show how far raters agree: nothing that learns from them can do better."""
    from workbench.listening.oversight import oversee

    ws = Workspace(workspace)
    check_dimension(ws, dimension)
    seen = oversee(ws, dimension=dimension, excluding=exclude or (), seed=seed)
    if not seen.sittings:
        raise NotReadyError("Nobody has judged anything yet; open the page Rate and listen.")
    if as_json:
        say_json(seen.as_dict())
        return
    _say_dimensions(seen)
    _say_raters(seen)
    _say_sittings(seen, all_sittings)
    say_excluded(seen.excluded)


def _say_dimensions(seen: Oversight) -> None:
    header = ["dimension", "triplets", "by two or more", "majority", "alpha [95 % interval]"]
    shown = seen.dimensions if len(seen.dimensions) > 2 else dict([*seen.dimensions.items()][:1])
    rows = [
        [
            name,
            str(found["tasks"]),
            str(found["shared_tasks"]),
            _number(found["majority_share"]),
            _with_interval(found["alpha"], found["alpha_by_task"]),
        ]
        for name, found in shown.items()
    ]
    table(header, rows)
    summary = seen.summary
    if not summary["shared_tasks"]:
        say(
            "\nNo triplet was judged by two people: nothing is known of their agreement. Make a "
            "rating task in which raters overlap: `workbench task create NAME --raters 2`."
        )
        return
    say("\nMajority: the share of a triplet's raters who gave its commonest answer, on average.")
    say("Alpha (Krippendorff): 1 is agreement, 0 is what chance gives; intervals over triplets.")
    wider = summary["alpha_by_rater"]
    if wider:
        say(f"With other raters: {_with_interval(summary['alpha'], wider)}.")


def _say_raters(seen: Oversight) -> None:
    say("")
    header = ["rater", "answers", "as most others did", "accuracy", "as at first", "gold right"]
    rows = [
        [
            name,
            str(went.answers),
            _score(went.agreement.as_dict()),
            _number(seen.accuracy(name)),
            _score(went.consistency.as_dict()),
            _score(went.gold.as_dict()),
        ]
        for name, went in seen.raters.items()
    ]
    table(header, rows)
    say("")
    header = ["rater", "left chosen", "cannot tell", "skipped", "seconds"]
    rows = [
        [
            name,
            _score(went.left.as_dict()),
            _percent(went.cannot_tell.value),
            _percent(went.skipped.value),
            "-" if went.response_s is None else f"{went.response_s:.1f}",
        ]
        for name, went in seen.raters.items()
    ]
    table(header, rows)
    say("\nAccuracy: by Dawid and Skene's model, where three people overlap. Seconds: the median.")


def _say_sittings(seen: Oversight, every: bool) -> None:
    odd = [sitting for sitting in seen.sittings if sitting.flags or every]
    for name, reasons in seen.flags.items():
        for reason in reasons:
            say(f"{name}, on the whole: {reason}")
    flagged = sum(bool(sitting.flags) for sitting in seen.sittings)
    say(
        f"\n{flagged} of {count(len(seen.sittings), 'sitting')} look odd. All count until you "
        "leave some out by name: --exclude ID."
    )
    for sitting in odd:
        went, when = sitting.conduct, f"{sitting.began:%Y-%m-%d %H:%M}"
        say(f"{sitting.id[:8]}  {when}  {sitting.rater}, {count(went.answers, 'answer')}")
        for reason in sitting.flags:
            say(f"          {reason}")


def _score(score: dict[str, Any]) -> str:
    return score_text(score) if score["n"] else "-"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None or interval is None:
        return _number(value)
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
