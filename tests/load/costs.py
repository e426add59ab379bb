"""What one page and one answer cost with nobody else there, in processor time."""

from __future__ import annotations

import asyncio
from typing import Any

from .people import VIEWED, Rater, Viewer
from .processes import cpu_s

ANSWERS = 12


async def costs(url: str, tokens: dict[str, str], *, server: int) -> dict[str, Any]:
    """Open every page once as a newcomer and once again, and judge a few triplets.

    Returns
    -------
    dict
        `pages`: by name, seconds of processor time of `server`, `kernel` and `first` (of the
        server, when nothing is in the browser's cache); `answer`: `server` and `kernel`.
    """
    pages = {}
    for name in (*VIEWED, "rate"):
        token = tokens["raters" if name == "rate" else "viewers"]
        pages[name] = await _page(Viewer(url, token, "Cost", pace_s=1.0, seed=0), name, server)
    rater = Rater(url, tokens["raters"], "Cost", pace_s=0.5, seed=1)
    return {"pages": pages, "answer": await _answers(rater, server)}


async def _page(viewer: Viewer, name: str, server: int) -> dict[str, float]:
    await viewer.visitor.log_in()
    found = {}
    for time in ("first", "server"):
        before = cpu_s(server)
        page = await viewer.open(name)
        await asyncio.sleep(0.5)
        found[time] = cpu_s(server) - before
    found["kernel"] = cpu_s(page.pid)
    await viewer.leave()
    await viewer.visitor.close()
    return found


async def _answers(rater: Rater, server: int) -> dict[str, float]:
    await rater.visitor.log_in()
    trial = await rater.start()
    before = cpu_s(server), rater.cpu_s
    for _ in range(ANSWERS):
        assert trial is not None
        await rater.listen(trial)
        trial = await rater.answer(trial, cut_off=False)
    await asyncio.sleep(1.0)
    spent = cpu_s(server) - before[0], rater.cpu_s - before[1]
    await rater.leave()
    await rater.visitor.close()
    return {
        "server": spent[0] / ANSWERS,
        "kernel": spent[1] / ANSWERS,
        "ms": sorted(rater.seen.next_ms)[len(rater.seen.next_ms) // 2],
    }
