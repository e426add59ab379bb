"""Trained networks on disk: weights as safetensors, and a card that says what they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from workbench.backbones.build import NetworkShape
from workbench.errors import StorageError, WorkbenchError
from workbench.files import atomic_write

WEIGHTS, CARD = "network.safetensors", "card.json"


@dataclass(frozen=True)
class NetworkCard:
    """What a trained network is.

    Attributes
    ----------
    name, version
        Together they name the vectors it makes.
    shape
        How to build it.
    dimensions
        Whose blocks lie side by side in its embedding.
    licence
        Of the weights.
    data
        What it was trained on: scores, renditions and licences per corpus, sound fonts, split.
    training
        The options of the training, its device and its length.
    scores
        How it scored on composers and a sound font it never met.
    reproduce
        The commands that make it.
    sha256
        Of the weights.
    """

    name: str
    version: str
    shape: NetworkShape
    dimensions: tuple[str, ...]
    licence: str
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    reproduce: tuple[str, ...] = ()
    sha256: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "shape": self.shape.as_dict()}


def save_network(folder: Path, network: nn.Module, card: NetworkCard) -> NetworkCard:
    """Write a network and its card; return the card with the hash of the weights."""
    from dataclasses import replace

    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    data = save({k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()})
    with atomic_write(folder / WEIGHTS) as stream:
        stream.write(data)
    card = replace(card, sha256=hashlib.sha256(data).hexdigest())
    with atomic_write(folder / CARD) as stream:
        stream.write(json.dumps(card.as_dict(), indent=1, ensure_ascii=False).encode() + b"\n")
    return card


def read_card(folder: Path) -> NetworkCard:
    """Read the card of a trained network.

    Raises
    ------
    StorageError
        If it is missing or no card.
    """
    try:
        data = json.loads((folder / CARD).read_text(encoding="utf-8"))
        data["shape"] = NetworkShape(**data["shape"])
        data["dimensions"] = tuple(data["dimensions"])
        data["reproduce"] = tuple(data["reproduce"])
        return NetworkCard(**data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{folder / CARD}: not the card of a trained network ({error})."
        ) from error


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
        weights = load(data)
        network = card.shape.build()
        expected = {k: tuple(v.shape) for k, v in network.state_dict().items()}
        found = {k: tuple(v.shape) for k, v in weights.items()}
        odd = sorted(k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k))
        if odd:
            raise StorageError(
                f"{file}: {odd[0]} has shape {found.get(odd[0])}, and the network of the card "
                f"needs {expected.get(odd[0])} ({len(odd)} arrays differ)."
            )
        network.load_state_dict(weights)
    except (OSError, SafetensorError, WorkbenchError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{file}: cannot be loaded ({error}).") from error
    if not all(bool(torch.isfinite(v).all()) for v in weights.values()):
        raise StorageError(f"{file}: holds numbers that are not finite.")
    return network.eval(), card
