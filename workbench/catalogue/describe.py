"""Describe many files in parallel processes; one that breaks a process, or keeps it, is named.

Decoders are native code that reads what strangers wrote, so each file has a limit of time, after
which the system ends its process, and each process one of memory.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from workbench.catalogue.embedded import EmbeddedTags, embedded_tags
from workbench.catalogue.media import (
    AUDIO_SUFFIXES,
    MediaInfo,
    content_hash,
    describe_audio,
)
from workbench.catalogue.score_files import ScoreFile, describe_score_file
from workbench.errors import MediaError, WorkbenchError
from workbench.limits import BUSY_S, MOST_MB, file_limit
from workbench.workers import limit_memory, prepare_worker

_AHEAD = 64  # files handed out before the first of them is done
_COPIES = 5  # of a decoded sound that measuring it takes
_SPARE_MB = 1024  # for the decoders themselves
_HAS_ALARM = hasattr(signal, "alarm")  # not on Windows
_known: set[str] = set()  # of this process, set when it starts


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
        How many; by default one per core. One works in this process, and may end with it.
    """
    if processes == 1:
        for path in files:
            yield _describe(path, playable_folder, known)
        return
    count = min(processes or os.cpu_count() or 1, len(files))
    todo = deque(files)
    while todo:
        waiting: deque[tuple[Path, Future[Described]]] = deque()
        with _pool(count, known) as pool:
            try:
                while todo or waiting:
                    while todo and len(waiting) < _AHEAD:
                        path = todo[0]
                        waiting.append((path, pool.submit(_in_time, path, playable_folder)))
                        todo.popleft()
                    yield waiting[0][1].result()
                    waiting.popleft()
            except BrokenProcessPool:
                pass  # one of the files that wait has ended its process: which one?
        for path, future in waiting:
            if _finished(future):
                yield future.result()
            else:
                yield _describe_alone(path, known, playable_folder)


@contextmanager
def _pool(count: int, known: set[str]) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(known,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _start(known: set[str]) -> None:
    """Prepare a process: it leaves Ctrl-C to its parent, ends with it, and keeps quiet."""
    global _known
    _known = known
    prepare_worker()
    limit_memory(_SPARE_MB + _COPIES * file_limit(MOST_MB))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders print their doubts


def _finished(future: Future[Described]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _describe_alone(path: Path, known: set[str], playable_folder: Path) -> Described:
    """Describe one file in a process of its own, which tells by its end what became of it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(there, path, known, playable_folder))
    process.start()
    there.close()
    try:
        result: Described | WorkbenchError = here.recv()
    except EOFError:
        process.join()
        result = Described(path, error=_reason(process.exitcode))
    finally:
        here.close()
        process.join()
    if isinstance(result, WorkbenchError):
        raise result
    return result


def _send(there: Connection, path: Path, known: set[str], playable_folder: Path) -> None:
    _start(known)
    try:
        there.send(_in_time(path, playable_folder))
    except WorkbenchError as error:
        there.send(error)


def _reason(exit_code: int | None) -> str:
    if _HAS_ALARM and exit_code == -signal.SIGALRM:
        limit = file_limit(BUSY_S)
        return f"reading it takes longer than {limit:,} s; convert it, or set {BUSY_S}"
    return "the program that reads it crashed on this file"


def _in_time(path: Path, playable_folder: Path) -> Described:
    """Describe a file; the system ends this process where that takes too long.

    No exception could do that: a decoder in native code would not hear of it.
    """
    if _HAS_ALARM:
        signal.alarm(file_limit(BUSY_S))
    try:
        return _describe(path, playable_folder)
    finally:
        if _HAS_ALARM:
            signal.alarm(0)


def _describe(path: Path, playable_folder: Path, known: set[str] | None = None) -> Described:
    try:
        sha256 = content_hash(path)
        if sha256 in (_known if known is None else known):
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
