"""What every page does that follows a job: take in its events, show how far it is, say its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import ipywidgets as W

from workbench.jobs import Job
from workbench.widgets.safe import guarded
from workbench.widgets.theme import ACCENT

Event = Mapping[str, Any]
Show = Callable[[str], object]
S = TypeVar("S", bound="Stages")


@dataclass(kw_only=True)
class Stages:
    """How far a job is, as its events tell.

    Attributes
    ----------
    stage
        What is being done, in words.
    done, total
        How far the stage is; `total` is None where that is not known.
    ended
        ``done``, ``failed`` or ``cancelled``, None while it runs.
    message
        Why it failed.
    """

    stage: str = "Starting"
    done: int = 0
    total: int | None = None
    ended: str | None = None
    message: str = ""

    def follow(self: S, events: Iterable[Event]) -> S:
        """Take in further events, in their order; kinds it does not know are passed over."""
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Take in one event; a kind of job adds its own."""
        match event["event"]:
            case "stage":
                self.stage, self.done, self.total = event["name"], 0, event.get("total")
            case "advance":
                self.done = event["done"]
                self.total = event.get("total") or self.total
            case "done" | "failed" | "cancelled" as ended:
                self.ended, self.message = ended, str(event.get("message", ""))

    @property
    def words(self) -> str:
        """The stage, with its count where that says more than the stage does."""
        counted = self.total is not None and self.total > 1
        return f"{self.stage} ({self.done} of {self.total})" if counted else self.stage

    @property
    def fraction(self) -> float:
        """How much of the stage is done, from 0 to 1."""
        return self.done / self.total if self.total else 0.0


class StageBar(W.HBox):
    """A bar with the words of the stage beside it."""

    def __init__(self) -> None:
        self._words = W.Label()
        self._bar = W.FloatProgress(
            0.0, min=0.0, max=1.0, style={"bar_color": ACCENT}, layout={"width": "260px"}
        )
        super().__init__([self._bar, self._words])
        self.add_class("wb-row")

    def show(self, stages: Stages) -> None:
        """Show how far a job is."""
        self.say(stages.words)
        self._bar.value = stages.fraction

    def say(self, words: str) -> None:
        """Show words in the place of the stage's."""
        self._words.value = words


def watch(
    job: Job,
    took: Callable[[list[Event]], object],
    ended: Callable[[str], object],
    *,
    problem: Show,
    every_s: float = 0.2,
) -> threading.Thread:
    """Read a job's events in a thread of its own until the job has ended.

    Parameters
    ----------
    job
        The job.
    took
        Called with each lot of new events.
    ended
        Called once with the state in which the job ended.
    problem
        Shows the sentence if reading or showing fails.
    every_s
        Seconds between two looks.
    """

    def look() -> None:
        read, pause = 0, threading.Event()
        while True:
            state = job.state  # before reading: what came before its end is then read too
            events = job.events(read)
            if events:
                read += len(events)
                took(list(events))
            if state != "running":
                break
            pause.wait(every_s)
        ended(state)

    thread = threading.Thread(target=guarded(problem)(look), daemon=True)
    thread.start()
    return thread


def again_and_again(
    act: Callable[[], object], every_s: float, *, until: threading.Event, problem: Show
) -> threading.Thread:
    """Do something every few seconds in a thread of its own, until told to stop.

    What takes long is done less often: it rests ten times as long as it worked.

    Parameters
    ----------
    act
        What to do.
    every_s
        Seconds of rest between two times.
    until
        Set to stop.
    problem
        Shows the sentence if it fails; the next time is tried all the same.
    """

    def repeat() -> None:
        rest = every_s
        while not until.wait(rest):
            began = time.monotonic()
            guarded(problem)(act)()
            rest = max(every_s, 10 * (time.monotonic() - began))

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    return thread


def button(words: str, act: Callable[[], None], *, problem: Show, style: str = "") -> W.Button:
    """Return a button whose failures are shown as a sentence."""
    made = W.Button(description=words, button_style=style, layout={"width": "auto"})
    made.on_click(lambda _: guarded(problem)(act)())
    return made


def reveal(part: W.Widget, visible: bool) -> None:
    """Show a piece of a page, or hide it."""
    part.layout.display = "" if visible else "none"
