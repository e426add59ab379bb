"""The sound of an item, in memory: decoded, rendered or mixed, and cut to its span."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio.decode import Sound, decode
from workbench.audio.mixing import Mixer, limited
from workbench.catalogue.scores import SPANS, base_of
from workbench.errors import MediaError

if TYPE_CHECKING:
    from workbench.catalogue.music import MusicCatalogue
    from workbench.catalogue.tables import Item

_HIGHEST_RATE = 48000  # of a mix
_KEPT_S = 600.0  # a recording is kept for the next span of it, if it is no longer than this


def sound_of(catalogue: MusicCatalogue, item_id: int) -> Sound:
    """Return the sound of an item with its channels, see `MusicCatalogue.sound_of`."""
    item = catalogue.item(item_id)
    parts = catalogue.submix_parts(item_id)
    if parts:
        return _mixed(catalogue, parts)
    base = base_of(catalogue, item)
    if base is not item and catalogue.submix_parts(base.id):
        return _cut(sound_of(catalogue, base.id), item)
    if item.domain == "symbolic":
        return _rendered(catalogue, item)
    path = catalogue.media_path(item_id)
    if item.kind not in SPANS:
        return decode(path)
    short = (base.duration_s or _KEPT_S + 1) <= _KEPT_S
    return _cut(_kept(path, path.stat().st_mtime_ns) if short else decode(path), item)


def _mixed(catalogue: MusicCatalogue, parts: list[tuple[int, float, float]]) -> Sound:
    rates = [_rate(catalogue, item_id) for item_id, _, _ in parts]
    mixer = Mixer(min(max(rates), _HIGHEST_RATE))
    for item_id, gain_db, offset_s in parts:
        mixer.add(sound_of(catalogue, item_id), gain_db=gain_db, offset_s=offset_s)
    return mixer.sound


def _rate(catalogue: MusicCatalogue, item_id: int) -> int:
    from workbench.symbolic.render import SAMPLE_RATE

    return catalogue.sample_rate(item_id) or SAMPLE_RATE


def _cut(sound: Sound, item: Item) -> Sound:
    first = round(item.start_s * sound.sample_rate)
    count = max(round((item.duration_s or 0.0) * sound.sample_rate), 1)
    samples = sound.samples[:, first : first + count]
    if samples.shape[1] == 0:
        raise MediaError(f"Item {item.id} lies behind the end of its file; import the file again.")
    return Sound(np.ascontiguousarray(samples), sound.sample_rate)


def _rendered(catalogue: MusicCatalogue, item: Item) -> Sound:
    from workbench.symbolic.render import SAMPLE_RATE
    from workbench.symbolic.synthesis import faded

    samples = catalogue.synthesis.sound(catalogue.score_of(item.id))
    if item.kind in SPANS:
        samples = faded(samples, item.duration_s or 0.0)
    return limited(Sound(samples, SAMPLE_RATE))


@lru_cache(maxsize=1)
def _kept(path: Path, _changed_ns: int) -> Sound:
    return decode(path)
