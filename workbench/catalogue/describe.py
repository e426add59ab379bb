"""Describe many files in parallel; one that breaks a process, or keeps it, is named.

Decoders are native code that reads what strangers wrote, so each file has a limit of time, after
which the system ends its process, and each process one of memory.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
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
from workbench.limits import BUSY_S, MOST_MB, file_limit, limit_memory
from workbench.progress import Progress

_BATCH = 4  # files: what the loss of a host costs, times the number of its processes
_COPIES = 5  # of a decoded sound that measuring it takes
_SPARE_MB = 1024  # for the decoders themselves
_HAS_ALARM = hasattr(signal, "alarm")  # not on Windows


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
    here = place.cluster is None and place.processes == 1
    work = partial(_describe_batch, playable_folder, known, not here)
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
        reason = _reason(outcome.code)
        yield from outcome.result or (Described(path, error=reason) for path in outcome.items)


def _describe_batch(
    playable_folder: Path, known: set[str], own_process: bool, batch: Sequence[Path]
) -> list[Described]:
    """Describe some files; limits hold in a process of its own, which may end by them."""
    if not own_process:
        return [_describe(path, playable_folder, known) for path in batch]
    _limit_this_process()
    return [_in_time(path, playable_folder, known) for path in batch]


def _reason(exit_code: int | None) -> str:
    if _HAS_ALARM and exit_code == -signal.SIGALRM:
        limit = file_limit(BUSY_S)
        return f"reading it takes longer than {limit:,} s; convert it, or set {BUSY_S}"
    return "the program that reads it crashed on this file"


def _in_time(path: Path, playable_folder: Path, known: set[str]) -> Described:
    """Describe a file; the system ends this process where that takes too long.

    No exception could do that: a decoder in native code would not hear of it.
    """
    if _HAS_ALARM:
        signal.alarm(file_limit(BUSY_S))
    try:
        return _describe(path, playable_folder, known)
    finally:
        if _HAS_ALARM:
            signal.alarm(0)


@cache
def _limit_this_process() -> None:
    limit_memory(_SPARE_MB + _COPIES * file_limit(MOST_MB))


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
        name = str(MediaError(f"{path.name}:"))  # as a sentence says it
        return Described(path, error=str(error).removeprefix(name).lstrip())
    except UnicodeEncodeError:
        return Described(path, error="the name of the file or of a folder is no UTF-8; rename it")
    except MemoryError:
        return Described(path, error="too large for the memory of this machine")
    except WorkbenchError:
        raise  # such as a full disk: no file's fault
    except Exception as error:  # whatever a decoder thinks up, the other files go on
        reason = getattr(error, "strerror", None) or error
        return Described(path, error=f"cannot be read ({reason})")
