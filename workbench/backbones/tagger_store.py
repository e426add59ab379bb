"""Taggers on disk: weights as safetensors beside their card; and taggers by shape."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbench.backbones.card import WEIGHTS, write_card
from workbench.backbones.folding import fold
from workbench.backbones.short_chunk import ShortChunkNetwork
from workbench.backbones.tagger_card import TaggerCard, TaggerShape, read_tagger_card
from workbench.backbones.transformer import MusicTaggingTransformer
from workbench.backbones.weights import read_weights, write_weights

TaggerNetwork = MusicTaggingTransformer | ShortChunkNetwork


def build_tagger(shape: TaggerShape, tags: int) -> TaggerNetwork:
    """Return a tagger with random weights.

    Raises
    ------
    UnknownNameError
        If there is no such network.
    WorkbenchError
        If a number of the shape makes no sense.
    """
    shape.check()
    if shape.network == "short-chunk":
        return ShortChunkNetwork(tags=tags, channels=shape.channels)
    return MusicTaggingTransformer(
        tags=tags,
        channels=shape.channels,
        width=shape.width,
        layers=shape.layers,
        heads=shape.heads,
    )


def save_tagger(folder: Path, network: TaggerNetwork, card: TaggerCard) -> TaggerCard:
    """Write a tagger and its card; return the card with the hash of the weights.

    The card is written last: a folder with a card holds a whole tagger.
    """
    sha256 = write_weights(folder / WEIGHTS, network.state_dict(), half=True)
    card = replace(card, sha256=sha256)
    write_card(folder, card.as_dict())
    return card


def load_tagger_network(folder: Path) -> tuple[TaggerNetwork, TaggerCard]:
    """Return a tagger, ready to listen, and its card; see `workbench.backbones.folding.fold`.

    Raises
    ------
    StorageError
        If a file is missing, changed, or its arrays are not those of the network the card names.
    """
    card = read_tagger_card(folder)
    network = build_tagger(card.shape, len(card.tags))
    network.load_state_dict(read_weights(folder / WEIGHTS, card.sha256, network.state_dict()))
    return fold(network), card
