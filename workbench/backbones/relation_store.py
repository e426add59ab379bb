"""Networks of relations on disk: weights in half precision as safetensors beside their card."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.backbones.card import CARD, WEIGHTS, card_data, write_card
from workbench.errors import StorageError

if TYPE_CHECKING:
    from workbench.backbones.relations import RelationNetworks


@dataclass(frozen=True)
class RelationShape:
    """All that is needed to build the three networks.

    Attributes
    ----------
    relations
        Names of the relations, in the order of their blocks.
    size
        Numbers of a block.
    vector
        Width of the vector of sounds.
    seconds
        Length of the windows they read.
    """

    relations: tuple[str, ...]
    size: int = 32
    vector: int = 592
    seconds: float = 12.0


@dataclass(frozen=True)
class RelationCard:
    """What trained networks of relations are.

    Attributes
    ----------
    version
        Counts in the version of the encoder they join.
    shape
        How to build them.
    licence
        Of the weights.
    data, training, scores
        What they were trained on, how, and how they scored on composers and a sound font they
        never met.
    reproduce
        The commands that make them.
    sha256
        Of the weights.
    """

    version: str
    shape: RelationShape
    licence: str
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    reproduce: tuple[str, ...] = ()
    sha256: str = ""


def read_relation_card(folder: Path) -> RelationCard:
    """Read the card of networks of relations.

    Raises
    ------
    StorageError
        If it is missing or no card.
    """
    with card_data(folder, "networks of relations") as data:
        shape = {**data["shape"], "relations": tuple(data["shape"]["relations"])}
        card = RelationCard(
            **{**data, "shape": RelationShape(**shape), "reproduce": tuple(data["reproduce"])}
        )
        names = card.shape.relations
        if not names or len(set(names)) < len(names) or not 0 < card.shape.size <= 1024:
            raise ValueError("its relations or their size make no sense")
    return card


def save_relations(folder: Path, networks: RelationNetworks, card: RelationCard) -> RelationCard:
    """Write networks and their card; return the card with the hash of the weights.

    Half precision halves the files and changes the vectors in the fourth digit.
    """
    from workbench.backbones.weights import write_weights

    card = replace(card, sha256=write_weights(folder / WEIGHTS, networks.state_dict(), half=True))
    write_card(folder, asdict(card))
    return card


def load_relations(folder: Path) -> tuple[RelationNetworks, RelationCard]:
    """Return trained networks, ready to embed, and their card.

    Raises
    ------
    StorageError
        If a file is missing, changed, or its arrays are not those of the networks the card names.
    """
    from workbench.backbones.relations import RelationNetworks
    from workbench.backbones.weights import read_weights

    card = read_relation_card(folder)
    try:
        networks = RelationNetworks(card.shape)
    except (RuntimeError, ValueError, TypeError) as error:
        raise StorageError(f"{folder / CARD}: names no networks there are ({error}).") from error
    weights = read_weights(folder / WEIGHTS, card.sha256, networks.state_dict())
    networks.load_state_dict(weights)
    return networks.eval(), card
