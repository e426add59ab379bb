"""Simulated people: raters who listen and answer, viewers who click and read.

They do over the server's real routes what a browser does for them, at the pace of people, and note
what they saw.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketError

from .page import LivePage, PageError
from .processes import cpu_s
from .visitor import Visitor

TROUBLE = (
    PageError,
    TimeoutError,
    httpx.HTTPError,
    StreamClosedError,
    WebSocketClosedError,
    WebSocketError,
    OSError,
)
# What a rater does instead of going on, by its chance at each triplet.
SKIP = 0.04
SELDOM = (0.04, 0.02, 0.01, 0.005, 0.005)  # undo, cut off, reload, leave, crash
KEPT_CLIPS = 60  # decoded clips a page keeps: ten minutes of ten seconds each
PAUSE_S = 5.0  # between leaving and coming back
VIEWED = {"explore": 0.3, "find": 0.3, "overview": 0.2, "dimension": 0.1, "model": 0.1}


@dataclass
class Seen:
    """What one person saw.

    Attributes
    ----------
    answers
        By the id of an answer that was sent: whether it was acknowledged.
    undos
        The same of answers taken back.
    next_ms
        From sending an answer to the next triplet, without answers that had to be sent again.
    next_at
        When each of these was there, in seconds since 1970.
    opened_s
        (page, seconds) of every page that was opened, for the first time or again.
    clicked_ms
        Until what followed from a click had come.
    kernels
        By a kernel's process: the page it was for.
    answer_cpu
        (seconds of the kernel, answers) of every page Rate.
    """

    name: str
    answers: dict[str, bool] = field(default_factory=dict)
    undos: dict[str, bool] = field(default_factory=dict)
    next_ms: list[float] = field(default_factory=list)
    next_at: list[float] = field(default_factory=list)
    opened_s: list[tuple[str, float]] = field(default_factory=list)
    clicked_ms: list[float] = field(default_factory=list)
    kernels: dict[int, str] = field(default_factory=dict)
    answer_cpu: list[tuple[float, int]] = field(default_factory=list)
    problems: dict[str, int] = field(default_factory=dict)
    sounds: int = 0
    crashed: int = 0


class Person:
    """Somebody with a browser who comes, stays until the end and goes.

    Parameters
    ----------
    url, token
        The server's address, ending in "/", and what they log in with.
    name
        Theirs.
    pace_s
        Mean time between what they do.
    seed
        Of what they draw.
    mishaps
        How many times as often as usual something goes wrong, at most ten.
    """

    def __init__(
        self, url: str, token: str, name: str, *, pace_s: float, seed: int, mishaps: float = 1.0
    ) -> None:
        self.visitor = Visitor(url, token)
        self.seen = Seen(name)
        self.rng = np.random.default_rng(seed)
        self.pace_s, self.mishaps = pace_s, mishaps
        self.page: LivePage | None = None

    async def live(self, comes_at: float, goes_at: float) -> Seen:
        """Come and go by the loop's clock; what goes wrong is noted and begun again."""
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, comes_at - clock()))
        while clock() < goes_at:
            try:
                await self.visitor.log_in()
                await self.stay(goes_at)
            except TROUBLE as error:
                self.note(f"{type(error).__name__} {str(error)[:60]}".strip())
                await self.leave()
                await asyncio.sleep(PAUSE_S)
        await self.leave()
        await self.visitor.close()
        for problem, count in self.visitor.problems.items():
            self.note(problem, count)
        return self.seen

    async def stay(self, goes_at: float) -> None:
        """Do what one came for."""
        raise NotImplementedError

    async def open(self, name: str) -> LivePage:
        """Leave the page that is open and open another."""
        await self.leave()
        self.page = page = LivePage(self.visitor, name)
        seconds = await page.open()
        self.seen.opened_s.append((name, seconds))
        self.seen.kernels[page.pid] = name
        return page

    async def leave(self, *, says_so: bool = True) -> None:
        """Close the page that is open, if one is."""
        page, self.page = self.page, None
        if page is not None:
            try:
                await page.leave(says_so=says_so)
            except TROUBLE as error:
                self.note(f"leaving: {type(error).__name__}")

    async def pause(self, goes_at: float) -> bool:
        """Do nothing for a while, drawn anew each time; return whether there is time for more."""
        clock = asyncio.get_running_loop().time
        wanted = float(self.rng.gamma(4.0, self.pace_s / 4.0))  # seldom below a third of the mean
        await asyncio.sleep(max(0.0, min(wanted, goes_at - clock())))
        return clock() < goes_at

    def note(self, problem: str, count: int = 1) -> None:
        """Count something that went wrong."""
        self.seen.problems[problem] = self.seen.problems.get(problem, 0) + count


