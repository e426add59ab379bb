"""From a training to networks of relations one can use: scores, a card, the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from workbench.backbones.relation_store import RelationCard, save_relations
from workbench.backbones.relations import RelationNetworks
from workbench.corpus.piece_corpus import PieceCorpus
from workbench.evaluation.relations import score_relations
from workbench.training.base_release import LICENCE, data_of, training_facts
from workbench.training.epochs import Trained
from workbench.training.relation_options import RelationOptions

_PENALTIES = (10.0, 100.0, 1000.0)


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
    network.musicnn.copy_(torch.from_numpy(musicnn_guess(corpus, network)))
    scores = score_relations(network, corpus, device=device)
    card = RelationCard(
        version=version,
        shape=network.shape,
        licence=LICENCE,
        data=data_of(corpus.table, corpus.recipe, unit="pieces"),
        training=training_facts(trained, options, device),
        scores=scores,
        reproduce=reproduce,
    )
    return save_relations(folder, network.cpu(), card)


def musicnn_guess(corpus: PieceCorpus, network: RelationNetworks) -> np.ndarray:
    """Return the linear map from a sound's vector to what musicnn hears, by ridge regression.

    Returns
    -------
    float32 [200, vector + 1]
        Zeros where musicnn heard nothing of the corpus.
    """
    from sklearn.linear_model import RidgeCV

    rows = corpus.rows("train")
    rows = rows[np.isfinite(corpus.musicnn[rows].astype(np.float32)).all(axis=1)]
    width = network.shape.vector
    if not len(rows):
        return np.zeros((corpus.musicnn.shape[1], width + 1), np.float32)
    vectors = corpus.sound["vector"][rows].astype(np.float32)
    known = (vectors - network.mean.numpy()) / network.scale.numpy()
    fitted = RidgeCV(_PENALTIES).fit(known, corpus.musicnn[rows].astype(np.float32))
    return np.column_stack([fitted.coef_, fitted.intercept_]).astype(np.float32)
