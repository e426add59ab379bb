"""What a trained network is: its shape and its card. Reading a card needs no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import StorageError, WorkbenchError
from workbench.files import from_json, write_text

if TYPE_CHECKING:
    from torch import nn

WEIGHTS, CARD = "network.safetensors", "card.json"


@dataclass(frozen=True)
class NetworkShape:
    """All that is needed to build a network whose weights are in a file.

    Attributes
    ----------
    network
        ``multi-input``, ``inception`` or ``siamese``.
    size, norm, width
        See `workbench.backbones.inception.InceptionNetwork`.
    tempogram
        ``autocorrelation`` (the paper's), ``cyclic`` or ``octaves``; only the multi-input network
        reads it.
    chroma_s
        Over how many seconds the chromagram is smoothed again; 0: CENS as it is.
    shortcut
        Whether means of chromagram and tempogram rows pass by the convolutions; not in the paper.
    """

    network: str = "multi-input"
    size: int = 384
    norm: str = "layer"
    width: float = 0.25
    tempogram: str = "octaves"
    chroma_s: float = 20.0
    shortcut: bool = True

    def build(self) -> nn.Module:
        """Return the network with random weights; see `workbench.backbones.build.build`."""
        from workbench.backbones.build import build

        return build(self)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a card."""
        return asdict(self)


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

    @property
    def blocks(self) -> dict[str, slice]:
        """The columns of each dimension's block."""
        width = self.shape.size // len(self.dimensions)
        return {name: slice(i * width, (i + 1) * width) for i, name in enumerate(self.dimensions)}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "shape": self.shape.as_dict()}


def read_card(folder: Path) -> NetworkCard:
    """Read the card of a trained network.

    Raises
    ------
    StorageError
        If it is missing or no card.
    """
    with card_data(folder, "a trained network") as data:
        data["shape"] = NetworkShape(**data["shape"])
        data["dimensions"] = tuple(data["dimensions"])
        data["reproduce"] = tuple(data["reproduce"])
        card = NetworkCard(**data)
        names = set(card.dimensions)
        if not names or len(names) < len(card.dimensions) or card.shape.size % len(names):
            raise ValueError("its dimensions do not divide its embedding")
    return card


def write_card(folder: Path, data: Mapping[str, Any]) -> None:
    """Write the plain values of a card."""
    write_text(folder / CARD, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def card_data(folder: Path, what: str) -> Iterator[dict[str, Any]]:
    """Give the plain values of a card; whatever is wrong with them is said in a sentence.

    Parameters
    ----------
    folder
        Where the card lies.
    what
        What it is the card of, such as ``"a trained network"``.

    Raises
    ------
    StorageError
        If the card cannot be read, or the block finds something wrong.
    """
    try:
        yield from_json((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, WorkbenchError) as error:
        raise StorageError(f"{folder / CARD}: not the card of {what} ({error}).") from error
