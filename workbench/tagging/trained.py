"""Taggers that were trained in a workspace, a folder each below ``taggers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.backbones.card import CARD
from workbench.backbones.tagger_card import (
    FOLDER,
    TaggerCard,
    read_tagger_card,
    tagger_cards,
)
from workbench.errors import NotReadyError, UnknownNameError
from workbench.features.spectral import SAMPLE_RATE
from workbench.tagging.taggers import TaggerInfo

if TYPE_CHECKING:
    from workbench.backbones.tagger_store import TaggerNetwork
    from workbench.workspace import Workspace


class TrainedTagger:
    """A tagger of a workspace.

    Scores are probabilities that are moved, tag by tag, so that 0.5 is the threshold of each: by
    the difference of their log odds, which keeps their order.

    Parameters
    ----------
    folder
        Holds ``network.safetensors`` and ``card.json``.

    Raises
    ------
    StorageError
        If it holds no tagger.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, folder: Path) -> None:
        from workbench.backbones.tagger_store import load_tagger_network

        self._network, self.card = load_tagger_network(folder)
        self.key, self.licence, self.tags = self.card.key, self.card.licence, self.card.tags

    def scores(self, samples: np.ndarray) -> np.ndarray:
        """Return the score of each tag, float32 [tags]; see `workbench.tagging.taggers.Tagger`."""
        from workbench.encoders.tagger import heard

        found = heard(self._network, samples, self.card.shape.seconds)
        return moved(found, self.card.thresholds)


def moved(probabilities: np.ndarray, thresholds: tuple[float, ...]) -> np.ndarray:
    """Return probabilities moved so that their thresholds come to lie at 0.5, float32.

    Examples
    --------
    >>> import numpy as np
    >>> moved(np.array([0.2, 0.5, 1.0]), (0.2, 0.2, 0.2)).astype(float).round(3).tolist()
    [0.5, 0.8, 1.0]
    """
    at = np.asarray(thresholds, np.float64)
    p = np.asarray(probabilities, np.float64)
    return np.asarray(p * (1 - at) / (p * (1 - at) + (1 - p) * at), dtype=np.float32)


def taggers_folder(ws: Workspace) -> Path:
    """Return where the taggers of a workspace lie."""
    return ws.root / FOLDER


def trained_cards(ws: Workspace) -> list[TaggerCard]:
    """Return the cards of the trained taggers, the newest first; what is damaged is left out."""
    return tagger_cards(taggers_folder(ws))


def newest_tagger(ws: Workspace) -> TaggerCard:
    """Return the card of the tagger that was trained last.

    Raises
    ------
    NotReadyError
        If none was trained.
    """
    cards = trained_cards(ws)
    if not cards:
        raise NotReadyError(
            "There is no teacher yet: train a tagger first, with `workbench train tagger`."
        )
    return cards[0]


def next_version(ws: Workspace, name: str) -> str:
    """Return the first free version of a tagger's name, unfinished trainings counted."""
    number = 1
    while (taggers_folder(ws) / f"{name}-{number}").exists():
        number += 1
    return str(number)


def listed(ws: Workspace) -> list[TaggerInfo]:
    """Return what is known of the trained taggers, the newest first."""
    return [
        TaggerInfo(
            card.key,
            _words(card),
            card.licence,
            installed=True,
            tags_count=len(card.tags),
            source="trained here",
        )
        for card in trained_cards(ws)
    ]


def load(key: str, ws: Workspace) -> TrainedTagger:
    """Return a trained tagger.

    Raises
    ------
    UnknownNameError
        If there is none of this key.
    StorageError
        If it is damaged.
    """
    return TrainedTagger(folder_of(ws, key))


def load_teacher(ws: Workspace, key: str) -> tuple[TaggerNetwork, TaggerCard]:
    """Return the network and the card of a trained tagger; see `load`."""
    from workbench.backbones.tagger_store import load_tagger_network

    return load_tagger_network(folder_of(ws, key))


def folder_of(ws: Workspace, key: str) -> Path:
    """Return the folder of a trained tagger.

    Raises
    ------
    UnknownNameError
        If there is none of this key.
    StorageError
        If its card is damaged.
    """
    known = [card.key for card in trained_cards(ws)]
    if key not in known:
        if Path(key).name == key and (taggers_folder(ws) / key / CARD).is_file():
            read_tagger_card(taggers_folder(ws) / key)  # says what is wrong with it
        raise UnknownNameError(
            f"There is no trained tagger {key!r}; choose one of {', '.join(known) or 'none'}."
        )
    return taggers_folder(ws) / key


def _words(card: TaggerCard) -> str:
    size = card.training.get("parameters")
    sized = f", {size / 1e6:.2f} million parameters" if isinstance(size, int) else ""
    taught = f", taught by {card.teacher}" if card.teacher else ""
    return f"{card.shape.network}{sized}{taught}"
