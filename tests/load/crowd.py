"""Many people at once: raters and viewers, in a process of their own each."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from .people import Person, Rater, Seen, Viewer

_LAST_WORDS_S = 90.0  # after the end: pages are left, what hangs is given up
_BEAT_S = 0.5
_NICE = -10


@dataclass(frozen=True)
class Crowd:
    """Who comes.

    Attributes
    ----------
    role
        ``raters`` or ``viewers``.
    count
        How many.
    url, token
        The server's address and what they log in with.
    minutes
        How long they stay.
    arrive_s
        Over how long they come, one after another.
    pace_s
        Mean time between what each does.
    seed, mishaps
        Of what they draw, and how often something goes wrong, see `Person`.
    """

    role: str
    count: int
    url: str
    token: str
    minutes: float
    arrive_s: float
    pace_s: float
    seed: int = 0
    mishaps: float = 1.0


@dataclass
class Report:
    """What all of them saw, and how late this process itself was, in ms.

    `gave_up` counts those who did not come to an end in time; `began` is in seconds since 1970.
    """

    seen: list[Seen] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    gave_up: int = 0
    began: float = field(default_factory=time.time)


def attend(crowd: Crowd) -> Report:
    """Let a crowd come, stay and go; never takes longer than a while after its end.

    Their machines would be others than the server's, so they are not kept waiting for a processor
    where this user may say so.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    return asyncio.run(_attend(crowd))


async def _attend(crowd: Crowd) -> Report:
    kind: type[Person] = Rater if crowd.role == "raters" else Viewer
    began = asyncio.get_running_loop().time()
    goes_at = began + 60 * crowd.minutes
    report = Report()
    beat = asyncio.create_task(_beat(report.late_ms))
    people = [
        kind(
            crowd.url,
            crowd.token,
            f"{crowd.role[:-1].capitalize()} {number:02}",
            pace_s=crowd.pace_s,
            seed=1000 * crowd.seed + number,
            mishaps=crowd.mishaps,
        )
        for number in range(crowd.count)
    ]
    lives = [
        asyncio.create_task(person.live(began + crowd.arrive_s * number / crowd.count, goes_at))
        for number, person in enumerate(people)
    ]
    await asyncio.wait(lives, timeout=60 * crowd.minutes + _LAST_WORDS_S)
    for life, person in zip(lives, people, strict=True):
        if not life.done():
            life.cancel()
            report.gave_up += 1
        elif life.exception() is not None:
            person.note(f"broke: {life.exception()!r}"[:120])
        report.seen.append(person.seen)
    beat.cancel()
    await asyncio.gather(*lives, beat, return_exceptions=True)
    report.cpu_s = time.process_time()
    return report


async def _beat(late_ms: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_BEAT_S)
        late_ms.append(1000 * (time.perf_counter() - began - _BEAT_S))


@contextmanager
def attending(crowds: list[Crowd]) -> Iterator[list[Future[Report]]]:
    """Let crowds attend, each in a process; whatever hangs is ended with the block."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(len(crowds), mp_context=context)
    try:
        yield [pool.submit(attend, crowd) for crowd in crowds]
    finally:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()
