"""A rating session: which triplet comes next, and what becomes of the answers.

Everything that matters is in the database, not here: a session that is killed and opened again
shows the same triplet, on the same sides, and goes on counting.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import numpy as np

from workbench.errors import NotReadyError, WorkbenchError
from workbench.judgements.answers import new_id, rater_name
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.rows import Triplet
from workbench.listening.choosing import Chooser
from workbench.listening.clips import Clips
from workbench.listening.rater import Progress, progress_of
from workbench.listening.rubrics import Rubrics
from workbench.listening.task_store import check_task, dimensions_asked, question_about
from workbench.listening.tasks import RatingTask
from workbench.listening.trials import Trace, Trial, checked_trace, places, whole_ms
from workbench.sampling.proposals import Sampler

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)
DEVICES = ("", "headphones", "speakers")
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def _one_at_a_time(
    method: Callable[Concatenate[RatingSession, _Given], _Result],
) -> Callable[Concatenate[RatingSession, _Given], _Result]:
    @wraps(method)
    def locked(self: RatingSession, *args: _Given.args, **options: _Given.kwargs) -> _Result:
        with self._lock:
            return method(self, *args, **options)

    return locked


class RatingSession:
    """One sitting of one rater; methods may be called from any thread.

    Opening one stores it. If the rater left a triplet of the same task open less than half an
    hour ago, that sitting goes on.

    Parameters
    ----------
    ws
        The workspace.
    rater
        Who judges.
    task
        What is asked, and how; by default every dimension in turn.
    device
        ``headphones``, ``speakers``, or empty where it is not said.
    sampler
        A sampler of your own, instead of the one the task names.
    seed
        Makes the choice of triplets and places repeatable.

    Raises
    ------
    UnknownNameError
        If a dimension, an item or the sampler does not exist.
    WorkbenchError
        If the rater has no name.

    Examples
    --------
    >>> task = RatingTask(dimensions=("tempo",), clip_s=3)
    >>> session = RatingSession(ws, rater="Ada", task=task)  # doctest: +SKIP
    >>> trial = session.next()  # doctest: +SKIP
    >>> session.answer(trial, "left")  # doctest: +SKIP
    True
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        rater: str,
        task: RatingTask | None = None,
        device: str = "",
        sampler: Sampler | None = None,
        seed: int | None = None,
    ) -> None:
        self.rater, self.task = rater_name(rater), task or RatingTask()
        if device not in DEVICES:
            raise WorkbenchError("People listen by headphones or by speakers, or do not say.")
        check_task(ws, self.task)
        self.dimensions = dimensions_asked(ws, self.task)
        self._questions = {name: question_about(ws, name) for name in self.dimensions}
        self._rubrics = Rubrics(ws)
        self._log, self._claims = ws.judgements, Claims(ws.database)
        self._clips = Clips(ws, self.task.clip_s, target_lufs=self.task.target_lufs)
        self._chooser = Chooser(
            ws,
            self._clips,
            task=self.task,
            rater=self.rater,
            rng=np.random.default_rng(seed),
            sampler=sampler,
        )
        self._shown: dict[str, Trial] = {}
        self._lock = threading.RLock()
        left_open = self._claims.last_session(self.rater, task=self.task.name)
        self.id = left_open or self._log.open_session(
            self.rater, device=device, task=self.task.name
        )

    # -- asking ---------------------------------------------------------------------------------

    @_one_at_a_time
    def next(self) -> Trial:
        """Return the triplet to judge now: the one still open, else a new one.

        Calling it again before the answer returns the same trial.

        Raises
        ------
        NotReadyError
            If there are fewer than three songs with sound, or nothing is left to ask.
        """
        for claim in self._open():
            if not self._clips.can_play(claim.triplet.items):
                self._claims.release(claim.triplet, self.rater)
            elif self._claims.renew(claim.triplet, self.rater):
                return self._trial(claim)
        return self._take()

    @_one_at_a_time
    def ahead(self) -> Trial | None:
        """Claim the trial after the present one, so that its sound can be fetched in time."""
        for claim in self._open()[1:]:
            if self._clips.can_play(claim.triplet.items):
                return self._trial(claim)
        try:
            return self._take()
        except NotReadyError:
            return None

    @_one_at_a_time
    def answer(
        self,
        trial: Trial | str,
        choice: str,
        *,
        judgement_id: str | None = None,
        confidence: int | None = None,
        response_ms: int | None = None,
        trace: Trace | None = None,
    ) -> bool:
        """Store one answer; when this returns it is on disk.

        Parameters
        ----------
        trial
            The trial or its id, which may come from before the kernel was restarted.
        choice
            One of the trial's `answers`; also ``a`` or ``b`` where an anchor is compared with.
        judgement_id
            A UUID made where the answer was given: the same one twice is stored once.
        confidence
            1 a guess, 2 fairly sure, 3 certain; None if it was not asked for.
        response_ms
            Time from the first sight of the trial to the answer.
        trace
            What was heard of each clip, from left to right: `heard_ms`, `plays` (from a start)
            and `switches` (in place).

        Returns
        -------
        bool
            False if this answer, or another one of the same rater to the same triplet (from a
            second window), is already stored.

        Raises
        ------
        NotReadyError
            If the trial is no longer open, or the trace says that a clip was not heard for long
            enough.
        """
        if judgement_id is not None and judgement_id in self._log:
            return False
        triplet = Triplet.parse(trial if isinstance(trial, str) else trial.id)
        claim = self._claims.get(triplet, self.rater)
        if claim is None:
            odd_one_out = self.task.mode == "odd_one_out"
            if self._log.has_judged(self.rater, triplet, odd_one_out=odd_one_out):
                return False
        shown = self._shown.get(triplet.id) or (self._trial(claim) if claim else None)
        if shown is None:
            raise NotReadyError(
                "This triplet went to another rater after half an hour; go on with the next one."
            )
        heard = checked_trace(trace)
        if heard is not None and choice != "skip" and shown.unheard(heard):
            raise NotReadyError("Hear all three clips first; that answer was not stored.")
        rows = shown.rows(
            choice,
            id=judgement_id or new_id(),
            trace=heard,
            session_id=self.id,
            rater=self.rater,
            confidence=confidence,
            response_ms=whole_ms(response_ms),
            clip_length_s=self.task.clip_s,
        )
        stored = self._log.append_all(rows) > 0
        _LOG.info("Judgement", extra={"id": rows[0].id, "sitting": self.id, "stored": stored})
        self._shown.pop(triplet.id, None)
        return stored

    @_one_at_a_time
    def undo(self, *, judgement_id: str | None = None) -> bool:
        """Take back the last answer that stands; `next` then returns its trial again.

        Parameters
        ----------
        judgement_id
            A UUID for the row that records the undo: the same one twice undoes once.

        Returns
        -------
        bool
            False if nothing of this sitting is left to undo.
        """
        return self._log.undo(self.id, id=judgement_id) is not None

    @_one_at_a_time
    def redo(self, *, judgement_id: str | None = None) -> bool:
        """Give back the answer last undone; False if nothing is left to redo."""
        return self._log.redo(self.id, id=judgement_id) is not None

    @_one_at_a_time
    def cannot_play(self, trial_id: str, item_id: int) -> None:
        """Give a trial back whose sound the page could not decode, and avoid that item."""
        self._clips.avoid(item_id, f"The sound of item {item_id} cannot be played.")
        self._claims.release(Triplet.parse(trial_id), self.rater)

    @_one_at_a_time
    def look_for_sound(self, trial_id: str) -> bool:
        """Return whether the files of a trial are there; if one is not, the trial is given back."""
        triplet = Triplet.parse(trial_id)
        if self._clips.can_play(triplet.items):
            return True
        self._claims.release(triplet, self.rater)
        return False

    def take_notes(self) -> str:
        """Return what was passed over since the last call, in sentences for the rater."""
        return self._clips.take_notes()

    @property
    def progress(self) -> Progress:
        """How much has been judged."""
        return progress_of(self._log, self.rater, self.id)

    def _take(self) -> Trial:
        for dimension in self._by_turn():
            for wanted in self._chooser.candidates(dimension, self.id):
                if self._claims.take(wanted, raters=self._chooser.raters_of(wanted)):
                    return self._trial(wanted)
        raise NotReadyError(self._why_nothing_is_left())

    def _open(self) -> list[OpenTriplet]:
        """Return the open triplets that belong to this task, the one to show first."""
        claims = self._claims.open(self.rater, self.dimensions)
        return [claim for claim in claims if self.task.asks(claim.triplet, claim.odd_one_out)]

    def _why_nothing_is_left(self) -> str:
        if self.task.triplets:
            return (
                f"You have judged every triplet of {self.task.name or 'this task'}, or it is open "
                "elsewhere: thank you."
            )
        guided = self.task.sampler in ("tags", "machine_tags")
        untold = ", or has no tags to go by" if guided else ""
        return (
            f"Nothing is left to ask about {_listed(self.dimensions)}: every triplet of these "
            f"songs has been judged or is open elsewhere{untold}; import more songs or choose "
            "another dimension."
        )

    def _by_turn(self) -> list[str]:
        """Return the dimensions, beginning with the one whose turn it is."""
        given = sum(self._log.counts(session_id=self.id).values())
        given += len(self._open())
        first = given // self.task.turn % len(self.dimensions)
        return self.dimensions[first:] + self.dimensions[:first]

    def _trial(self, claim: OpenTriplet) -> Trial:
        first, second, third = self._clips.excerpts(places(claim))
        dimension = claim.triplet.dimension
        trial = Trial(
            open=claim,
            question=self._questions.get(dimension, ""),
            clips=(first, second, third),
            rubric=self._rubrics.of(dimension),
            min_heard_s=self.task.min_heard_s,
        )
        self._shown[trial.id] = trial
        return trial


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
