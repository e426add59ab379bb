"""`TripletRater`: listen to three excerpts and say which candidate is closer to the anchor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.listening.clips import Clip
from workbench.listening.session import RatingSession
from workbench.listening.trials import Trial
from workbench.subspaces.dimensions import dimensions_of, get_dimension
from workbench.widgets.assets import css, esm

if TYPE_CHECKING:
    from workbench.sampling.samplers import Sampler
    from workbench.workspace import Workspace

_LOG = logging.getLogger(__name__)
_Message = dict[str, Any]
_Reply = tuple[_Message, list[bytes]]


def _command(method: Callable[[TripletRater, _Message], _Message]) -> Callable[..., _Reply]:
    """Make a method answer the page whatever happens: an exception would never arrive there."""

    @anywidget.experimental.command
    @wraps(method)
    def answer(self: TripletRater, message: _Message, _buffers: list[bytes]) -> _Reply:
        try:
            with self._lock:
                return method(self, message), []
        except NotReadyError as error:
            return {"empty": str(error), **self._progress()}, []
        except WorkbenchError as error:
            return {"error": str(error)}, []
        except Exception:
            _LOG.exception("TripletRater%s failed", method.__name__)
            return {"error": "Something went wrong in Python; its log has the details."}, []

    return answer


class TripletRater(anywidget.AnyWidget):
    """Judge triplets by ear, with the keyboard alone if you like.

    Nothing is claimed and no session opened before the rater's first action. Every answer is on
    disk before the next triplet appears.

    Parameters
    ----------
    ws
        The workspace.
    dimension
        The dimension to ask about; by default the rater chooses one or all in turn.
    rater
        Who judges; by default the page asks and remembers the name.
    sampler
        ``mix`` (half random, half by tags; the default), ``random``, ``tags`` or a sampler.
    clip_s
        Seconds heard of each song.

    Raises
    ------
    UnknownNameError
        If the workspace has no such dimension.

    Examples
    --------
    >>> TripletRater(ws, dimension="tempo")  # doctest: +SKIP
    """

    _esm = esm("base.js", "rater_sound.js", "rater_parts.js", "rater_page.js", "rater.js")
    _css = css("rater.css")
    setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        ws: Workspace,
        *,
        dimension: str | None = None,
        rater: str | None = None,
        sampler: str | Sampler | None = None,
        clip_s: float = 10.0,
    ) -> None:
        if dimension is not None:
            get_dimension(ws, dimension)
        self._ws, self._sampler, self._clip_s = ws, sampler or "mix", clip_s
        self._lock = threading.RLock()
        self._session: RatingSession | None = None
        super().__init__(
            setup={
                "workspace": ws.id,
                "rater": rater or "",
                "dimension": dimension or "",
                "dimensions": [dimension] if dimension else list(dimensions_of(ws)),
            }
        )

    # -- commands of the page -------------------------------------------------------------------

    @_command
    def _start(self, message: _Message) -> _Message:
        """Open a session, store answers a dead kernel did not acknowledge, show the triplet."""
        dimension = message.get("dimension") or None
        self._session = RatingSession(
            self._ws,
            rater=str(message.get("rater", "")),
            dimensions=[dimension] if dimension else None,
            sampler=self._sampler,
            clip_s=self._clip_s,
        )
        return self._settle(message.get("unsaved", [])) | self._show()

    @_command
    def _answer(self, message: _Message) -> _Message:
        """Store one answer, then choose the next triplet."""
        return self._settle([message]) | self._show()

    @_command
    def _undo(self, message: _Message) -> _Message:
        """Take back the last answer and show its triplet again."""
        undone = self._open_session().undo(judgement_id=message["id"])
        return {"undone": undone} | self._show()

    @_command
    def _next(self, _message: _Message) -> _Message:
        """Show the open triplet."""
        return self._show()

    @_command
    def _ahead(self, _message: _Message) -> _Message:
        """Name the triplet after this one, whose sound is fetched while this one is judged."""
        trial = self._open_session().ahead()
        return {"trial": _as_message(trial) if trial else None}

    @_command
    def _cannot_play(self, message: _Message) -> _Message:
        """Pass over a triplet whose sound the browser cannot decode."""
        self._open_session().cannot_play(message["trial"], int(message["item"]))
        return self._show()

    # -- helpers --------------------------------------------------------------------------------

    def _open_session(self) -> RatingSession:
        if self._session is None:
            raise WorkbenchError("This session has ended; press Start to go on.")
        return self._session

    def _settle(self, answers: list[_Message]) -> _Message:
        """Store answers; the page may forget those `settled`, stored now or past storing."""
        refused = []
        for answer in answers:
            try:
                self._open_session().answer(
                    answer["trial"],
                    answer["choice"],
                    judgement_id=answer["id"],
                    response_ms=answer.get("response_ms"),
                    heard_ms=answer.get("heard_ms"),
                )
            except (NotReadyError, UnknownNameError) as error:
                _LOG.warning("An answer could not be stored: %s (%s)", answer, error)
                refused.append(str(error))
        settled = [answer["id"] for answer in answers]
        return {"settled": settled, "refused": " ".join(dict.fromkeys(refused))}

    def _show(self) -> _Message:
        session = self._open_session()
        try:
            shown: _Message = {"trial": _as_message(session.next())}
        except NotReadyError as error:
            shown = {"empty": str(error)}
        return shown | {"note": session.take_notes()} | self._progress()

    def _progress(self) -> _Message:
        return {"progress": vars(self._session.progress)} if self._session else {}


def _as_message(trial: Trial) -> _Message:
    """Return what the page may know of a trial: no titles, only the two sides."""
    return {
        "id": trial.id,
        "dimension": trial.dimension,
        "question": trial.question,
        "clips": {
            "anchor": _clip_message(trial.anchor),
            "left": _clip_message(trial.left),
            "right": _clip_message(trial.right),
        },
    }


def _clip_message(clip: Clip) -> _Message:
    return {
        "item": clip.item_id,
        "url": clip.url,
        "start": clip.start_s,
        "length": clip.length_s,
        "peaks": clip.peaks,
    }
