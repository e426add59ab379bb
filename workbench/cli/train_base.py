"""Commands that train a base model and score it on a rendered corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    JobOption,
    JsonOption,
    SeedOption,
    command_line,
    progress_for,
    say,
    say_json,
    stoppable,
)
from workbench.cli.scores_text import say_network


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
    ] = 20.0,
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
        float,
        typer.Option(
            min=0, max=1, help="Share of renditions with shifted key, and tempo if cyclic."
        ),
    ] = 0.25,
    colour: Annotated[
        float, typer.Option(min=0, max=1, help="Share of segments with a changed sound.")
    ] = 0.5,
    balance: Annotated[
        float, typer.Option(min=0, max=1, help="How much more often rare labels come.")
    ] = 0.5,
    precision: Annotated[str, typer.Option(help="mixed or full")] = "mixed",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    version: Annotated[
        str, typer.Option(help="With the network's name it names the vectors it makes.")
    ] = "1",
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
    from workbench.training.base_folder import check_free
    from workbench.training.base_loss import LossOptions
    from workbench.training.base_options import BaseOptions, check_device, is_mixed
    from workbench.training.base_release import release

    check_device(device)
    options = BaseOptions(
        shape=NetworkShape(network, size, norm, width, tempogram, chroma_s, shortcut),
        loss=LossOptions(
            losses=tuple(loss.split("+")),
            metric=metric,  # type: ignore[arg-type] # checked with the others
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
        colour_share=colour,
        balance=balance,
        mixed_precision=is_mixed(precision),
        seed=seed,
    )
    opened = Corpus.open(corpus)
    if not resume:
        check_free(folder)
    progress = progress_for(job)
    with stoppable("epochs"):
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
        version=version,
        device=device,
        reproduce=(command_line(),),
    )
    progress.advance()
    progress.close()
    if as_json:
        say_json(card.as_dict())
        return
    say(f"Epoch {trained.best} of {len(trained.history)} is stored in {folder}.\n")
    say_network(card.scores)


def score_trained(
    corpus: Annotated[Path, typer.Argument(help="A folder made by `workbench train corpus`.")],
    folder: Annotated[Path, typer.Argument(help="A network made by `workbench train base`.")],
    against: Annotated[
        Path | None, typer.Option(help="Another one, asked the same triplets.", show_default=False)
    ] = None,
    distance: Annotated[
        str, typer.Option(help="cosine, or euclidean as in the paper's test")
    ] = "cosine",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Score a trained network on the test part of a corpus, beside floors and another network."""
    from workbench.backbones.store import load_network
    from workbench.corpus.segments import Corpus
    from workbench.evaluation.rendered import Candidate, score_network
    from workbench.training.base_options import check_device

    def candidate(place: Path) -> Candidate:
        network, card = load_network(place)
        return Candidate(str(place), network, card.shape, card.dimensions)

    check_device(device)
    progress = progress_for(job)
    opened = Corpus.open(corpus)
    first, other = candidate(folder), candidate(against) if against else None
    progress.stage("Scoring the test part", 1)
    scores = score_network(
        opened, first, against=other, distance=distance, device=device, seed=seed
    )
    progress.advance()
    progress.close()
    if as_json:
        say_json(scores)
        return
    say_network(scores)
