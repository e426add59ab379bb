"""Trained networks on disk: weights as safetensors beside their card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import nn

from workbench.backbones.build import build
from workbench.backbones.card import CARD, WEIGHTS, NetworkCard, read_card, write_card
from workbench.backbones.weights import read_weights, write_weights
from workbench.errors import StorageError, WorkbenchError


def save_network(folder: Path, network: nn.Module, card: NetworkCard) -> NetworkCard:
    """Write a network and its card; return the card with the hash of the weights."""
    card = replace(card, sha256=write_weights(folder / WEIGHTS, network.state_dict()))
    write_card(folder, card.as_dict())
    return card


def load_network(folder: Path) -> tuple[nn.Module, NetworkCard]:
    """Return a trained network, ready to embed, and its card.

    Raises
    ------
    StorageError
        If a file is missing, changed, or its arrays are not those of the network the card names.
    """
    card = read_card(folder)
    try:
        network = build(card.shape)
    except (WorkbenchError, TypeError) as error:
        raise StorageError(f"{folder / CARD}: names no network there is ({error}).") from error
    weights = read_weights(folder / WEIGHTS, card.sha256, network.state_dict())
    network.load_state_dict(weights)
    return network.eval(), card
