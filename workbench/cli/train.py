"""Commands that fit models: heads on vectors, a corpus to learn from, a base model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    ClusterOption,
    EncoderOption,
    JobOption,
    ProcessesOption,
    SeedOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    score_text,
    table,
)
from workbench.cli.train_base import score_trained, train_base_model
from workbench.cli.train_relations import train_relation_networks
from workbench.cli.train_sweep import sweep_heads
from workbench.cli.train_tagger import train_tagger_command
from workbench.workspace import Workspace

train = typer.Typer(help="Fit models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    train.command("base")(train_base_model)
    train.command("score")(score_trained)
    train.command("relations")(train_relation_networks)
    train.command("sweep")(sweep_heads)
    train.command("tagger")(train_tagger_command)
    app.add_typer(train, name="train")


@train.callback()
def _train() -> None:
    """Fit models."""


@train.command("heads")
def train_heads(
    head: Annotated[str, typer.Option(help="linear, mlp or mask")] = "linear",
    encoder: EncoderOption = None,
    by_use: Annotated[
        bool, typer.Option("--by-use", help="Items used in songs and liked count more.")
    ] = False,
    width: Annotated[int, typer.Option(min=1, help="Size of a subspace.")] = 64,
    pull: Annotated[float, typer.Option(min=0, help="How strongly weights are held.")] = 3.0,
    rate: Annotated[float, typer.Option(min=0, help="Multiple of the learning rate.")] = 1.0,
    temperature: Annotated[float, typer.Option(min=0, help="How sharply distances answer.")] = 8.0,
    steps: Annotated[int, typer.Option(min=0, help="Steps of the optimiser.")] = 60,
    seed: SeedOption = 0,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Fit one head per dimension to the tags, on the vectors of an encoder."""
    from workbench.training.initial import HeadOptions, fit_initial

    ws = Workspace(workspace)
    card = fit_initial(
        ws,
        head=head,
        encoder=encoder,
        by_use=by_use,
        options=HeadOptions(width, pull, rate, temperature, steps),
        seed=seed,
        progress=progress_for(job),
    )
    say(f"Model {card.version} is in use. Its encoder: {card.encoder}, licence: {card.licence}.")
    say(f"On {card.metrics['held_out_items']} held-out songs:")
    table(
        ["dimension", "score [95 % interval]"],
        [[name, score_text(score)] for name, score in card.metrics["scores"].items()],
    )
    untaught = [name for name in card.dimensions if name not in card.taught]
    if untaught:
        say(
            f"Nothing was learned about {', '.join(untaught)}, as no tags speak of it: search "
            "leaves it out until there are tags or judgements."
        )
    say("What must be beaten, and whether it is by more than luck: `workbench evaluate`.")


@train.command("corpus")
def train_corpus(
    manifest: Annotated[
        Path, typer.Argument(help="A CSV of scores: path, corpus, artist, style, licence, ...")
    ],
    folder: Annotated[Path, typer.Argument(help="Where the rendered corpus goes.")],
    font: Annotated[
        list[Path], typer.Option("--font", help="A sound font of training; may be repeated.")
    ],
    test_font: Annotated[
        list[Path], typer.Option("--test-font", help="A sound font kept for the test.")
    ],
    pieces: Annotated[
        bool,
        typer.Option("--pieces", help="Sections and stems with their notes, for relations."),
    ] = False,
    renditions: Annotated[
        int | None,
        typer.Option(min=1, help="Of each score in training.", show_default="5, or 2 of pieces"),
    ] = None,
    per_corpus: Annotated[int, typer.Option(min=1, help="Most scores of one corpus.")] = 500,
    all_licences: Annotated[
        bool, typer.Option("--all-licences", help="Also rows nothing learned from may be shipped.")
    ] = False,
    seed: SeedOption = 0,
    processes: ProcessesOption = None,
    cluster: ClusterOption = None,
    job: JobOption = None,
) -> None:
    """Render scores into a corpus to train networks on; an interrupted run goes on."""
    from workbench.corpus.build import FAILURES, Recipe, build_corpus, read_failures
    from workbench.corpus.manifest import read_manifest
    from workbench.corpus.performances import SECONDS as PIECE_SECONDS
    from workbench.corpus.pieces import build_pieces
    from workbench.corpus.renditions import SECONDS

    recipe = Recipe(
        fonts=tuple(file.resolve() for file in font),
        test_fonts=tuple(file.resolve() for file in test_font),
        renditions=renditions or (2 if pieces else 5),
        seconds=PIECE_SECONDS if pieces else SECONDS,
        per_corpus=per_corpus,
        shippable_only=not all_licences,
        seed=seed,
    )
    build = build_pieces if pieces else build_corpus
    rendered = build(
        read_manifest(manifest.resolve()),
        folder,
        recipe,
        processes=processes,
        cluster=cluster,
        progress=progress_for(job),
    )
    counts = rendered.groupby("split", sort=False).agg(
        scores=("composition", "nunique"), rendered=("composition", "size")
    )
    table(
        ["part", "scores", "pieces" if pieces else "renditions"],
        [
            [str(part), *map(str, row)]
            for part, row in zip(counts.index, counts.values, strict=True)
        ],
    )
    failures = read_failures(folder)
    if failures:
        path, reason = next(iter(failures.items()))
        say(
            f"{count(len(failures), 'score')} could not be used, such as {Path(path).name} "
            f"({reason}); all are in {folder / FAILURES}."
        )