class Rater(Person):
    """Opens the page Rate, hears three clips, answers, and so on; see `Person`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unsaved: list[dict[str, Any]] = []
        self._widget = ""
        self._kept: dict[str, None] = {}  # sounds that the page has decoded, the latest last

    async def stay(self, goes_at: float) -> None:
        """Judge triplet after triplet."""
        trial = await self.start()
        spent, answered = self.cpu_s, 0
        seldom = [self.mishaps * share for share in SELDOM]
        while trial is not None:
            await self.listen(trial)
            if not await self.pause(goes_at):
                break
            act = self.rng.choice(
                ["undo", "cut off", "reload", "leave", "crash", "answer"],
                p=[*seldom, 1 - sum(seldom)],
            )
            if act in ("reload", "leave", "crash"):
                self.seen.answer_cpu.append((self.cpu_s - spent, answered))
                trial = await self._come_again(act, trial)
                spent, answered = self.cpu_s, 0
            elif act == "undo":
                trial = await self._undo()
            else:
                trial = await self.answer(trial, cut_off=act == "cut off")
                answered += 1
        self.seen.answer_cpu.append((self.cpu_s - spent, answered))
        if trial is None:
            raise PageError("no triplet")

    @property
    def cpu_s(self) -> float:
        """The processor time of the page's kernel."""
        return cpu_s(self.page.pid) if self.page else 0.0

    async def start(self) -> dict[str, Any] | None:
        """Open the page and press Start; answers that nobody acknowledged come along."""
        page = await self.open("rate")
        self._kept.clear()
        self._widget = page.find("TripletRater") or ""
        message = {
            "rater": self.seen.name,
            "dimension": "",
            "task": "",
            "device": "headphones",
            "unsaved": self._unsaved,
        }
        return self._take(await page.invoke(self._widget, "_start", message))

    async def listen(self, trial: dict[str, Any]) -> None:
        """Fetch the sound of a triplet, then that of the one after it."""
        await self._hear(trial)
        reply = await self._page.invoke(self._widget, "_ahead", {})
        if reply.get("trial"):
            await self._hear(reply["trial"])

    async def _hear(self, trial: dict[str, Any]) -> None:
        clips = {clip["url"]: None for clip in trial["clips"]}
        wanted = clips.keys() - self._kept.keys()
        await asyncio.gather(*(self.visitor.hear(url) for url in wanted))
        self._kept = dict(list((self._kept | clips).items())[-KEPT_CLIPS:])
        self.seen.sounds += len(wanted)

    async def answer(self, trial: dict[str, Any], *, cut_off: bool) -> dict[str, Any] | None:
        """Answer, and ask again until the answer is acknowledged."""
        answer = self._new_answer(trial)
        sent = time.perf_counter()
        if cut_off:  # the connection is gone before the reply; the page connects and asks again
            asked = asyncio.ensure_future(self._page.invoke(self._widget, "_answer", answer))
            await asyncio.sleep(float(self.rng.uniform(0, 0.05)))
            self._page.disconnect()
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await asyncio.sleep(1.0)
            await self._page.connect()
        trial_after = self._take(await self._insist("_answer", answer))
        if not cut_off:
            self.seen.next_ms.append(1000 * (time.perf_counter() - sent))
            self.seen.next_at.append(time.time())
        return trial_after

    def _new_answer(self, trial: dict[str, Any]) -> dict[str, Any]:
        choice = "skip" if self.rng.random() < SKIP else self.rng.choice(["left", "right"])
        heard = [{"heard_ms": 3000, "plays": 1, "switches": 0} for _ in trial["clips"]]
        answer = {"id": str(uuid.uuid4()), "trial": trial["id"], "choice": str(choice)}
        self._unsaved.append(answer | {"response_ms": 9000, "trace": heard})
        self.seen.answers[answer["id"]] = False
        return self._unsaved[-1]

    async def _undo(self) -> dict[str, Any] | None:
        undo = {"id": str(uuid.uuid4())}
        self.seen.undos[undo["id"]] = False
        reply = await self._insist("_undo", undo)
        self.seen.undos[undo["id"]] = bool(reply.get("undone"))
        return self._take(reply)

    async def _insist(self, command: str, message: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._page.invoke(self._widget, command, message)
        except TimeoutError:
            self.note("asked again")
            return await self._page.invoke(self._widget, command, message)

    async def _come_again(self, how: str, trial: dict[str, Any]) -> dict[str, Any] | None:
        """Reload the page, leave it for a while, or lose it with an answer on its way."""
        if how == "crash":
            self.seen.crashed += 1
            answer = self._new_answer(trial)
            asked = asyncio.ensure_future(self._page.invoke(self._widget, "_answer", answer))
            await asyncio.sleep(float(self.rng.uniform(0, 0.05)))
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
        await self.leave(says_so=how != "crash")
        if how == "leave":
            await asyncio.sleep(PAUSE_S)
        return await self.start()

    def _take(self, reply: dict[str, Any]) -> dict[str, Any] | None:
        """Note what was acknowledged; return the triplet to judge."""
        if reply.get("error") or reply.get("refused") or reply.get("empty"):
            said = reply.get("error") or reply.get("refused") or reply.get("empty")
            self.note(f"said: {said}")
        settled = set(reply.get("settled", ()))
        self._unsaved = [answer for answer in self._unsaved if answer["id"] not in settled]
        self.seen.answers |= dict.fromkeys(settled & self.seen.answers.keys(), True)
        return reply.get("trial")

    @property
    def _page(self) -> LivePage:
        if self.page is None:
            raise PageError("no page")
        return self.page


class Viewer(Person):
    """Opens one dashboard after another, clicks on what can be clicked and reads."""

    clicks = 6  # on a page, before another is opened

    async def stay(self, goes_at: float) -> None:
        """Read page after page."""
        names, shares = list(VIEWED), list(VIEWED.values())
        while True:
            page = await self.open(str(self.rng.choice(names, p=shares)))
            for _ in range(int(self.rng.poisson(self.clicks))):
                if not await self.pause(goes_at):
                    return
                began = time.perf_counter()
                if await self._click(page):
                    self.seen.clicked_ms.append(1000 * (time.perf_counter() - began))
            if not await self.pause(goes_at):
                return

    async def _click(self, page: LivePage) -> bool:
        """Click on something of the page; return whether there was anything."""
        choices = [
            (name, act)
            for name, act in (
                ("SubspaceMaps", self._on_map),
                ("SimilarItems", self._in_list),
                ("DimensionTabs", self._on_tab),
                ("DropdownModel", self._in_menu),
            )
            if page.find(name)
        ]
        if not choices:
            return False
        name, act = choices[self.rng.integers(len(choices))]
        widget = page.find(name)
        assert widget is not None
        await act(page, widget, page.models[widget])
        return True

    async def _on_map(self, page: LivePage, widget: str, state: dict[str, Any]) -> None:
        """Hear a point, or choose another colouring."""
        if self.rng.random() < 0.8:
            item = int(self.rng.choice(state["items"]["id"]))
            self.seen.sounds += 1
            hearing = self.visitor.hear(f"{state['route']}{item}", whole=False)
            await asyncio.gather(page.change(widget, selected=item), hearing)
        else:
            colouring = state["colourings"][self.rng.integers(len(state["colourings"]))]
            await page.change(widget, colour=colouring["value"])

    async def _in_list(self, page: LivePage, widget: str, state: dict[str, Any]) -> None:
        """Pick a piece, weigh a dimension, narrow the list, or search for a title."""
        act = self.rng.integers(4)
        if act == 0 and state["found"]:
            await page.change(widget, item=self.rng.choice(state["found"])["id"])
        elif act == 1:
            one = str(self.rng.choice(state["dimensions"]))
            weight = round(float(self.rng.uniform(0.1, 1)), 2)
            await page.change(widget, weights={**state["weights"], one: weight})
        elif act == 2:
            tempo = [int(self.rng.integers(60, 100)), int(self.rng.integers(120, 200))]
            await page.change(widget, filters={**state["filters"], "tempo_bpm": tempo})
        else:
            await page.change(widget, search=str(self.rng.choice(list("aeiobt"))))

    async def _on_tab(self, page: LivePage, widget: str, state: dict[str, Any]) -> None:
        await page.change(widget, value=str(self.rng.choice(state["names"])))

    async def _in_menu(self, page: LivePage, widget: str, state: dict[str, Any]) -> None:
        await page.change(widget, index=int(self.rng.integers(len(state["_options_labels"]))))
