"""`TripletRater`: listen to three clips and say which is closer, or which is the odd one out."""

from __future__ import annotations

import logging
import threading
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.evaluation.questions import OVERALL
from workbench.listening.session import RatingSession
from workbench.listening.task_store import RatingTasks, check_task, dimensions_asked
from workbench.listening.tasks import RatingTask
from workbench.listening.trials import Trial
from workbench.widgets.assets import css, esm
from workbench.widgets.commands import Message, item_of, own_id, page_command, word

if TYPE_CHECKING:
    from workbench.sampling.proposals import Sampler
    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)
_ANSWERED_ELSEWHERE = "You answered this triplet in another window; that answer stands."


class TripletRater(anywidget.AnyWidget):
    """Judge triplets by ear, with the keyboard alone if you like.

    Nothing is claimed and no session opened before the rater's first action. Every answer is on
    disk before the next triplet appears.

    Parameters
    ----------
    ws
        The workspace.
    task
        A rating task or the name of a stored one; by default the rater chooses, if there are any.
    dimension
        The dimension to ask about, or ``overall``; by default the rater chooses one or all in
        turn.
    rater
        Who judges; by default the page asks and remembers the name.
    sampler
        The name of a sampler, see `workbench.sampling`, or one of your own.
    settings
        Any of `workbench.listening.tasks.RatingTask`, such as ``clip_s=3``, ``mode="odd_one_out"``
        or ``ask_confidence=True``.

    Raises
    ------
    UnknownNameError
        If the workspace has no such task, dimension or item.
    WorkbenchError
        If a setting lies outside its range.

    Examples
    --------
    >>> TripletRater(ws, dimension="tempo", clip_s=3)  # doctest: +SKIP
    """

    _esm = esm(
        "base.js",
        "saving.js",
        "keys.js",
        "fields.js",
        "wave.js",
        "rater_sound.js",
        "rater_loading.js",
        "rater_listening.js",
        "rater_saving.js",
        "rater_parts.js",
        "rater_keys.js",
        "rater_start.js",
        "rater_page.js",
        "rater.js",
    )
    _css = css("keyed.css", "rater.css")
    setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        ws: Workspace,
        *,
        task: RatingTask | str | None = None,
        dimension: str | None = None,
        rater: str | None = None,
        sampler: Sampler | str | None = None,
        **settings: Any,
    ) -> None:
        if isinstance(sampler, str):
            settings, sampler = settings | {"sampler": sampler}, None
        self._ws, self._sampler = ws, sampler
        self._lock = threading.RLock()
        self._session: RatingSession | None = None
        self._task = _task(ws, task, dimension, settings)
        given = dimensions_asked(ws, self._task)
        is_fixed = bool(self._task.dimensions or self._task.triplets)
        super().__init__(
            setup={
                "workspace": ws.id,
                "rater": rater or "",
                "dimension": given[0] if len(given) == 1 else "",
                "dimensions": given if is_fixed else [*given, OVERALL],
                "is_open": not is_fixed,  # may the rater choose the dimension?
                "task": self._task.name,
                "tasks": [] if task or is_fixed else RatingTasks(ws).names(),
            }
        )

    # -- commands of the page -------------------------------------------------------------------

    @page_command
    def _start(self, message: Message) -> Message:
        """Open a session, store answers a dead kernel did not acknowledge, show the triplet."""
        task = self._task
        if name := word(message, "task"):
            task = RatingTasks(self._ws).load(name)
        elif dimension := word(message, "dimension"):
            task = replace(task, dimensions=(dimension,))
        self._session = RatingSession(
            self._ws,
            rater=word(message, "rater"),
            task=task,
            device=word(message, "device"),
            sampler=self._sampler,
        )
        conditions = {
            "min_heard_ms": round(task.min_heard_s * 1000),
            "autoplay": task.autoplay,
            "ask_confidence": task.ask_confidence,
            "break_after_min": task.break_after_min,
        }
        unsaved = message.get("unsaved")
        settled = self._settle(unsaved if isinstance(unsaved, list) else [])
        return settled | {"conditions": conditions} | self._show()

    @page_command
    def _answer(self, message: Message) -> Message:
        """Store one answer, then choose the next triplet."""
        return self._settle([message]) | self._show()

    @page_command
    def _undo(self, message: Message) -> Message:
        """Take back the last answer and show its triplet again."""
        undone = self._open_session().undo(judgement_id=own_id(message))
        return {"undone": undone} | self._show()

    @page_command
    def _redo(self, message: Message) -> Message:
        """Give back the answer last undone and go on."""
        redone = self._open_session().redo(judgement_id=own_id(message))
        return {"redone": redone} | self._show()

    @page_command
    def _next(self, _message: Message) -> Message:
        """Show the open triplet."""
        return self._show()

    @page_command
    def _ahead(self, _message: Message) -> Message:
        """Name the triplet after this one, whose sound is fetched while this one is judged."""
        trial = self._open_session().ahead()
        return {"trial": _as_message(trial) if trial else None}

    @page_command
    def _cannot_play(self, message: Message) -> Message:
        """Pass over a triplet whose sound the browser cannot decode."""
        self._open_session().cannot_play(word(message, "trial"), item_of(message))
        return self._show()

    @page_command
    def _not_found(self, message: Message) -> Message:
        """Pass over a triplet if one of its files is gone; else it is the server that is wrong."""
        if self._open_session().look_for_sound(word(message, "trial")):
            return {"there": True}
        return self._show()

    # -- helpers --------------------------------------------------------------------------------

    def _open_session(self) -> RatingSession:
        if self._session is None:
            raise WorkbenchError("This session has ended; press Start to go on.")
        return self._session

    def _settle(self, answers: list[Message]) -> Message:
        """Store answers; the page may forget those `settled`, stored now or past storing."""
        refused = []
        answers = [answer for answer in answers if isinstance(answer, dict)]
        for answer in answers:
            try:
                name, trial, choice = own_id(answer), word(answer, "trial"), word(answer, "choice")
            except WorkbenchError:
                refused.append("An answer kept by this page was damaged and could not be stored.")
                continue
            try:
                stored = self._open_session().answer(
                    trial,
                    choice,
                    judgement_id=name,
                    confidence=answer.get("confidence"),
                    response_ms=answer.get("response_ms"),
                    trace=answer.get("trace"),
                )
            except (NotReadyError, UnknownNameError) as error:
                facts = {"id": name, "reason": str(error)}
                _LOG.warning("An answer could not be stored", extra=facts)
                refused.append(str(error))
            else:
                if not stored and name not in self._ws.judgements:
                    refused.append(_ANSWERED_ELSEWHERE)
        settled = [answer.get("id") for answer in answers]
        return {"settled": settled, "refused": " ".join(dict.fromkeys(refused))}

    def _show(self) -> Message:
        session = self._open_session()
        try:
            shown: Message = {"trial": _as_message(session.next())}
        except NotReadyError as error:
            shown = {"empty": str(error)}
        return shown | {"note": session.take_notes()} | self._progress()

    def _progress(self) -> Message:
        return {"progress": vars(self._session.progress)} if self._session else {}


def _task(
    ws: Workspace, task: RatingTask | str | None, dimension: str | None, settings: dict[str, Any]
) -> RatingTask:
    """Return the task meant, checked against the workspace."""
    found = RatingTasks(ws).load(task) if isinstance(task, str) else task or RatingTask()
    if dimension is not None:
        settings = settings | {"dimensions": (dimension,)}
    unknown = sorted(settings.keys() - {field.name for field in fields(RatingTask)})
    if unknown:
        raise UnknownNameError(f"A rating task has no setting {unknown[0]!r}.")
    found = replace(found, **settings)
    check_task(ws, found)
    return found


def _as_message(trial: Trial) -> Message:
    """Return what the page may know of a trial: no titles, nothing of why it is asked."""
    return {
        "id": trial.id,
        "dimension": trial.dimension,
        "odd_one_out": trial.open.odd_one_out,
        "question": trial.question,
        "rubric": trial.rubric,
        "clips": [
            {
                "item": clip.item_id,
                "url": clip.url,
                "start": clip.start_s,
                "length": clip.length_s,
                "gain_db": clip.gain_db,
                "peaks": clip.peaks,
            }
            for clip in trial.clips
        ],
    }
