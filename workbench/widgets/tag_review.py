"""`TagReview`: hear a piece, judge the tags a machine suggests for it, add what is missing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.errors import NotReadyError, StorageError, UnknownNameError, WorkbenchError
from workbench.tagging.machine_tags import MachineTags, machine_taggers, newest
from workbench.tagging.review_session import ReviewItem, ReviewSession
from workbench.urls import audio_url
from workbench.widgets.assets import css, esm
from workbench.widgets.commands import Message, item_of, own_id, page_command, word
from workbench.widgets.present import date_words

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_KINDS = {"symbolic": "score"}  # what is worth saying of a domain
_MOST_VALUES = 1000  # of a dimension that the page completes from


class TagReview(anywidget.AnyWidget):
    """Review machine tags, with the keyboard alone if you like.

    Every verdict is on disk before the page says so. What is accepted or added is a tag of the
    catalogue like any other that a person gave.

    Parameters
    ----------
    ws
        The workspace.
    tagger
        Whose suggestions; by default the reviewer chooses among those that were run.
    dimension
        Of which dimension; by default the reviewer chooses one or all.
    reviewer
        Who reviews; by default the page asks and remembers the name.
    kind
        Of which kind of items, as for `workbench.tagging.reviewing.review_queue`.

    Raises
    ------
    NotReadyError
        If the tagger was named and has not been run.
    UnknownNameError
        If it knows nothing of the dimension.

    Examples
    --------
    >>> TagReview(ws, dimension="mood")  # doctest: +SKIP
    """

    _esm = esm(
        *("base.js", "saving.js", "keys.js", "fields.js", "wave.js", "items.js", "playbar.js"),
        *("word_picker.js", "tag_review_page.js", "tag_review.js"),
    )
    _css = css("keyed.css", "items.css", "playbar.css", "tag_review.css")
    setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        ws: Workspace,
        *,
        tagger: str | None = None,
        dimension: str | None = None,
        reviewer: str | None = None,
        kind: str | None = "song",
    ) -> None:
        self._ws, self._kind = ws, kind
        self._tagger, self._dimension, self._reviewer = tagger, dimension, reviewer
        self._lock = threading.RLock()
        self._session: ReviewSession | None = None
        super().__init__(setup=self._set_up())

    # -- commands of the page -------------------------------------------------------------------

    @page_command
    def _look_for_taggers(self, _message: Message) -> Message:
        """Say what can be reviewed now: a tagger may have been run meanwhile."""
        return {"setup": self._set_up()}

    @page_command
    def _start(self, message: Message) -> Message:
        """Open a session and show its first item."""
        self._session = ReviewSession(
            self._ws,
            reviewer=word(message, "reviewer"),
            tagger=word(message, "tagger"),
            dimension=word(message, "dimension") or None,
            kind=self._kind,
        )
        values = {name: self._values(name) for name in self._session.values}
        try:
            shown = self._message(self._session.show())
        except NotReadyError as error:
            shown = {"empty": str(error), **self._progress()}
        return {"values": values} | shown

    @page_command
    def _judge(self, message: Message) -> Message:
        """Store one verdict and show its item as it is now."""
        dimension = word(message, "dimension")
        try:
            item = self._open_session().judge(
                item_of(message),
                dimension,
                word(message, "value"),
                word(message, "verdict"),
                id=own_id(message),
            )
        except StorageError:
            raise  # it may be stored when it is sent again
        except WorkbenchError as error:
            return {"refused": str(error)}
        values = {"values": {dimension: self._values(dimension)}}
        return self._message(item) | values | {"said": _what_stays(item, message)}

    @page_command
    def _undo(self, message: Message) -> Message:
        """Take back the last verdict and show its item."""
        undone = self._open_session().undo(id=own_id(message))
        if undone is None:
            return {"refused": "There is nothing left to undo."}
        item, verdict = undone
        said = f"Undone: {verdict.value} was {verdict.verdict}."
        return self._message(item) | {"said": said}

    @page_command
    def _next(self, _message: Message) -> Message:
        """Leave the item as it is and show the next one."""
        return self._message(self._open_session().go_on())

    @page_command
    def _look_again(self, _message: Message) -> Message:
        """Show what was passed over, and what is new."""
        return self._message(self._open_session().look_again())

    # -- helpers --------------------------------------------------------------------------------

    def _set_up(self) -> Message:
        taggers = [self._tagger] if self._tagger else machine_taggers(self._ws)
        described = [_described(MachineTags(self._ws, key)) for key in taggers]
        if self._dimension:
            described = [each for each in described if self._dimension in each["dimensions"]]
            if taggers and not described:
                raise UnknownNameError(f"No tagger that was run knows of {self._dimension!r}.")
        setup = {
            "reviewer": self._reviewer or "",
            "dimension": self._dimension or "",
            "taggers": described,
            "problem": "",
        }
        if not described:
            try:
                newest(self._ws)
            except NotReadyError as error:
                setup["problem"] = str(error)
        return setup

    def _open_session(self) -> ReviewSession:
        if self._session is None:
            raise WorkbenchError("This session has ended; open the page again to go on.")
        return self._session

    def _values(self, dimension: str) -> list[str]:
        return self._open_session().values[dimension][:_MOST_VALUES]

    def _message(self, item: ReviewItem) -> Message:
        return {"item": _as_message(self._ws, item)} | self._progress()

    def _progress(self) -> Message:
        return {"progress": vars(self._session.progress)} if self._session else {}


def _what_stays(item: ReviewItem, judged: Message) -> str:
    """Say so if a tag was rejected that the catalogue keeps, because somebody else gave it."""
    tag = (judged["dimension"], str(judged["value"]).casefold())
    sources = [s for dimension, value, s in item.confirmed if (dimension, value.casefold()) == tag]
    if judged["verdict"] != "rejected" or not sources:
        return ""
    return f"Rejected: {judged['value']}; the catalogue keeps it, as {sources[0]} says so."


def _described(tags: MachineTags) -> dict[str, Any]:
    """Return what the page says of a tagger."""
    return {
        "key": tags.key,
        "day": date_words(tags.card.moment),
        "threshold": tags.card.threshold,
        "dimensions": list(dict.fromkeys(tag.dimension for tag in tags.tags)),
    }


def _as_message(ws: Workspace, item: ReviewItem) -> Message:
    return {
        "id": item.item_id,
        "title": item.title,
        "artist": " · ".join(filter(None, [item.artist, _KINDS.get(item.domain)])),
        "url": audio_url(ws.id, item.item_id),
        "peaks": list(item.peaks),
        "suggestions": [vars(suggestion) for suggestion in item.suggestions],
        "confirmed": [
            {"dimension": dimension, "value": value, "source": source}
            for dimension, value, source in item.confirmed
        ],
    }
