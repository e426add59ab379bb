"""Command that trains networks of relations between sounds and scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli.options import (
    JobOption,
    JsonOption,
    SeedOption,
    command_line,
    progress_for,
    say,
    say_json,
    score_text,
    stoppable,
    table,
)

_HEADINGS = ("sound", "notes", "sound to notes", "notes to sound")


def train_relation_networks(
    corpus: Annotated[
        Path, typer.Argument(help="A folder made by `workbench train corpus --pieces`.")
    ],
    folder: Annotated[Path, typer.Argument(help="Where the networks go.")],
    relations: Annotated[
        str, typer.Option(help="Which, separated by commas; by default all.")
    ] = "",
    size: Annotated[int, typer.Option(min=1, help="Numbers of a relation's subspace.")] = 32,
    loss: Annotated[
        str, typer.Option(help="triplet, classification, or both, joined by +.")
    ] = "triplet+classification",
    metric: Annotated[str, typer.Option(help="euclidean or cosine")] = "euclidean",
    margin: Annotated[float, typer.Option(help="Of the triplets.")] = 0.3,
    pairs: Annotated[
        float, typer.Option(min=0, help="Weight of finding a piece's own notes among others.")
    ] = 0.5,
    predict: Annotated[
        float, typer.Option(min=0, help="Weight of predicting a sound's vector from its notes.")
    ] = 0.5,
    rate: Annotated[float, typer.Option(help="Of Adam, at its highest.")] = 2e-3,
    epochs: Annotated[int, typer.Option(min=1)] = 30,
    steps: Annotated[int, typer.Option(min=1, help="Batches in an epoch.")] = 100,
    seeds: Annotated[int, typer.Option(min=1, help="Performances that a batch starts from.")] = 8,
    precision: Annotated[str, typer.Option(help="mixed or full")] = "mixed",
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    version: Annotated[
        str, typer.Option(help="Counts in the version of the encoder they join.")
    ] = "1",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    job: JobOption = None,
) -> None:
    """Train networks that map sounds and scores into the same subspaces, and store them."""
    from workbench.corpus.piece_corpus import PieceCorpus
    from workbench.corpus.piece_relations import RELATIONS
    from workbench.training.base_folder import check_free
    from workbench.training.base_options import check_device, is_mixed
    from workbench.training.relation_options import RelationOptions
    from workbench.training.relation_release import release_relations
    from workbench.training.relations import train_relations

    check_device(device)
    options = RelationOptions(
        relations=tuple(n.strip() for n in relations.split(",")) if relations else RELATIONS,
        size=size,
        losses=tuple(loss.split("+")),
        metric=metric,  # type: ignore[arg-type] # checked with the others
        margin=margin,
        pair_weight=pairs,
        predict_weight=predict,
        rate=rate,
        epochs=epochs,
        steps=steps,
        seeds=seeds,
        mixed_precision=is_mixed(precision),
        seed=seed,
    )
    options.check()
    opened = PieceCorpus.open(corpus)
    if not resume:
        check_free(folder)
    progress = progress_for(job)
    with stoppable("epochs"):
        trained = train_relations(
            opened, options, folder=folder, resume=resume, device=device, progress=progress
        )
    progress.stage("Scoring on composers and a sound font never met", 1)
    card = release_relations(
        opened,
        trained,
        options,
        folder=folder,
        version=version,
        device=device,
        reproduce=(command_line(),),
    )
    progress.advance()
    progress.close()
    if as_json:
        say_json({"scores": card.scores, "sha256": card.sha256})
        return
    say(f"Epoch {trained.best} of {len(trained.history)} is stored in {folder}.\n")
    say_relations(card.scores)


def say_relations(scores: dict[str, Any]) -> None:
    """Print the scores of networks of relations."""
    found, finding = scores["relations"], scores["finding"]
    say(f"Triplets of {scores['pieces']} pieces, of composers and a sound font never met.")
    rows = [
        [name, *(score_text(found[p][name]) if name in found[p] else "" for p in _HEADINGS)]
        for name in found["sound"]
    ]
    table(["relation", *_HEADINGS], rows)
    say(f"\nFinding one of {finding['recordings']} recordings by its notes, and the reverse:")
    ways = {name: way for name, way in finding.items() if name != "recordings"}
    table(
        ["way", "first", "among ten", "median rank"],
        [
            [name, score_text(w["at 1"]), score_text(w["at 10"]), f"{w['median rank'] or 0:g}"]
            for name, w in ways.items()
        ],
    )
