"""The sound of an item, in memory: decoded, rendered or mixed, and cut to its span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.audio.decode import Sound, decode
from workbench.catalogue.scores import SPANS

if TYPE_CHECKING:
    from workbench.catalogue.music import MusicCatalogue
    from workbench.catalogue.tables import Item


def sound_of(catalogue: MusicCatalogue, item_id: int) -> Sound:
    """Return the sound of an item with its channels, see `MusicCatalogue.sound_of`."""
    item = catalogue.item(item_id)
    if item.domain == "symbolic":
        return _rendered(catalogue, item)
    return cut(decode(catalogue.media_path(item_id)), item)


def cut(sound: Sound, item: Item) -> Sound:
    """Return what of a file's sound lies in the span of a segment or bar; else all of it."""
    if item.kind not in SPANS:
        return sound
    first = round(item.start_s * sound.sample_rate)
    count = max(round((item.duration_s or 0.0) * sound.sample_rate), 1)
    return Sound(sound.samples[:, first : first + count], sound.sample_rate)


def _rendered(catalogue: MusicCatalogue, item: Item) -> Sound:
    from workbench.symbolic.render import SAMPLE_RATE, render
    from workbench.symbolic.writing import to_symusic

    return Sound(render(to_symusic(catalogue.score_of(item.id))), SAMPLE_RATE)
