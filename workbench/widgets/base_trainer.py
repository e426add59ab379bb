"""Training a base model from a page: choose, start, watch, stop, go on, see the test."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets as W

from workbench import jobs
from workbench.errors import WorkbenchError
from workbench.files import printable
from workbench.training.base_folder import check_free, has_checkpoint
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.following import Event, StageBar, button, reveal, watch
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded
from workbench.widgets.training import (
    SCORED_HEADER,
    Training,
    epoch_table,
    gone_on,
    scored_rows,
    scored_words,
    stopped_words,
    summary,
)
from workbench.widgets.training_choices import COMMAND, Choices
from workbench.widgets.training_figure import HEIGHT, loss_figure, score_figure
from workbench.widgets.training_form import TrainingForm

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_EVERY_S = 1.0  # a step takes about as long
_WHAT_THE_TABLE_SHOWS = (
    "Scores are shares of right answers about music the network does not learn from, with 95 % "
    "intervals; each dimension is asked of its own part of the network. They choose the epoch, so "
    "they flatter it a little; the test at the end does not. All together: the mean of the scores, "
    "and the loss that is made small, which has parts of no dimension too."
)


class BaseTrainer(Page):
    """Train a base model on a rendered corpus, in a process of its own.

    The training goes on when the page is closed, and a page opened later attaches to it.

    Parameters
    ----------
    ws
        The workspace.
    corpus
        A folder made by ``workbench train corpus``; what is not absolute is in the workspace.
    folder
        Where the network goes; by default that of the last training, else ``networks/base``.
    """

    def __init__(
        self,
        ws: Workspace,
        corpus: str | os.PathLike[str] = "corpus",
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._ws = ws
        self._job: jobs.Job | None = None
        self._watch: threading.Thread | None = None
        self._training = Training()
        self._drawn = (0, 0)
        self._message = Message()
        problem = self._message.show
        self._form = TrainingForm(ws, os.fspath(corpus), os.fspath(folder or "networks/base"))
        self._start = button("Train", self.start, problem=problem, style="primary")
        self._cancel = button("Stop after this epoch", self.cancel, problem=problem)
        self._resume = button("Resume", self.resume, problem=problem)
        self._progress = StageBar()
        self._tiles, self._epochs = W.VBox(), W.VBox(layout={"grid_gap": "10px"})
        self._losses = PlotlyChart(loss_figure(self._training), height=HEIGHT)
        self._scores = PlotlyChart(score_figure(self._training), height=HEIGHT)
        self._losses.layout.flex, self._scores.layout.flex = "2 1 320px", "3 1 440px"
        self._live = present.card(
            "The training",
            [
                self._progress,
                self._tiles,
                present.columns([self._losses, self._scores]),
                self._epochs,
            ],
        )
        self._result = W.VBox()
        for part in (self._live, self._result):
            reveal(part, False)
        super().__init__(
            [
                present.card(
                    "Corpus and network",
                    [
                        self._form,
                        present.row([self._start, self._cancel, self._resume]),
                        self._message,
                    ],
                ),
                self._result,
                self._live,
            ]
        )
        self._form.on_change(lambda: guarded(problem)(self.refresh)())
        guarded(problem)(self._open)(os.fspath(folder) if folder is not None else None)

    # -- what the buttons do --------------------------------------------------------------------

    def start(self) -> None:
        """Start a training in its own process and watch it."""
        self._begin(resume=False)

    def resume(self) -> None:
        """Go on from the last epoch that is kept, with the options it was started with."""
        self._begin(resume=True)

    def cancel(self) -> None:
        """Ask the training to stop when its epoch has ended; the best epoch is stored."""
        if self._job is not None:
            self._job.cancel()
            self._show_progress(self._job)

    # -- what it shows --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look at the folders again and say what can be done."""
        running = self._running
        self._form.lock(running)
        ready = self._form.look()
        self._start.disabled = running or not ready
        self._cancel.disabled = not running
        self._resume.disabled = running or not ready or not self._can_resume()

    @property
    def _running(self) -> bool:
        return self._job is not None and self._job.state == "running"

    def _can_resume(self) -> bool:
        try:
            return has_checkpoint(self._form.choices().folder)
        except WorkbenchError:
            return False

    def _begin(self, *, resume: bool) -> None:
        self._message.clear()
        job = _running_job(self._ws)  # somebody may have been faster: watch that
        if job is None:
            choices = self._form.choices()
            if not resume:
                check_free(choices.folder)
            job = jobs.start(self._ws, *choices.arguments(resume=resume))
        self._attach(job)

    def _open(self, folder: str | None) -> None:
        """Show where things stand; watch a training that is still going."""
        job = _running_job(self._ws) or next(
            (
                job
                for job in jobs.newest_first(self._ws, *COMMAND)
                if folder is None or Choices.read(job.arguments).folder == self._form.folder()
            ),
            None,
        )
        if job is not None:
            self._attach(job)
        self.refresh()

    def _attach(self, job: jobs.Job) -> None:
        """Show a job from its beginning, and that of the ones it went on from."""
        choices = Choices.read(job.arguments)
        self._job, self._drawn = job, (-1, -1)
        self._form.fill(choices)
        earlier = [before.events() for before in _earlier(self._ws, job)]
        self._training = gone_on(earlier, choices.epochs)
        reveal(self._result, False)
        self._show(job)
        self.refresh()
        if job.state == "running":
            self._watch = watch(
                job,
                lambda events: self._take(job, events),
                lambda state: self._show_end(job, state),
                problem=self._message.show,
                every_s=_EVERY_S,
            )
        else:
            self._take(job, job.events())
            self._show_end(job, job.state)

    def _take(self, job: jobs.Job, events: Iterable[Event]) -> None:
        self._training.follow(events)
        self._show(job)

    def _show(self, job: jobs.Job) -> None:
        training = self._training
        self._show_progress(job)
        drawn = (len(training.epochs), len(training.steps) // 10)
        if drawn == self._drawn:
            return
        self._losses.show(loss_figure(training))
        if drawn[0] != self._drawn[0]:
            self._scores.show(score_figure(training))
            self._show_epochs(running=True)
        self._drawn = drawn
        reveal(self._live, True)

    def _show_progress(self, job: jobs.Job) -> None:
        training = self._training
        self._progress.show(training)
        words = training.words
        if training.total is not None and training.done >= training.total:
            words = f"{training.stage}: asking it about music it does not learn from"
        if job.asked_to_stop:
            words += " · stops when the epoch has ended"
        self._progress.say(words)

    def _show_epochs(self, *, running: bool) -> None:
        header, rows = epoch_table(self._training)
        self._tiles.children = (
            (present.tiles(summary(self._training, running=running)),) if rows else ()
        )
        self._epochs.children = (
            (present.table(header, rows), present.note(_WHAT_THE_TABLE_SHOWS)) if rows else ()
        )

    def _show_end(self, job: jobs.Job, state: str) -> None:
        training = self._training
        reveal(self._progress, False)
        reveal(self._live, bool(training.steps or training.epochs))
        self._show_epochs(running=False)
        self.refresh()
        if job.asked_to_stop and not training.epochs:
            self._message.show(stopped_words(training), "info")
        elif state == "done":
            self._show_result(Choices.read(job.arguments).folder)
            if job.asked_to_stop:
                self._message.show(stopped_words(training), "info")
        elif state == "cancelled":
            self._message.show(f"Cancelled.{self._kept()}", "info")
        else:
            self._message.show(f"{job.error or 'The training ended without a word.'}{self._kept()}")

    def _kept(self) -> str:
        last = self._training.last
        if last is None or not self._can_resume():
            return ""
        return f" Epoch {last['epoch']} is kept; “Resume” goes on from it."

    def _show_result(self, folder: Path) -> None:
        """Show the test of a network that is finished, and how to use it."""
        from workbench.backbones.card import read_card

        card = read_card(folder)
        command = shlex.join(["workbench", "encoders", "add", "NAME", "--network", str(folder)])
        self._result.children = (
            present.card(
                "The network, tested",
                [
                    present.table(SCORED_HEADER, scored_rows(card)),
                    present.note(scored_words(card)),
                    present.note(
                        f"It is stored in {printable(folder)}, licence {card.licence}. To use it "
                        "for the catalogue, choose a NAME and type in a terminal in the workspace:"
                    ),
                    present.command(command),
                ],
            ),
        )
        reveal(self._result, True)


def _running_job(ws: Workspace) -> jobs.Job | None:
    """Return the newest base training that runs, None if none does."""
    return next((j for j in jobs.newest_first(ws, *COMMAND) if j.state == "running"), None)


def _earlier(ws: Workspace, job: jobs.Job) -> list[jobs.Job]:
    """Return the jobs that a job goes on from, the oldest first."""
    folder, found = Choices.read(job.arguments).folder, [job]
    for other in jobs.newest_first(ws, *COMMAND):
        if "--resume" not in found[0].arguments:
            break
        if (
            other.folder.name < found[0].folder.name
            and Choices.read(other.arguments).folder == folder
        ):
            found.insert(0, other)
    return found[:-1]
