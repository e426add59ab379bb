"""Recognise a folder of stems: the tracks of one song, with or without its mix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_MIX_NAMES = ("mix", "mixture", "full mix", "fullmix", "full_mix", "mixdown", "master")
# fmt: off
_PART_WORDS = frozenset((
    "vocal", "vocals", "vox", "voice", "bgvox", "lead", "drum", "drums", "kick", "snare",
    "hat", "hats", "hh", "toms", "percussion", "perc", "bass", "guitar", "guitars", "piano",
    "keys", "synth", "pad", "strings", "brass", "organ", "other", "accompaniment", "loop",
    "fx", "violin", "viola", "cello", "flute", "soprano", "alto", "tenor",
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
    called stems, tracks or parts; or when at least three files, and most of them, are named by an
    instrument or voice. The mix of a stems folder may lie beside it.
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    found = []
    for folder, members in sorted(by_folder.items()):
        mixes = sorted(
            (f for f in members if f.stem.lower() in _MIX_NAMES),
            key=lambda f: _MIX_NAMES.index(f.stem.lower()),
        )
        tracks = sorted(f for f in members if f not in mixes)
        if folder.name.lower() in _STEM_FOLDERS:
            beside = [f for f in by_folder.get(folder.parent, []) if f.stem.lower() in _MIX_NAMES]
            found.append(SongFolder(folder, next(iter(mixes + beside), None), tracks, mixes[1:]))
        elif (mixes and tracks) or _named_by_parts(tracks):
            found.append(SongFolder(folder, mixes[0] if mixes else None, tracks, mixes[1:]))
    return [song for song in found if song.tracks]


def _named_by_parts(files: list[Path]) -> bool:
    words = [set(f.stem.lower().replace("-", "_").replace(" ", "_").split("_")) for f in files]
    named = sum(bool(w & _PART_WORDS) for w in words)
    return len(files) >= 3 and named >= 0.75 * len(files)
