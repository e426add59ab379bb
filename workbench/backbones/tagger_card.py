"""What a trained tagger is: its shape and its card. Reading a card needs no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workbench.backbones.card import CARD, card_data
from workbench.errors import StorageError, UnknownNameError, WorkbenchError

FOLDER = "taggers"  # of a workspace: a folder per tagger, by its key
NETWORKS = ("transformer", "short-chunk")
_LARGEST = 1024  # channels or width: a card comes from a file


class TagName(NamedTuple):
    """A tag: a value of a dimension."""

    dimension: str
    value: str


@dataclass(frozen=True)
class TaggerShape:
    """All that is needed, beside the number of tags, to build a tagger.

    Attributes
    ----------
    network
        ``transformer``, the Music Tagging Transformer, or ``short-chunk``, the residual
        convolutional network it was compared with.
    channels
        Of the convolutions.
    width, layers, heads
        Of the transformer; the width divides by the heads.
    seconds
        Length of the excerpts it learned from and reads.
    """

    network: str = "transformer"
    channels: int = 128
    width: int = 256
    layers: int = 4
    heads: int = 8
    seconds: float = 10.0

    def check(self) -> None:
        """Refuse what cannot be built.

        Raises
        ------
        UnknownNameError
            If there is no such network.
        WorkbenchError
            If a number makes no sense.
        """
        if self.network not in NETWORKS:
            raise UnknownNameError(
                f"There is no network {self.network!r}; choose one of {', '.join(NETWORKS)}."
            )
        numbers = (self.channels, self.width, self.layers, self.heads)
        if min(numbers) < 1 or max(numbers) > _LARGEST or self.layers > 64:
            raise WorkbenchError(f"Channels, width and heads are 1 to {_LARGEST}, layers 1 to 64.")
        if self.width % self.heads:
            raise WorkbenchError(
                f"A width of {self.width} does not divide by {self.heads} heads; change either."
            )
        if not 1.0 <= self.seconds <= 60.0:
            raise WorkbenchError("Excerpts last 1 to 60 seconds.")


# The two sizes of the published tables: 4.57 and 0.49 million parameters with 50 tags.
PUBLISHED = TaggerShape()
SMALL = TaggerShape(channels=64, width=64)
LIGHT = TaggerShape(channels=16, width=64)  # for a processor
SIZES = {"published": PUBLISHED, "small": SMALL, "light": LIGHT}


@dataclass(frozen=True)
class TaggerCard:
    """What a trained tagger is.

    Attributes
    ----------
    name, version
        Together they are its key.
    shape
        How to build it.
    tags
        What it hears, in the order of its scores.
    thresholds
        Per tag, the score from which on it counts as heard.
    licence
        Of the weights.
    teacher
        The key of the tagger whose pseudo-labels it learned from; empty if it had none.
    data, training, scores
        What it was trained on, how, and how it scored on artists it never met.
    reproduce
        The commands that make it.
    sha256
        Of the weights.
    """

    name: str
    version: str
    shape: TaggerShape
    tags: tuple[TagName, ...]
    thresholds: tuple[float, ...]
    licence: str
    teacher: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    reproduce: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def key(self) -> str:
        """Name and version."""
        return f"{self.name}-{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def read_tagger_card(folder: Path) -> TaggerCard:
    """Read the card of a tagger.

    Raises
    ------
    StorageError
        If it is missing or no card.
    """
    with card_data(folder, "a tagger") as data:
        shape = TaggerShape(**data["shape"])
        shape.check()
        tags = tuple(TagName(str(d), str(v)) for d, v in data["tags"])
        thresholds = tuple(float(t) for t in data["thresholds"])
        changed = {"shape": shape, "tags": tags, "thresholds": thresholds}
        card = TaggerCard(**{**data, **changed, "reproduce": tuple(data["reproduce"])})
        if not tags or len(set(tags)) < len(tags) or len(thresholds) != len(tags):
            raise ValueError("its tags make no sense")
        if not all(0.0 < threshold < 1.0 for threshold in thresholds):
            raise ValueError("its thresholds are no probabilities")
        _check_kinds(card)
    return card


def tagger_cards(folder: Path) -> list[TaggerCard]:
    """Return the cards of the taggers below a folder, the newest first.

    Trainings that have not ended have no card; what is damaged or lies in a folder of another name
    is left out.
    """
    files = folder.glob(f"*/{CARD}") if folder.is_dir() else ()
    cards = []
    for file in sorted(files, key=lambda f: (f.stat().st_mtime_ns, f.parent.name), reverse=True):
        try:
            card = read_tagger_card(file.parent)
        except StorageError:
            continue
        if card.key == file.parent.name:
            cards.append(card)
    return cards


def _check_kinds(card: TaggerCard) -> None:
    """Refuse a card whose numbers, words or tables are something else."""
    shape = card.shape
    numbers = (shape.channels, shape.width, shape.layers, shape.heads)
    words = (card.name, card.version, card.licence, card.teacher, card.sha256)
    tables = (card.data, card.training, card.scores)
    if not (
        all(type(number) is int for number in numbers)
        and all(isinstance(word, str) for word in words)
        and all(isinstance(table, dict) for table in tables)
    ):
        raise ValueError("a number, a word or a table of it is something else")
