"""One run: a server on a copy of a workspace, two crowds, and everything that is measured."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Workspace
from workbench.server.launch import voila_server
from workbench.server.processes import Server, started

from .costs import costs
from .crowd import Crowd, Report, attending
from .people import TROUBLE, Seen
from .processes import kernels_of, nursery_of
from .stored import stored_once
from .watch import Watch, slope_of_many, slope_of_one

_IDLE_S, _CHECK_S = 30, 10  # instead of minutes, so that the end need not be waited for
_COSTS_S = 300.0
_SETTLED_S = 30.0  # after the last has come


@dataclass(frozen=True)
class Plan:
    """How many come, how long they stay, how fast they are, and how unlucky.

    `wait_s` is how long pages that never said that they were left may take to end.
    """

    raters: int = 50
    viewers: int = 50
    minutes: float = 10.0
    arrive_s: float = 60.0
    pace_s: float = 9.0
    every_s: float = 5.0
    seed: int = 0
    mishaps: float = 1.0
    wait_s: float = 150.0


def run_load(
    source: Path, plan: Plan, *, say: Callable[[str], None] = print, alone: bool = True
) -> dict[str, Any]:
    """Copy a workspace, serve it, let people come, and return what was measured.

    Parameters
    ----------
    source
        The workspace; it is not changed.
    plan
        Who comes.
    say
        Told how it goes.
    alone
        Whether to measure first what one page and one answer cost.
    """
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        ws = Workspace(shutil.copytree(source, Path(folder) / "workspace"))
        server = _server(ws, Path(folder), plan)
        log = Path(folder) / "server.log"
        with log.open("wb") as output, started([server], output=output) as (process,):
            nursery = nursery_of(process.pid)
            first = {}
            if alone:
                say("What one page and one answer cost ...")
                work = costs(server.url, server.tokens, server=process.pid)
                try:
                    first = asyncio.run(asyncio.wait_for(work, _COSTS_S))
                except TROUBLE as error:
                    say(f"... could not be measured: {error!r}")
            watch = Watch(process.pid, nursery, server.url)
            reports = _crowds(server, plan, watch, say)
            left = _kernels_left(nursery, plan.wait_s, say)
        result = summary(plan, watch, reports, ws) | {"alone": first}
        result["kernels_left"] = left
        result["server_log"] = log.read_text(errors="replace").splitlines()[-20:]
        ws.database.close()
        return result


def _server(ws: Workspace, folder: Path, plan: Plan) -> Server:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    most = 2 * (plan.raters + plan.viewers) + 8  # pages of crashed browsers stay for a minute
    server = voila_server(ws, port=port, token="rater", viewer_token="viewer", most=most)
    own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    return dataclasses.replace(
        server,
        command=[
            *server.command,
            f"--MappingKernelManager.cull_idle_timeout={_IDLE_S}",
            f"--MappingKernelManager.cull_interval={_CHECK_S}",
        ],
        environment={**server.environment, **own, "IPYTHONDIR": str(folder / "ipython")},
    )


def _crowds(
    server: Server, plan: Plan, watch: Watch, say: Callable[[str], None]
) -> dict[str, Report]:
    """Let both crowds come and look at the processes meanwhile."""
    counts = {"raters": plan.raters, "viewers": plan.viewers}
    crowds = [
        Crowd(
            role,
            count,
            server.url,
            server.tokens[role],
            minutes=plan.minutes,
            arrive_s=plan.arrive_s,
            pace_s=plan.pace_s,
            seed=plan.seed + number,
            mishaps=plan.mishaps,
        )
        for number, (role, count) in enumerate(counts.items())
        if count
    ]
    with attending(crowds) as futures:
        _wait(futures, watch, plan, say)
        return {crowd.role: _report(future) for crowd, future in zip(crowds, futures, strict=True)}


def _wait(
    futures: list[Future[Report]], watch: Watch, plan: Plan, say: Callable[[str], None]
) -> None:
    began = time.monotonic()
    until = began + 60 * plan.minutes + 150.0
    next_look, next_word = began, began
    while time.monotonic() < until and not all(future.done() for future in futures):
        now = time.monotonic()
        if now >= next_look and now - began <= 60 * plan.minutes:
            watch.look()
            next_look = now + plan.every_s
        watch.ask()
        if now >= next_word and watch.kernels:
            total = watch.total_mb()[-1, 1]
            say(
                f"{(now - began) / 60:5.1f} min: {watch.kernels[-1]} pages open, {total:.0f} MB, "
                f"server answers in {watch.answers_ms[-1]:.0f} ms"
            )
            next_word = now + 30
        time.sleep(0.5)


def _report(future: Future[Report]) -> Report:
    try:
        return future.result(timeout=1)
    except TooLate:
        return Report(gave_up=-1)


def _kernels_left(nursery: int, wait_s: float, say: Callable[[str], None]) -> int:
    """Return how many kernels are there when those of left pages should have ended."""
    say("Everybody has left; waiting for the kernels of pages that never said so ...")
    until = time.monotonic() + wait_s
    while (left := len(kernels_of(nursery))) and time.monotonic() < until:
        time.sleep(1)
    return left


def summary(plan: Plan, watch: Watch, reports: dict[str, Report], ws: Workspace) -> dict[str, Any]:
    """Return everything that was measured, ready for JSON."""
    raters = reports.get("raters", Report()).seen
    viewers = reports.get("viewers", Report()).seen
    everybody = [*raters, *viewers]
    pages = sorted({name for seen in everybody for name, _ in seen.opened_s})
    answer_cpu = np.array([pair for seen in raters for pair in seen.answer_cpu]).reshape(-1, 2)
    answers = float(answer_cpu[:, 1].sum())
    return {
        "plan": dataclasses.asdict(plan),
        "machine": {"load": list(os.getloadavg()), "python": sys.version.split()[0]},
        "stored": stored_once(ws, raters),
        "next_ms": percentiles([ms for seen in raters for ms in seen.next_ms]),
        "next_ms_later": percentiles(
            ms
            for report in reports.values()
            for seen in report.seen
            for ms, at in zip(seen.next_ms, seen.next_at, strict=True)
            if at >= report.began + plan.arrive_s + _SETTLED_S
        ),
        "clicked_ms": percentiles([ms for seen in viewers for ms in seen.clicked_ms]),
        "opened_s": {
            page: percentiles(
                [s for seen in everybody for name, s in seen.opened_s if name == page]
            )
            for page in pages
        },
        "server_answers_ms": percentiles(watch.answers_ms),
        "people_late_ms": {role: percentiles(r.late_ms) for role, r in reports.items()},
        "crashed": sum(seen.crashed for seen in everybody),
        "sounds": sum(seen.sounds for seen in everybody),
        "kernel_cpu_per_answer_s": float(answer_cpu[:, 0].sum()) / max(answers, 1.0),
        "cpu_s": _cpu(watch, reports),
        "memory": _memory(watch, raters, viewers),
        "kernels": {"most": max(watch.kernels, default=0)},
        "open_files": {"first": watch.files[:1], "last": watch.files[-1:]},
        "problems": dict(sum((Counter(seen.problems) for seen in everybody), Counter())),
        "gave_up": {role: report.gave_up for role, report in reports.items()},
    }


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """Return how many there are, the median, 95th and 99th percentile and the largest."""
    found = np.array(list(values), dtype=float)
    if not len(found):
        return {"n": 0}
    p50, p95, p99, most = np.percentile(found, [50, 95, 99, 100], method="higher")
    return {
        "n": len(found),
        "p50": float(p50),
        "p95": float(p95),
        "p99": float(p99),
        "most": float(most),
    }


def _cpu(watch: Watch, reports: dict[str, Report]) -> dict[str, float]:
    known = (watch.server, watch.nursery)
    kernels = sum(s for pid, s in watch.cpu.items() if pid not in known)
    return {
        "server": watch.cpu.get(watch.server, 0.0),
        "kernels": kernels,
        "people": sum(report.cpu_s for report in reports.values()),
        "wall": watch.times[-1] if watch.times else 0.0,
    }


def _memory(watch: Watch, raters: list[Seen], viewers: list[Seen]) -> dict[str, Any]:
    """Return memory by kind of process in MB, and its slopes over the second half in MB/min."""
    half = watch.times[-1] / 2 if watch.times else 0.0
    kinds = {
        "server": [watch.server],
        "nursery": [watch.nursery],
        "a rater's page": [pid for seen in raters for pid in seen.kernels],
        "a viewer's page": [pid for seen in viewers for pid in seen.kernels],
    }
    found: dict[str, Any] = {}
    for kind, pids in kinds.items():
        if len(pids) == 1:
            series = np.array(
                [(t, own) for t, own, _ in watch.memory.get(pids[0], []) if t >= half]
            )
            slope = slope_of_one(series.reshape(-1, 2))
        else:
            slope = slope_of_many(watch.slopes(pids, after=half))
        found[kind] = {"own_mb": watch.own_mb(pids), "slope_mb_min": slope}
    total = watch.total_mb()
    late = total[total[:, 0] >= half]
    found["all together"] = {
        "most_mb": float(total[:, 1].max()),
        "last_mb": float(total[-1, 1]),
        "slope_mb_min": slope_of_one(late),
    }
    return found
