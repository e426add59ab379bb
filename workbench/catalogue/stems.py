"""Recognise a folder of stems: the tracks of one song, with or without its mix."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MIX_NAMES = ("mix", "mixture", "full mix", "fullmix", "full_mix", "mixdown", "master")
# fmt: off
_PART_WORDS = frozenset((
    "vocal", "vocals", "vox", "voice", "bgvox", "lead", "drum", "drums", "kick", "snare",
    "hat", "hats", "hh", "toms", "percussion", "perc", "bass", "guitar", "guitars", "piano",
    "keys", "synth", "pad", "strings", "brass", "organ", "other", "accompaniment", "loop",
    "fx", "effect", "arp", "tom", "crash", "cymbals", "clap", "break", "breakbeat", "beat",
    "mallet", "rhodes", "saxophone", "trumpet", "trombone", "horn", "clarinet", "oboe",
    "violin", "viola", "cello", "flute", "soprano", "alto", "tenor",
))
# fmt: on
_STEM_FOLDERS = ("stems", "tracks", "parts")


@dataclass(frozen=True)
class SongFolder:
    """The files of one song: its mix (None if there is none), tracks, and other full mixes."""

    folder: Path
    mix: Path | None
    tracks: list[Path]
    submixes: list[Path]

    @property
    def title(self) -> str:
        """A title made of the folder's name."""
        folder = self.folder
        if folder.name.lower() in _STEM_FOLDERS:
            folder = folder.parent
        return folder.name.replace("_", " ")


def find_song_folders(files: Iterable[Path]) -> list[SongFolder]:
    """Return the folders among `files` that hold the stems of one song.

    A folder is one when it has a file named mix, mixture or master beside others; when it is
    called stems; or when at least three files, and most of them, are named by different
    instruments or voices. A folder called tracks or parts, where whole songs may lie too, is one
    when a mix lies beside it. The mix of a stems folder may lie beside it, too.
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    found = []
    for folder, members in sorted(by_folder.items()):
        mixes = _mixes(members)
        tracks = sorted(set(members) - set(mixes))
        beside = []
        if folder.name.lower() in _STEM_FOLDERS:
            beside = _mixes(by_folder.get(folder.parent, []))
        if mixes or beside or folder.name.lower() == "stems" or _named_by_parts(tracks):
            found.append(SongFolder(folder, next(iter(mixes + beside), None), tracks, mixes[1:]))
    return [song for song in found if song.tracks]


def _mixes(files: list[Path]) -> list[Path]:
    named = [f for f in files if f.stem.lower() in MIX_NAMES]
    return sorted(named, key=lambda f: MIX_NAMES.index(f.stem.lower()))


def _named_by_parts(files: list[Path]) -> bool:
    """Whether the names tell parts apart; "Piano Sonata 1, 2, 3" name one instrument only."""
    words = [_PART_WORDS.intersection(re.split(r"[\W_]+", f.stem.lower())) for f in files]
    named = [w for w in words if w]
    return len(set.union(set(), *named)) >= 3 and len(named) >= 0.75 * len(files)
