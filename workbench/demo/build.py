"""One song of the demo from corpus to files; runs in a worker process."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.audio.decode import encode
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import MediaInfo, describe_audio, describe_score
from workbench.demo.corpus import load_score
from workbench.demo.mixing import mix
from workbench.demo.plan import Plan
from workbench.demo.scores import arrange, to_midi
from workbench.demo.tags import instrument_tags, song_tags
from workbench.files import PARTIAL
from workbench.symbolic.render import SAMPLE_RATE

SECONDS = 30.0


@dataclass(frozen=True)
class Stem:
    """One part of a song; `name` is its instrument, numbered where there are several."""

    name: str
    media: MediaInfo
    tags: list[TagValue]


@dataclass(frozen=True)
class Song:
    """The files of one song and what is known of them."""

    plan: Plan
    mix: MediaInfo
    stems: list[Stem]
    scores: list[MediaInfo]
    tags: list[TagValue]  # of the song and all its parts
    instruments: list[TagValue]  # of the mix and the scores


def build_song(plan: Plan, folder: Path, *, seed: int, fresh: bool) -> Song:
    """Arrange, render and write one song.

    Parameters
    ----------
    plan
        The piece and how it is played.
    folder
        Where the files go: mix.ogg, stems/, score.mid and score.musicxml.
    seed
        Of the reverberation.
    fresh
        Whether to remove what lies there; else files that are there already are kept, because
        the catalogue knows them.

    Raises
    ------
    WorkbenchError
        If the score cannot be read, a part of the demo is not installed or the disk is full.
    """
    if fresh and folder.exists():
        shutil.rmtree(folder)
    arrangement = arrange(plan, load_score(plan.piece), seconds=SECONDS)
    midi = to_midi(arrangement, seconds=SECONDS)
    stems = mix(midi, seconds=SECONDS, dynamic=plan.dynamic, seed=seed)
    common = song_tags(plan, arrangement)
    described = []
    for number, (part, sound) in enumerate(zip(arrangement.parts, stems, strict=True), 1):
        file = folder / "stems" / f"{number}-{part.name.replace(' ', '-')}.ogg"
        described.append(Stem(part.name, _sound(file, sound), instrument_tags([part.family])))
    scores = [
        _score(folder / "score.mid", midi.dump_midi),
        _score(folder / "score.musicxml", lambda path: arrangement.score.write("musicxml", path)),
    ]
    families = [part.family for part in arrangement.parts]
    whole = _sound(folder / "mix.ogg", stems.sum(axis=0))
    return Song(plan, whole, described, scores, common, instrument_tags(families))


def _sound(path: Path, samples: Any) -> MediaInfo:
    if not path.exists():
        encode(path, samples, SAMPLE_RATE)
    return describe_audio(path)


def _score(path: Path, write: Any) -> MediaInfo:
    if not path.exists():
        partial = path.with_name(f"{PARTIAL}{path.name}")
        write(str(partial))
        partial.replace(path)
    return describe_score(path, duration_s=SECONDS)
