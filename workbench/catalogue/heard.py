"""What is played of an item: its file, or one made of it when it is asked for.

A score is rendered, a submix mixed and a span cut into a FLAC file below the workspace's cache,
with its waveform and levels beside it. Its name is a hash of all it depends on, so that nothing
stale is ever played; whatever is deleted is made again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.array_files import opened_arrays
from workbench.audio.levels import Levels
from workbench.catalogue.media import MediaInfo, content_hash, waveform_outline
from workbench.catalogue.scores import SPANS, base_of
from workbench.catalogue.sounds import sound_of
from workbench.errors import StorageError
from workbench.files import atomic_write

if TYPE_CHECKING:
    from workbench.audio.decode import Sound
    from workbench.catalogue.music import MusicCatalogue
    from workbench.catalogue.tables import Item

_FORMAT = 1  # of the files made here
_making = threading.Lock()  # one at a time in a process: memory stays bounded


@dataclass(frozen=True)
class Heard:
    """A file that can be played.

    Attributes
    ----------
    path
        The file; it begins and ends as the item does.
    duration_s
        Its length in seconds.
    peaks
        Its waveform, as `catalogue.media.waveform_outline` gives it.
    levels
        How loud it is along the way.
    """

    path: Path
    duration_s: float
    peaks: bytes
    levels: Levels


def heard(catalogue: MusicCatalogue, item_id: int) -> Heard:
    """Return what is played of an item, see `MusicCatalogue.heard`."""
    item = catalogue.item(item_id)
    if not is_made(catalogue, item):
        return catalogue.recorded(item_id)
    path = _made_path(catalogue, item)
    found = made_before(path)
    if found is None:
        _make(catalogue, item, path)
        found = made_before(path)
    if found is None:
        raise StorageError(f"{path} cannot be read back; the disk may be failing.")
    return found


def made_before(path: Path) -> Heard | None:
    """Return a file that was made before; None if there is none, or not all of it."""
    try:
        with opened_arrays(_beside(path)) as stored:
            if "size_bytes" in stored and path.stat().st_size != int(stored["size_bytes"]):
                return None
            return Heard(
                path,
                float(stored["duration_s"]),
                stored["peaks"].tobytes(),
                Levels.from_bytes(stored["levels"].tobytes()),
            )
    except (OSError, ValueError):
        return None


def sound_path(catalogue: MusicCatalogue, item_id: int) -> Path:
    """Return the file to play, see `MusicCatalogue.sound_path`."""
    item = catalogue.item(item_id)
    if is_made(catalogue, item):
        return heard(catalogue, item_id).path
    return catalogue.media_path(item_id, playable=True)


def is_made(catalogue: MusicCatalogue, item: Item) -> bool:
    """Return whether an item's sound is made, and no file that was imported."""
    made = item.domain == "symbolic" or item.kind in SPANS
    return made or bool(item.kind == "submix" and catalogue.submix_parts(item.id))


def _made_path(catalogue: MusicCatalogue, item: Item) -> Path:
    recipe = json.dumps([_FORMAT, _recipe(catalogue, item)])
    name = hashlib.sha256(recipe.encode()).hexdigest()[:32]
    return catalogue.cache_folder / "made" / name[:2] / f"{name}.flac"


def _beside(path: Path) -> Path:
    return path.with_suffix(".npz")


def _recipe(catalogue: MusicCatalogue, item: Item) -> list[Any]:
    """Return all that the sound of an item depends on."""
    parts = catalogue.submix_parts(item.id)
    if parts:
        rows = [(_recipe(catalogue, catalogue.item(i)), gain, at) for i, gain, at in parts]
        return ["mix", *sorted(rows, key=json.dumps)]
    span = [item.start_s, item.duration_s] if item.kind in SPANS else []
    base = base_of(catalogue, item)
    if base is not item and catalogue.submix_parts(base.id):
        return ["cut", _recipe(catalogue, base), *span]
    content = catalogue.content_of(item.id)
    if item.domain == "symbolic":
        return ["score", content, item.track_number, catalogue.synthesis.key, *span]
    return ["file", content, *span]


def _make(catalogue: MusicCatalogue, item: Item, path: Path) -> None:
    from workbench.audio.decode import encode

    with _making:
        if made_before(path) is not None:  # somebody else has made it meanwhile
            return
        sound = sound_of(catalogue, item.id)
        levels, peaks = Levels.of(sound.samples, sound.sample_rate), waveform_outline(sound.samples)
        few = sound.samples if len(sound.samples) <= 2 else sound.mono()
        encode(path, few, sound.sample_rate)
        with atomic_write(_beside(path)) as stream:
            np.savez(
                stream,
                duration_s=sound.duration_s,
                size_bytes=path.stat().st_size,
                peaks=np.frombuffer(peaks, np.uint8),
                levels=np.frombuffer(levels.to_bytes(), np.uint8),
            )
        if item.kind == "submix":
            catalogue.set_mix(item.id, _media(path, sound, levels, peaks))


def _media(path: Path, sound: Sound, levels: Levels, peaks: bytes) -> MediaInfo:
    return MediaInfo(
        sha256=content_hash(path),
        path=str(path),
        format=path.suffix.lstrip("."),
        size_bytes=path.stat().st_size,
        sample_rate=sound.sample_rate,
        channels=min(len(sound.samples), 2),
        duration_s=sound.duration_s,
        peaks=peaks,
        loudness_lufs=levels.loudness,
        levels=levels.to_bytes(),
    )
