"""From a training to a network one can use: scores on the test part, a card, the files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.backbones.card import NetworkCard
from workbench.backbones.store import save_network
from workbench.corpus.segments import Corpus
from workbench.evaluation.rendered import Candidate, score_network
from workbench.training.base_options import BaseOptions
from workbench.training.epochs import Trained

LICENCE = "BSD-3-Clause"


def release(
    corpus: Corpus,
    trained: Trained,
    options: BaseOptions,
    *,
    folder: Path,
    name: str = "multi-input",
    version: str = "1",
    device: str = "cpu",
    reproduce: tuple[str, ...] = (),
) -> NetworkCard:
    """Score a trained network on composers and a sound font it never met, and store it.

    Parameters
    ----------
    corpus, trained, options
        What it learned from, what came out and how.
    folder
        Gets ``network.safetensors`` and ``card.json``.
    name, version
        Together they name the vectors it makes.
    device
        Where to compute.
    reproduce
        The commands that make it, for the card.
    """
    candidate = Candidate(name, trained.network, options.shape, tuple(options.dimensions))
    scores = score_network(corpus, candidate, device=device)
    card = NetworkCard(
        name=name,
        version=version,
        shape=options.shape,
        dimensions=tuple(options.dimensions),
        licence=LICENCE,
        data=data_of(corpus.table, corpus.recipe, unit="renditions"),
        training=training_facts(trained, options, device),
        scores=scores,
        reproduce=reproduce,
    )
    return save_network(folder, trained.network.cpu(), card)


def training_facts(trained: Trained, options: Any, device: str) -> dict[str, Any]:
    """Return what a card says of a training: options, device, length and best epoch."""
    seconds = sum(record["seconds"] for record in trained.history)
    return {
        **asdict(options),
        "device": device,
        "minutes": round(seconds / 60, 1),
        "best_epoch": trained.best,
    }


def data_of(table: pd.DataFrame, recipe: dict[str, Any], *, unit: str) -> dict[str, Any]:
    """Return what a card says of the data: counts, licences, sound fonts, who was held out.

    Parameters
    ----------
    table
        Of a corpus, with the columns ``corpus``, ``split``, ``composition``, ``group`` and
        ``licence``.
    recipe
        How it was made.
    unit
        What a row is called, such as ``renditions``.
    """
    counted = table.groupby(["corpus", "split"]).agg(
        **{"scores": ("composition", "nunique"), unit: ("composition", "size")}
    )
    held_out = table[(table["split"] != "train") & ~table["group"].str.startswith("path ")]
    return {
        "corpora": {
            str(name): {
                "licences": sorted(set(rows["licence"])),
                **{
                    str(split): {k: int(counted[k].loc[(name, split)]) for k in counted.columns}
                    for split in sorted(set(rows["split"]))
                },
            }
            for name, rows in table.groupby("corpus")
        },
        "recipe": recipe,
        "held_out_artists": sorted(set(held_out["group"])),
    }
