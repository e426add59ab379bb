"""The tagger that is built in, trained on rendered scores whose licences allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backbones.tagger_card import read_tagger_card
from workbench.encoders.tagger import SHIPPED
from workbench.tagging.taggers import TaggerInfo
from workbench.tagging.trained import TrainedTagger

if TYPE_CHECKING:
    from workbench.workspace import Workspace

KEY = "music-tagger-1"


def listed(_ws: Workspace) -> list[TaggerInfo]:
    """Return what is known of the tagger."""
    card = read_tagger_card(SHIPPED)
    words = f"{card.shape.network} that learned from rendered scores"
    return [TaggerInfo(card.key, words, card.licence, True, tags_count=len(card.tags))]


def load(_key: str, _ws: Workspace) -> TrainedTagger:
    """Return the tagger."""
    return TrainedTagger(SHIPPED)
