"""Describe many sound files in parallel processes; one that breaks a process is named."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from workbench.catalogue.embedded import EmbeddedTags, embedded_tags
from workbench.catalogue.media import MediaInfo, content_hash, describe_audio
from workbench.errors import MediaError

_FEW = 8  # files below which starting processes costs more than it saves
_known: set[str] = set()  # of this process, set when it starts


@dataclass(frozen=True)
class Described:
    """A file's content, or the reason why it has none; `media` is None for a known file."""

    path: Path
    sha256: str = ""
    media: MediaInfo | None = None
    embedded: EmbeddedTags = field(default_factory=EmbeddedTags)
    error: str | None = None


def describe_all(
    files: list[Path], known: set[str], playable_folder: Path, *, processes: int | None = None
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
    processes
        How many; by default one per core.
    """
    count = min(processes or os.cpu_count() or 1, len(files))
    if count == 1 or len(files) <= _FEW:
        _start(known)
        for path in files:
            yield _describe(path, playable_folder)
        return
    todo = iter(files)
    while True:
        with _pool(count, known) as pool:
            waiting = [(p, pool.submit(_describe, p, playable_folder)) for p in islice(todo, 64)]
            lost: list[Path] = []
            while waiting:
                path, future = waiting.pop(0)
                try:
                    yield future.result()
                    waiting += [
                        (p, pool.submit(_describe, p, playable_folder)) for p in islice(todo, 1)
                    ]
                except BrokenProcessPool:
                    lost = [path, *(p for p, f in waiting if not _finished(f))]
                    for _, done in waiting:
                        if _finished(done):
                            yield done.result()
                    break
        if not lost:
            return
        # One of these files ended a process: each gets a process of its own.
        for path in lost:
            yield _describe_alone(path, known, playable_folder)


def _pool(count: int, known: set[str]) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(known,))


def _start(known: set[str]) -> None:
    global _known
    _known = known


def _finished(future: Future[Described]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _describe_alone(path: Path, known: set[str], playable_folder: Path) -> Described:
    with _pool(1, known) as pool:
        try:
            return pool.submit(_describe, path, playable_folder).result()
        except BrokenProcessPool:
            return Described(path, error="the decoder crashed on this file")


def _describe(path: Path, playable_folder: Path) -> Described:
    try:
        sha256 = content_hash(path)
        if sha256 in _known:
            return Described(path, sha256)
        media = describe_audio(path, playable_folder=playable_folder)
        return Described(path, sha256, media, embedded_tags(path))
    except MediaError as error:
        return Described(path, error=str(error))
    except OSError as error:
        return Described(path, error=f"{path.name}: {error.strerror}")
    except MemoryError:
        return Described(path, error=f"{path.name}: too large for the memory of this machine")
