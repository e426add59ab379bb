"""Describe many files in parallel; one that breaks a process is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from workbench.catalogue.embedded import EmbeddedTags, embedded_tags
from workbench.catalogue.media import (
    AUDIO_SUFFIXES,
    MediaInfo,
    content_hash,
    describe_audio,
)
from workbench.catalogue.score_files import ScoreFile, describe_score_file
from workbench.cluster.place import Place
from workbench.cluster.run import run_batches
from workbench.errors import MediaError, WorkbenchError
from workbench.progress import Progress

_BATCH = 4  # files: what the loss of a host costs, times the number of its processes
_CRASHED = "the program that reads it crashed on this file"


@dataclass(frozen=True)
class Described:
    """A file's content, or the reason why it has none.

    `media` is None for a known file and for a score, which is described by `score`.
    """

    path: Path
    sha256: str = ""
    media: MediaInfo | None = None
    embedded: EmbeddedTags = field(default_factory=EmbeddedTags)
    score: ScoreFile | None = None
    error: str | None = None


def describe_all(
    files: list[Path],
    known: set[str],
    playable_folder: Path,
    *,
    place: Place,
    sees: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Iterator[Described]:
    """Describe files in order.

    Parameters
    ----------
    files
        The files.
    known
        Content hashes that need no decoding.
    playable_folder
        Where copies go of formats that browsers cannot play.
    place
        Where to work. One process is this one, and may end with it.
    sees
        Folders of the files, which workers of a cluster have to see.
    progress
        Told what goes on on a cluster.
    """
    playable_folder.mkdir(parents=True, exist_ok=True)
    work = partial(_describe_batch, playable_folder, known)
    for outcome in run_batches(
        work,
        files,
        place=place,
        size=1 if place.cluster is None else _BATCH,
        folder=playable_folder,
        sees=sees,
        ordered=True,
        fragile=True,
        progress=progress,
    ):
        yield from outcome.result or (Described(path, error=_CRASHED) for path in outcome.items)


def _describe_batch(
    playable_folder: Path, known: set[str], batch: Sequence[Path]
) -> list[Described]:
    return [_describe(path, playable_folder, known) for path in batch]


def _describe(path: Path, playable_folder: Path, known: set[str]) -> Described:
    try:
        sha256 = content_hash(path)
        if sha256 in known:
            return Described(path, sha256)
        if path.suffix.lower() not in AUDIO_SUFFIXES:
            return Described(path, sha256, score=describe_score_file(path))
        media = describe_audio(path, playable_folder=playable_folder)
        return Described(path, sha256, media, embedded_tags(path))
    except MediaError as error:
        return Described(path, error=str(error).removeprefix(f"{path.name}: "))
    except UnicodeEncodeError:
        return Described(path, error="the name of the file or of a folder is no UTF-8; rename it")
    except MemoryError:
        return Described(path, error="too large for the memory of this machine")
    except WorkbenchError:
        raise  # such as a full disk: no file's fault
    except Exception as error:  # whatever a decoder thinks up, the other files go on
        reason = getattr(error, "strerror", None) or error
        return Described(path, error=f"cannot be read ({reason})")
