"""From a training to networks of relations one can use: scores, a card, the files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from workbench.backbones.relation_store import RelationCard, save_relations
from workbench.backbones.relations import RelationNetworks
from workbench.corpus.piece_corpus import PieceCorpus
from workbench.evaluation.relations import score_relations
from workbench.training.base_release import LICENCE, data_of
from workbench.training.epochs import Trained
from workbench.training.relation_options import RelationOptions


def release_relations(
    corpus: PieceCorpus,
    trained: Trained,
    options: RelationOptions,
    *,
    folder: Path,
    version: str = "1",
    device: str = "cpu",
    reproduce: tuple[str, ...] = (),
) -> RelationCard:
    """Score trained networks on composers and a sound font they never met, and store them.

    Parameters
    ----------
    corpus, trained, options
        What they learned from, what came out and how.
    folder
        Gets ``network.safetensors`` and ``card.json``.
    version
        Counts in the version of the encoder that they join.
    device
        Where to compute.
    reproduce
        The commands that make them, for the card.
    """
    network = trained.network
    assert isinstance(network, RelationNetworks)
    scores = score_relations(network, corpus, device=device)
    seconds = sum(record["seconds"] for record in trained.history)
    training = {
        **asdict(options),
        "device": device,
        "minutes": round(seconds / 60, 1),
        "best_epoch": trained.best,
    }
    card = RelationCard(
        version=version,
        shape=network.shape,
        licence=LICENCE,
        data=data_of(corpus.table, corpus.recipe, unit="pieces"),
        training=training,
        scores=scores,
        reproduce=reproduce,
    )
    return save_relations(folder, network.cpu(), card)
