"""Trained networks on disk: weights as safetensors beside their card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.backbones.build import build
from workbench.backbones.card import CARD, WEIGHTS, NetworkCard, read_card
from workbench.errors import StorageError, WorkbenchError
from workbench.files import atomic_write


def save_network(folder: Path, network: nn.Module, card: NetworkCard) -> NetworkCard:
    """Write a network and its card; return the card with the hash of the weights."""
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    data = save({k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()})
    with atomic_write(folder / WEIGHTS) as stream:
        stream.write(data)
    card = replace(card, sha256=hashlib.sha256(data).hexdigest())
    with atomic_write(folder / CARD) as stream:
        stream.write(json.dumps(card.as_dict(), indent=1, ensure_ascii=False).encode() + b"\n")
    return card


def load_network(folder: Path) -> tuple[nn.Module, NetworkCard]:
    """Return a trained network, ready to embed, and its card.

    Raises
    ------
    StorageError
        If a file is missing, changed, or its arrays are not those of the network the card names.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    card = read_card(folder)
    file = folder / WEIGHTS
    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise StorageError(f"{file}: not the weights its card names; restore the folder.")
        weights, network = load(data), build(card.shape)
    except StorageError:
        raise
    except (OSError, SafetensorError, WorkbenchError, TypeError) as error:
        raise StorageError(f"{file}: cannot be loaded ({error}).") from error
    _check_shapes(file, network, weights)
    network.load_state_dict(weights)
    return network.eval(), card


def _check_shapes(file: Path, network: nn.Module, weights: dict[str, Tensor]) -> None:
    expected = {k: tuple(v.shape) for k, v in network.state_dict().items()}
    found = {k: tuple(v.shape) for k, v in weights.items()}
    odd = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
    if odd:
        raise StorageError(
            f"{file}: {odd[0]} has shape {found.get(odd[0])}, and the network of the card needs "
            f"{expected.get(odd[0])} ({len(odd)} arrays differ)."
        )
    if not all(bool(torch.isfinite(v).all()) for v in weights.values()):
        raise StorageError(f"{file}: holds numbers that are not finite.")
