"""Tags that sound files carry inside: title, artist, genre, year, tempo, key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from workbench.audio.containers import open_container
from workbench.catalogue.items import TagValue
from workbench.catalogue.manifest import tag_from_text
from workbench.errors import WorkbenchError

_SOURCE = "file"
_LONGEST = 300
_TAG_FIELDS = {
    "genre": "genre",
    "mood": "mood",
    "tmoo": "mood",
    "bpm": "tempo",
    "tbpm": "tempo",
    "tmpo": "tempo",
    "initialkey": "key",
    "initial_key": "key",
    "tkey": "key",
    "key": "key",
    "wm/mood": "mood",
    "wm/beatsperminute": "tempo",
    "wm/initialkey": "key",
}


@dataclass(frozen=True)
class EmbeddedTags:
    """What a file says of itself."""

    title: str = ""
    artist: str = ""
    tags: list[TagValue] = field(default_factory=list)


def embedded_tags(path: Path) -> EmbeddedTags:
    """Read the tags inside a file; a file without any, or with broken ones, gives none.

    The year becomes an era tag by decade, ``"1980s"``.
    """
    import av

    try:
        with open_container(path, metadata_errors="replace") as container:
            fields = dict(container.metadata)
            for stream in container.streams:  # Ogg keeps its tags with the stream
                fields = {**stream.metadata, **fields}
    except (av.FFmpegError, ValueError, OSError):
        return EmbeddedTags()
    clean = {k.lower(): _clean(v) for k, v in fields.items()}
    tags = []
    for name, dimension in _TAG_FIELDS.items():
        for value in filter(None, (v.strip() for v in re.split(r"[;/\x00]", clean.get(name, "")))):
            try:
                tags.append(tag_from_text(dimension, value, source=_SOURCE, place=path.name))
            except WorkbenchError:
                continue  # a tempo that is no number says nothing
    year = re.search(r"\b(1[0-9]|20)(\d)\d\b", clean.get("date", "") or clean.get("year", ""))
    if year:
        tags.append(TagValue("era", f"{year[1]}{year[2]}0s", _SOURCE))
    return EmbeddedTags(clean.get("title", ""), clean.get("artist", ""), list(dict.fromkeys(tags)))


def _clean(text: str) -> str:
    return "".join(c for c in text if c.isprintable() or c in ";\x00").strip()[:_LONGEST]
