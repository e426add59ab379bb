"""Networks of relations on disk: weights in half precision as safetensors beside their card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import StorageError
from workbench.files import atomic_write

if TYPE_CHECKING:
    from workbench.backbones.relations import RelationNetworks

WEIGHTS, CARD = "network.safetensors", "card.json"


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
    try:
        data = json.loads((folder / CARD).read_text(encoding="utf-8"))
        shape = {**data["shape"], "relations": tuple(data["shape"]["relations"])}
        card = RelationCard(
            **{**data, "shape": RelationShape(**shape), "reproduce": tuple(data["reproduce"])}
        )
        names = card.shape.relations
        if not names or len(set(names)) < len(names) or not 0 < card.shape.size <= 1024:
            raise ValueError("its relations or their size make no sense")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{folder / CARD}: not the card of networks of relations ({error})."
        ) from error
    return card


def save_relations(folder: Path, networks: RelationNetworks, card: RelationCard) -> RelationCard:
    """Write networks and their card; return the card with the hash of the weights.

    Half precision halves the files and changes the vectors in the fourth digit.
    """
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    state = networks.state_dict()
    arrays = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in state.items()}
    data = save(arrays)
    with atomic_write(folder / WEIGHTS) as stream:
        stream.write(data)
    card = replace(card, sha256=hashlib.sha256(data).hexdigest())
    with atomic_write(folder / CARD) as stream:
        stream.write(json.dumps(asdict(card), indent=1, ensure_ascii=False).encode() + b"\n")
    return card


def load_relations(folder: Path) -> tuple[RelationNetworks, RelationCard]:
    """Return trained networks, ready to embed, and their card.

    Raises
    ------
    StorageError
        If a file is missing, changed, or its arrays are not those of the networks the card names.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    from workbench.backbones.relations import RelationNetworks

    card = read_relation_card(folder)
    file = folder / WEIGHTS
    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise StorageError(f"{file}: not the weights its card names; restore the folder.")
        networks = RelationNetworks(card.shape)
        networks.load_state_dict(
            {k: v.float() if v.is_floating_point() else v for k, v in load(data).items()}
        )
    except StorageError:
        raise
    except (OSError, SafetensorError, RuntimeError, ValueError, TypeError) as error:
        raise StorageError(f"{file}: cannot be loaded ({error}).") from error
    return networks.eval(), card
