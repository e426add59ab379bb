"""Fine-tuning from a page: start, watch, cancel, decide, roll back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench import jobs
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.finetuning import (
    REPORT_HEADER,
    VERSIONS_HEADER,
    Run,
    new_judgements,
    report_rows,
    training_figure,
    verdict,
    version_rows,
)
from workbench.widgets.following import Event, StageBar, button, reveal, watch
from workbench.widgets.kiviat import KiviatChart
from workbench.widgets.leakage import LeakageTable
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded
from workbench.widgets.sources import figure, source_words

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_COMMAND = "finetune"
_WHAT_THE_TABLE_SHOWS = (
    "Share of judgements the model agrees with, before and after. “Seen”: other judgements about "
    "pieces it learned from. “Not seen”: judgements about pieces it has never met, which is what "
    "counts for the rest of the catalogue. “Listeners agree”: how often two answers to the same "
    "question agree, more than which no model can be asked for. Intervals are 95 %."
)


class FineTuner(Page):
    """Teach the current model what listeners judged, off the interface thread.

    The run is a process of its own: it goes on when the page is closed, and a page opened later
    attaches to it.

    Parameters
    ----------
    ws
        The workspace.
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._job: jobs.Job | None = None
        self._watch: threading.Thread | None = None
        self._message = Message()
        self._news = W.Label()
        self._start = button("Fine-tune", self.start, problem=self._message.show, style="primary")
        self._cancel = button("Cancel", self.cancel, problem=self._message.show)
        self._cancel.disabled = True
        self._progress = StageBar()
        self._chart = PlotlyChart(training_figure([]), height=280)
        self._result = W.VBox(layout={"grid_gap": "10px"})
        self._use = button("Use this version anyway", self.use_anyway, problem=self._message.show)
        self._back = button("Roll back", self.roll_back, problem=self._message.show)
        self._versions = W.VBox()
        self._decisions = present.row([self._use, self._back])
        self._offered: str | None = None
        self._kiviat, self._leakage = W.VBox(), W.VBox()
        self._about_models = (  # empty until there is a model
            present.card("Model versions", [self._decisions, self._versions]),
            present.card("How well the model in use hears each dimension", [self._kiviat]),
            present.card("Are the dimensions kept apart?", [self._leakage]),
        )
        for part in (self._progress, self._chart, self._use, *self._about_models):
            reveal(part, False)
        super().__init__(
            [
                present.card(
                    "Learn from the judgements",
                    [
                        present.row([self._start, self._cancel, self._news]),
                        self._message,
                        self._progress,
                        self._chart,
                        self._result,
                    ],
                ),
                *self._about_models,
            ]
        )
        guarded(self._message.show)(self._open)()

    # -- what the buttons do --------------------------------------------------------------------

    def start(self) -> None:
        """Start a run in its own process and watch it."""
        running = jobs.latest(self._ws, _COMMAND)
        if running is None or running.state != "running":  # else somebody was faster: watch that
            running = jobs.start(self._ws, _COMMAND)
        self._message.clear()
        self._result.children = ()
        reveal(self._use, False)
        self._attach(running)

    def cancel(self) -> None:
        """Ask the run to stop; the models stay as they are."""
        if self._job is not None:
            self._job.cancel()
            self._progress.say("Stopping…")

    def use_anyway(self) -> None:
        """Put the version that was saved but not promoted to use."""
        if self._offered is None:
            return
        before = self._ws.models.current()
        self._ws.models.promote(self._offered)
        self._message.show(
            f"{self._offered} is now in use at your word; {before} stays stored, and “Roll back” "
            "returns to it.",
            "success",
        )
        self.refresh()

    def roll_back(self) -> None:
        """Return to the version that was in use before."""
        before = self._ws.models.current()
        after = self._ws.models.roll_back()
        self._message.show(
            f"Rolled back: {after} is in use again; {before} stays stored.", "success"
        )
        self.refresh()

    # -- what it shows --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read models and judgements again."""
        models, log = self._ws.models, self._ws.judgements
        self._start.disabled = self._back.disabled = True
        card, cards = models.card(), models.versions()
        fresh = new_judgements(log.table(), log.history(), card.watermark)
        self._news.value = (
            f"{present.plural(fresh, 'new judgement')} since {card.version} "
            f"({present.plural(log.count(), 'judgement')} in all)"
        )
        self._start.disabled = self._running or log.count() == 0
        self._back.disabled = sum(c.promoted for c in cards) < 2 or self._running
        reveal(self._use, self._offered not in (None, card.version))
        versions = present.table(VERSIONS_HEADER, version_rows(cards, card.version))
        words = source_words(None, present.plural(len(cards), "version"))
        table: dict[str, list[Any]] = {
            "version": [each.version for each in cards],
            "parent": [each.parent for each in cards],
            "made": [each.created_at for each in cards],
            "judgements": [each.judgements for each in cards],
            "encoder": [each.encoder for each in cards],
        }
        self._versions.children = (figure(versions, words, name="versions", table=table),)
        self._kiviat.children = (KiviatChart(self._ws),)
        self._leakage.children = (LeakageTable(self._ws),)
        for part in self._about_models:
            reveal(part, True)
        if log.count() == 0:
            self._message.show(
                "There is nothing to learn from yet: open the page “Rate” and judge some triplets.",
                "info",
            )

    @property
    def _running(self) -> bool:
        return self._job is not None and self._job.state == "running"

    def _open(self) -> None:
        """Show where things stand; watch a run that is still going, show how the last ended."""
        job = jobs.latest(self._ws, _COMMAND)
        if job is not None and job.state == "running":
            self._attach(job)
        elif job is not None:
            self._job = job
            run = Run().follow(job.events())
            if run.result is not None:
                self._show_steps(run)
                self._show_result(run.result)
        self.refresh()

    def _attach(self, job: jobs.Job) -> None:
        self._job = job
        self._start.disabled, self._cancel.disabled = True, False
        self._back.disabled = True
        self._chart.show(training_figure([]))
        for part in (self._progress, self._chart):
            reveal(part, True)
        run = Run()
        self._watch = watch(
            job,
            lambda events: self._take(run, events),
            lambda state: self._show_end(job, run, state),
            problem=self._message.show,
        )

    def _take(self, run: Run, events: list[Event]) -> None:
        judged = run.result is not None
        self._show_steps(run.follow(events))
        if run.result is not None and not judged:  # the maps are still to be drawn
            self._show_result(run.result)
            self.refresh()

    def _show_steps(self, run: Run) -> None:
        self._progress.show(run)
        reveal(self._chart, bool(run.steps))
        if run.steps and len(run.steps) != self._drawn_steps:
            self._chart.show(training_figure(run.steps))

    @property
    def _drawn_steps(self) -> int:
        return len(self._chart.figure["data"][0]["x"])

    def _show_end(self, job: jobs.Job, run: Run, state: str) -> None:
        reveal(self._progress, False)
        self._cancel.disabled = True
        self.refresh()
        if run.result is None and state == "cancelled":
            self._message.show("Cancelled; the models are as they were.", "info")
        elif run.result is None or state not in ("done", "cancelled"):
            self._message.show(job.error or "The run ended without a result.")

    def _show_result(self, result: Event) -> None:
        self._offered = None if result["promoted"] else result["version"]
        level = "success" if result["promoted"] else "warning"
        report = result["report"]
        learned = present.plural(report.get("judgements", 0), "judgement")
        caption = f"{result['version']} learned from {learned}. {_WHAT_THE_TABLE_SHOWS}"
        self._result.children = (
            Message(verdict(result), level),
            present.note(caption),
            present.table(REPORT_HEADER, report_rows(report)),
        )
