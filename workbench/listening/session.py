"""A rating session: which triplet comes next, and what becomes of the answers.

Everything that matters is in the database, not here: a session that is killed and opened again
shows the same triplet, on the same sides, and goes on counting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import numpy as np

from workbench.errors import NotReadyError, WorkbenchError
from workbench.judgements.answers import Answer, new_id
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.rows import JUDGED, Triplet
from workbench.listening.choosing import Chooser
from workbench.listening.clips import Clips
from workbench.listening.trials import Progress, Trial, by_candidate, rater_name
from workbench.sampling.samplers import Sampler
from workbench.subspaces.dimensions import dimensions_of, get_dimension

if TYPE_CHECKING:
    from workbench.workspace import Workspace

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

    Opening one stores it. If the rater left a triplet open less than half an hour ago, that
    sitting goes on.

    Parameters
    ----------
    ws
        The workspace.
    rater
        Who judges.
    dimensions
        Which dimensions to ask about, in rotation; by default all the workspace has.
    sampler
        ``mix`` (half random, half by tags), ``random``, ``tags``, or a sampler of your own.
    clip_s
        Seconds heard of each item.
    turn
        Triplets asked about one dimension before the next one's turn.
    overlap
        Whether triplets that other raters judged may be asked again.
    seed
        Makes the choice of triplets and sides repeatable.

    Raises
    ------
    UnknownNameError
        If a dimension or the sampler does not exist.
    WorkbenchError
        If the rater has no name or the clip no length.

    Examples
    --------
    >>> session = RatingSession(ws, rater="Ada", dimensions=["tempo"])  # doctest: +SKIP
    >>> trial = session.next()  # doctest: +SKIP
    >>> session.answer(trial, trial.choice("left"))  # doctest: +SKIP
    True
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        rater: str,
        dimensions: Sequence[str] | None = None,
        sampler: str | Sampler = "mix",
        clip_s: float = 10.0,
        turn: int = 5,
        overlap: bool = False,
        seed: int | None = None,
    ) -> None:
        self.rater = rater_name(rater)
        if not 0.5 <= clip_s <= 60:
            raise WorkbenchError("A clip lasts between half a second and a minute.")
        self.dimensions = list(dimensions or dimensions_of(ws))
        self._questions = {name: get_dimension(ws, name).question for name in self.dimensions}
        self._log, self._claims = ws.judgements, Claims(ws.database)
        self._clips = Clips(ws, clip_s)
        self._chooser = Chooser(
            ws,
            self._clips,
            sampler=sampler,
            rater=self.rater,
            overlap=overlap,
            rng=np.random.default_rng(seed),
        )
        self._only_by_tags = sampler == "tags"
        self._turn, self._overlap = max(turn, 1), overlap
        self._shown: dict[str, Trial] = {}
        self._lock = threading.RLock()
        self.id = self._claims.last_session(self.rater) or self._log.open_session(self.rater)

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
        for claim in self._claims.open(self.rater, self.dimensions):
            if not self._clips.can_play(claim.triplet.items):
                self._claims.release(claim.triplet, self.rater)
            elif self._claims.renew(claim.triplet, self.rater):
                return self._trial(claim)
        return self._take()

    @_one_at_a_time
    def ahead(self) -> Trial | None:
        """Claim the trial after the present one, so that its sound can be fetched in time."""
        for claim in self._claims.open(self.rater, self.dimensions)[1:]:
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
        response_ms: int | None = None,
        heard_ms: Mapping[str, int] | None = None,
    ) -> bool:
        """Store one answer; when this returns it is on disk.

        Parameters
        ----------
        trial
            The trial or its id, which may come from before the kernel was restarted.
        choice
            ``a``, ``b``, ``cannot_tell`` or ``skip``; ``left`` and ``right`` are translated.
        judgement_id
            A UUID made where the answer was given: the same one twice is stored once.
        response_ms
            Time from the first sight of the trial to the answer.
        heard_ms
            How long the ``anchor``, ``left`` and ``right`` clips sounded.

        Returns
        -------
        bool
            False if this answer, or another one of the same rater to the same triplet (from a
            second window), is already stored.

        Raises
        ------
        NotReadyError
            If the trial is no longer open.
        """
        if judgement_id is not None and judgement_id in self._log:
            return False
        triplet = Triplet.parse(trial if isinstance(trial, str) else trial.id)
        claim = self._claims.get(triplet, self.rater)
        if claim is None and self._log.has_judged(self.rater, triplet):
            return False
        shown = self._shown.get(triplet.id) or (self._trial(claim) if claim else None)
        if shown is None:
            raise NotReadyError(
                "This triplet went to another rater after half an hour; go on with the next one."
            )
        row = Answer(
            id=judgement_id or new_id(),
            session_id=self.id,
            rater=self.rater,
            **vars(triplet),
            choice=shown.choice(choice),
            a_is_left=shown.a_is_left,
            sampler=shown.sampler,
            sampler_score=shown.sampler_score,
            response_ms=response_ms,
            heard_ms=by_candidate(heard_ms, a_is_left=shown.a_is_left),
            clip_start_s=shown.anchor.start_s,
            clip_length_s=self._clips.clip_s,
        )
        stored = self._log.append(row)
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
    def cannot_play(self, trial_id: str, item_id: int) -> None:
        """Give a trial back whose sound the page could not decode, and avoid that item."""
        self._clips.avoid(item_id, f"The sound of item {item_id} cannot be played.")
        self._claims.release(Triplet.parse(trial_id), self.rater)

    def take_notes(self) -> str:
        """Return what was passed over since the last call, in sentences for the rater."""
        return self._clips.take_notes()

    @property
    def progress(self) -> Progress:
        """How much has been judged."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        by_dimension = self._log.counts(session_id=self.id, choices=JUDGED)
        skipped = self._log.counts(session_id=self.id, choices=["skip"])
        today = self._log.counts(rater=self.rater, since=midnight, choices=JUDGED)
        return Progress(
            sum(by_dimension.values()), by_dimension, sum(skipped.values()), sum(today.values())
        )

    def _take(self) -> Trial:
        for dimension in self._by_turn():
            for wanted in self._chooser.candidates(dimension, self.id):
                if self._claims.take(wanted, overlap=self._overlap):
                    return self._trial(wanted)
        untold = ", or has no tags to go by" if self._only_by_tags else ""
        raise NotReadyError(
            f"Nothing is left to ask about {_listed(self.dimensions)}: every triplet of these "
            f"songs has been judged or is open elsewhere{untold}; import more songs or choose "
            "another dimension."
        )

    def _by_turn(self) -> list[str]:
        """Return the dimensions, beginning with the one whose turn it is."""
        given = sum(self._log.counts(session_id=self.id).values())
        given += len(self._claims.open(self.rater, self.dimensions))
        first = given // self._turn % len(self.dimensions)
        return self.dimensions[first:] + self.dimensions[:first]

    def _trial(self, claim: OpenTriplet) -> Trial:
        anchor, a, b = self._clips.excerpts(claim.triplet.items)
        trial = Trial(
            id=claim.triplet.id,
            dimension=claim.triplet.dimension,
            question=self._questions.get(claim.triplet.dimension, ""),
            anchor=anchor,
            left=a if claim.a_is_left else b,
            right=b if claim.a_is_left else a,
            a_is_left=claim.a_is_left,
            sampler=claim.sampler,
            sampler_score=claim.sampler_score,
        )
        self._shown[trial.id] = trial
        return trial


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
