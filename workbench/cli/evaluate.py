"""The evaluate command: scores beside floors, combinations, leakage, and another model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.options import (
    DimensionOption,
    ExcludeOption,
    JobOption,
    JsonOption,
    SeedOption,
    VersionOption,
    WorkspaceOption,
    progress_for,
    say_json,
)
from workbench.cli.scores_text import say_report
from workbench.errors import NotReadyError
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from workbench.evaluation.questions import Questions
    from workbench.subspaces.model import Model


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("evaluate")(evaluate)


def evaluate(
    model: VersionOption = None,
    against: Annotated[
        str | None,
        typer.Option(help="Another version to compare with, on items both held out."),
    ] = None,
    triplets: Annotated[
        list[Path] | None,
        typer.Option(
            help="A triplet file (.csv, .json, .jsonl), as often as needed; dim-sim and "
            "MagnaTagATune's comparisons are recognised.",
            show_default=False,
        ),
    ] = None,
    judgements: Annotated[bool, typer.Option("--judgements", help="Ask what raters said.")] = False,
    agreement: Annotated[
        float,
        typer.Option(help="Of votes: the share of raters who must agree; dim-sim's high is 0.9."),
    ] = 0.0,
    raters: Annotated[int, typer.Option(min=1, help="Of votes: how many at least.")] = 1,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Of votes: only about items the model held out.")
    ] = False,
    distance: Annotated[
        str, typer.Option(help="euclidean, as in the paper's test, or cosine")
    ] = "euclidean",
    combinations: Annotated[
        bool, typer.Option("--combinations", help="Score every combination of dimensions.")
    ] = False,
    floors: Annotated[
        bool, typer.Option(help="Show what must be beaten: encoder, MFCC, MFCC-VQ, chance.")
    ] = True,
    dimension: DimensionOption = None,
    exclude: ExcludeOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Score a model on tags of held-out items, judgements and triplet files."""
    from workbench.evaluation.answers import check_distance
    from workbench.evaluation.report import evaluate as run
    from workbench.evaluation.report import usable_items
    from workbench.subspaces.dimensions import get_dimension

    ws = Workspace(workspace)
    if dimension is not None:
        get_dimension(ws, dimension)
    check_distance(distance)
    loaded = ws.models.load(model)
    other = ws.models.load(against) if against else None
    models = [loaded, *([other] if other else [])]
    names = [n for n in loaded.card.dimensions if all(n in m.card.dimensions for m in models)]
    wanted = [dimension] if dimension else names
    options: dict[str, Any] = {
        "against": other,
        "floors": floors,
        "combinations": combinations,
        "distance": distance,
        "seed": seed,
        "progress": progress_for(job),
    }
    report: dict[str, Any] = {
        "model": loaded.card.version,
        "encoder": loaded.card.encoder,
        "licence": loaded.card.licence,
        "distance": distance,
    }
    left_out = [ws.judgements.find_session(name) for name in exclude or ()]
    voted = list(_voted(ws, triplets or [], judgements, agreement, raters, left_out))
    try:
        report |= _on_tags(ws, loaded, other, names, wanted, options)
    except NotReadyError as error:
        if not voted:
            raise
        report["no_tags"] = str(error)
    report["votes"] = {}
    for name, questions, facts in voted:
        ids = usable_items(ws, questions, *models, held_out=held_out or other is not None)
        asked = questions.about(ids, wanted)
        if dimension:
            asked.triplets.pop("overall", None)
        if not len(asked):
            raise NotReadyError(
                f"No triplet of {name} is left to ask: of {facts['voted']} that people voted on "
                f"{facts['agreed']} are agreed on as asked for, and none of these is about "
                f"{'held-out ' if held_out or other else ''}items with vectors."
            )
        facts |= {"left_out": len(questions) - len(asked)} | _warnings(loaded, other, name)
        report["votes"][name] = facts | run(ws, loaded, asked, **options)
    if as_json:
        say_json(report)
        return
    say_report(report)


def _voted(
    ws: Workspace,
    files: list[Path],
    judgements: bool,
    agreement: float,
    raters: int,
    left_out: list[str],
) -> Iterator[tuple[str, Questions, dict[str, Any]]]:
    """Return what people voted on: a name, the triplets, and where they come from."""
    from workbench.evaluation.triplet_files import read_triplets
    from workbench.evaluation.voted import judged_votes

    if judgements:
        votes = judged_votes(ws, excluding=left_out)
        found = votes.agreed(agreement=agreement, raters=raters)
        if not len(votes):
            raise NotReadyError("There are no judgements yet; judge some triplets first.")
        facts = {"voted": len(votes), "agreed": len(found), "excluded": left_out}
        yield "judgements", found, facts
    for file in files:
        read = read_triplets(ws, file)
        found = read.voted.agreed(agreement=agreement, raters=raters)
        facts = {"layout": read.layout, "rows": read.rows, "matched": read.matched}
        yield str(file), found, facts | {"voted": len(read.voted), "agreed": len(found)}


def _warnings(model: Model, other: Model | None, source: str) -> dict[str, Any]:
    """Say which models learned from what they are asked."""
    taught = [m.card for m in (model, other) if m is not None and m.card.judgements]
    if source != "judgements" or not taught:
        return {}
    names = " and ".join(f"{card.version} ({card.judgements})" for card in taught)
    return {
        "warning": f"{names} learned from judgements, perhaps from these; `workbench finetune` "
        "reports scores on answers that took no part."
    }


def _on_tags(
    ws: Workspace,
    model: Model,
    other: Model | None,
    names: list[str],
    wanted: list[str],
    options: dict[str, Any],
) -> dict[str, Any]:
    """Return the report on triplets from tags, of items that all models held out."""
    import numpy as np

    from workbench.evaluation.questions import tag_questions
    from workbench.evaluation.report import evaluate as run
    from workbench.evaluation.triplets import held_out_items, tag_metrics
    from workbench.search.subspaces import subspace_blocks

    ids = held_out_items(ws, model.card)
    if other is not None:
        ids = ids[np.isin(ids, held_out_items(ws, other.card))]
        if len(ids) < 3:
            raise NotReadyError(
                f"Models {model.card.version} and {other.card.version} held out {len(ids)} songs "
                "in common, too few to compare them by."
            )
    seed, distance = options["seed"], options["distance"]
    source = ws.vectors(model.card.encoder)
    questions = tag_questions(ws, ids, names, among=source.ids, seed=seed)
    vectors = model.transform(source.rows(questions.ids))
    blocks = subspace_blocks(model.card)
    metrics = tag_metrics(vectors, blocks, questions, seed=seed, distance=distance)
    for kind in ("leakage", "strict_leakage"):
        metrics[kind] = {name: row for name, row in metrics[kind].items() if name in wanted}
    asked = questions.about(questions.ids, wanted)
    found = metrics | run(ws, model, asked, **options) | {"held_out_items": len(ids)}
    if wanted != names:
        found["scores"] = {name: found["scores"][name] for name in wanted}
    return found
