"""Command that trains a tagger, or the student of one."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.options import (
    JobOption,
    JsonOption,
    SeedOption,
    WorkspaceOption,
    command_line,
    count,
    progress_for,
    say,
    say_json,
    stoppable,
    table,
)
from workbench.errors import UnknownNameError
from workbench.workspace import Workspace


def train_tagger_command(
    name: Annotated[str, typer.Argument(help="What to call it; versions are counted.")] = "tagger",
    student: Annotated[
        str | None,
        typer.Option(help="expand: as large as its teacher; distil: smaller.", show_default=False),
    ] = None,
    teacher: Annotated[
        str | None, typer.Option(help="A tagger's key; by default the one trained last.")
    ] = None,
    labels: Annotated[str, typer.Option(help="A teacher's labels: soft or hard.")] = "soft",
    tags: Annotated[
        Path | None,
        typer.Option(help="The table of `workbench tags clean`; by default what it proposes."),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(help="published, small or light; by default small.", show_default=False),
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="transformer or short-chunk", show_default="transformer")
    ] = None,
    channels: Annotated[int | None, typer.Option(min=1, help="Of the convolutions.")] = None,
    width: Annotated[int | None, typer.Option(min=1, help="Of the transformer.")] = None,
    layers: Annotated[int | None, typer.Option(min=1, help="Of the transformer.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the excerpts it hears.", show_default="10")
    ] = None,
    noise: Annotated[
        str, typer.Option(help="Augmentations: none, reference or patent.")
    ] = "reference",
    clip: Annotated[float, typer.Option(help="Seconds kept of each item.")] = 30.0,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Which items; as often as needed.", show_default="song"),
    ] = None,
    rate: Annotated[float, typer.Option(help="Of Adam, at its highest.")] = 1e-3,
    epochs: Annotated[int, typer.Option(min=1)] = 30,
    steps: Annotated[int, typer.Option(min=1, help="Batches in an epoch.")] = 50,
    batch: Annotated[int, typer.Option(min=2, help="Excerpts in a batch.")] = 32,
    precision: Annotated[str, typer.Option(help="mixed or full")] = "mixed",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    licence: Annotated[str, typer.Option(help="Of what comes out.")] = "unknown",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was.")] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Train a tagger on the tags people gave; with --student, on a teacher's guesses as well."""
    from workbench.backbones.tagger_card import SIZES, TaggerShape
    from workbench.training.base_options import check_device, is_mixed
    from workbench.training.tagger_options import TaggerOptions, check_student, student_shape
    from workbench.training.tagger_project import find_teacher, find_trainee, train_in_workspace

    ws = Workspace(workspace)
    check_device(device)
    check_student(student)
    if size is not None and size not in SIZES:
        raise UnknownNameError(f"There is no size {size!r}; choose one of {', '.join(SIZES)}.")
    shape: TaggerShape = SIZES[size or "small"]
    taught_by = ""
    if student is not None or teacher is not None:
        card = find_teacher(ws, teacher)
        taught_by = card.key
        if size is None:
            shape = student_shape(card.shape, student or "expand")
    given: dict[str, Any] = {"network": network, "channels": channels, "width": width}
    given |= {"layers": layers, "seconds": seconds}
    shape = replace(shape, **{k: v for k, v in given.items() if v is not None})
    options = TaggerOptions(
        shape=shape,
        noise=noise,
        teacher=taught_by,
        pseudo_labels=labels,
        rate=rate,
        epochs=epochs,
        steps=steps,
        batch=batch,
        clip_s=clip,
        mixed_precision=is_mixed(precision),
        seed=seed,
    )
    options.check()
    trainee = find_trainee(ws, name, resume=resume)
    progress = progress_for(job)
    with stoppable("steps"):
        card, scores = train_in_workspace(
            ws,
            trainee,
            options,
            table=tags,
            kinds=tuple(kind or ("song",)),
            licence=licence,
            device=device,
            reproduce=(command_line(),),
            progress=progress,
        )
    progress.close()
    if as_json:
        say_json({"key": card.key, "scores": card.scores, "training": card.training})
        return
    millions = card.training["parameters"] / 1e6
    say(
        f"{card.key} is trained: {millions:.2f} million parameters, {count(len(card.tags), 'tag')}."
    )
    held_out = card.data["test"]["labelled"]
    say(f"On {count(held_out, 'held-out item')} of artists it never met:")
    say(
        f"ROC-AUC {scores.macro_roc} (chance 0.5), PR-AUC {scores.macro_pr} (chance "
        f"{scores.pr_floor:.3f}), means over the tags.\n"
    )
    ranked = scores.table().sort_values("pr_auc", ascending=False)
    columns = ["roc_auc", "pr_auc", "prevalence"]
    areas = [[_area(a) for a in row] for row in ranked[columns].to_numpy(dtype=float)]
    named = ranked[["dimension", "value", "positives"]].astype(str).to_numpy().tolist()
    table(
        ["dimension", "tag", "ROC-AUC", "PR-AUC", "chance", "examples"],
        [[d, v, *a, n] for (d, v, n), a in zip(named, areas, strict=True)],
    )
    say(f"\nHear the catalogue with it: `workbench tag --tagger {card.key}`.")


def _area(value: float) -> str:
    """Return an area as text; a tag without an example has none."""
    return "-" if math.isnan(value) else f"{value:.3f}"
