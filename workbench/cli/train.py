"""Commands that fit models: heads on vectors, a corpus to learn from, a base model."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.options import (
    EncoderOption,
    JobOption,
    JsonOption,
    ProcessesOption,
    SeedOption,
    WorkspaceOption,
    progress_for,
    say,
    say_json,
    score_text,
    table,
)
from workbench.errors import UnknownNameError
from workbench.workspace import Workspace

train = typer.Typer(help="Fit models.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(train, name="train")


@train.callback()
def _train() -> None:
    """Fit models."""


@train.command("heads")
def train_heads(
    head: Annotated[str, typer.Option(help="linear, mlp or mask")] = "linear",
    encoder: EncoderOption = None,
    seed: SeedOption = 0,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Fit one head per dimension to the tags, on the vectors of an encoder."""
    from workbench.training.initial import fit_initial

    ws = Workspace(workspace)
    card = fit_initial(ws, head=head, encoder=encoder, seed=seed, progress=progress_for(job))
    say(f"Model {card.version} is in use. Its encoder: {card.encoder}, licence: {card.licence}.")
    say(f"On {card.metrics['held_out_items']} held-out songs:")
    _print_scores(card.metrics["scores"])


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
    renditions: Annotated[int, typer.Option(min=1, help="Of each score in training.")] = 5,
    per_corpus: Annotated[int, typer.Option(min=1, help="Most scores of one corpus.")] = 500,
    all_licences: Annotated[
        bool, typer.Option("--all-licences", help="Also rows nothing learned from may be shipped.")
    ] = False,
    seed: SeedOption = 0,
    processes: ProcessesOption = None,
    job: JobOption = None,
) -> None:
    """Render scores into a corpus to train a base model on; an interrupted run goes on."""
    import os

    from workbench.corpus.build import Recipe, build_corpus
    from workbench.corpus.manifest import read_manifest

    recipe = Recipe(
        fonts=tuple(font),
        test_fonts=tuple(test_font),
        renditions=renditions,
        per_corpus=per_corpus,
        shippable_only=not all_licences,
        seed=seed,
    )
    rendered = build_corpus(
        read_manifest(manifest),
        folder,
        recipe,
        processes=processes or os.cpu_count() or 1,
        progress=progress_for(job),
    )
    counts = rendered.groupby("split", sort=False).agg(
        scores=("composition", "nunique"), renditions=("composition", "size")
    )
    table(
        ["part", "scores", "renditions"],
        [
            [str(part), *map(str, row)]
            for part, row in zip(counts.index, counts.values, strict=True)
        ],
    )


@train.command("base")
def train_base_model(
    corpus: Annotated[Path, typer.Argument(help="A folder made by `workbench train corpus`.")],
    folder: Annotated[Path, typer.Argument(help="Where the network goes.")],
    network: Annotated[str, typer.Option(help="multi-input, inception or siamese")] = "multi-input",
    size: Annotated[int, typer.Option(help="Of the embedding; the dimensions divide it.")] = 384,
    width: Annotated[float, typer.Option(help="Factor on all channels; 1 as published.")] = 0.25,
    norm: Annotated[str, typer.Option(help="layer or l2")] = "layer",
    tempogram: Annotated[
        str, typer.Option(help="octaves, cyclic or autocorrelation (the paper's)")
    ] = "octaves",
    chroma_s: Annotated[
        float, typer.Option(help="Seconds the chromagram is smoothed over again; 0 as published.")
    ] = 9.0,
    shortcut: Annotated[
        bool,
        typer.Option(help="Let means of pitch classes and tempi by-pass the convolutions; ours."),
    ] = True,
    dimensions: Annotated[
        str, typer.Option(help="Which, separated by commas.")
    ] = "genre,mood,instrument,era,tempo,key",
    loss: Annotated[
        str, typer.Option(help="Of triplet, classification and proxies, joined by +.")
    ] = "proxies+triplet",
    metric: Annotated[str, typer.Option(help="cosine or euclidean")] = "cosine",
    margin: Annotated[float, typer.Option(help="Of the triplets.")] = 0.1,
    track_weight: Annotated[float, typer.Option(help="Of the track regularisation.")] = 0.5,
    schedule: Annotated[
        str, typer.Option(help="one-cycle, plateau-lee or plateau-ribecky")
    ] = "one-cycle",
    rate: Annotated[float | None, typer.Option(help="Of Adam; else the schedule's own.")] = None,
    epochs: Annotated[int, typer.Option(min=1)] = 40,
    steps: Annotated[int, typer.Option(min=1, help="Batches in an epoch.")] = 100,
    batch: Annotated[int, typer.Option(min=4, help="Segments in a batch, two a rendition.")] = 64,
    shift: Annotated[
        float, typer.Option(min=0, max=1, help="Share of segments with shifted key and tempo.")
    ] = 0.25,
    precision: Annotated[str, typer.Option(help="mixed or full")] = "mixed",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    workspace: Annotated[Path | None, typer.Option("--workspace", "-w", hidden=True)] = None,
    job: JobOption = None,
) -> None:
    """Train a network end to end on a rendered corpus, score it on its test part and store it."""
    from workbench.backbones.build import NetworkShape
    from workbench.corpus.segments import Corpus
    from workbench.training.base import train_base
    from workbench.training.base_loss import LossOptions
    from workbench.training.base_options import BaseOptions, check_device
    from workbench.training.base_release import release

    if precision not in ("mixed", "full"):
        raise UnknownNameError(f"There is no precision {precision!r}; choose mixed or full.")
    check_device(device)
    options = BaseOptions(
        shape=NetworkShape(network, size, norm, width, tempogram, chroma_s, shortcut),
        loss=LossOptions(
            losses=tuple(loss.split("+")),
            metric=metric,  # type: ignore[arg-type] # checked where it is used
            margin=margin,
            track_weight=track_weight,
        ),
        dimensions=tuple(name.strip() for name in dimensions.split(",")),
        schedule=schedule,
        rate=rate,
        epochs=epochs,
        steps=steps,
        renditions=batch // 2,
        shift_share=shift,
        mixed_precision=precision == "mixed",
        seed=seed,
    )
    opened = Corpus.open(corpus)
    progress = progress_for(job)
    trained = train_base(
        opened, options, folder=folder, resume=resume, device=device, progress=progress
    )
    progress.stage("Scoring on composers and a sound font never met", 1)
    card = release(
        opened,
        trained,
        options,
        folder=folder,
        name=network,
        device=device,
        reproduce=(_command(),),
    )
    progress.advance()
    progress.close()
    if as_json:
        say_json(card.as_dict())
        return
    say(f"Epoch {trained.best} of {len(trained.history)} is stored in {folder}. On the test part:")
    _print_scores(card.scores["scores"])
    leakage = card.scores["leakage_mean"]["strict"]
    if leakage is not None:
        say(f"Mean leakage off the diagonal: {leakage:.3f}")


def _command() -> str:
    """Return the command as it was given, without the options that a page adds."""
    words, given = [], iter(sys.argv[1:])
    for word in given:
        if word in ("--job", "--workspace", "-w"):
            next(given, None)
        else:
            words.append(word)
    return shlex.join(["workbench", *words])


def _print_scores(scores: dict[str, Any]) -> None:
    table(
        ["dimension", "score [95 % interval]"],
        [[name, score_text(score)] for name, score in scores.items()],
    )
