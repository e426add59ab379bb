"""A sitting of one reviewer: one item at a time, its suggested tags, verdicts, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.catalogue.tables import now
from workbench.errors import NotReadyError, UnknownNameError
from workbench.judgements.answers import rater_name
from workbench.tagging.machine_tags import MachineTags, newest
from workbench.tagging.reviewing import (
    Suggestion,
    as_known,
    confirmed,
    known_values,
    review_dimensions,
    review_queue,
    suggestions,
)
from workbench.tagging.reviews import ReviewLog, Verdict

if TYPE_CHECKING:
    from workbench.catalogue.tables import Item
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class ReviewItem:
    """An item as it is shown for review.

    `confirmed` holds (dimension, value, source) of the tags that people gave; `peaks` are waveform
    levels 0 to 255, none where the sound has to be made first. `domain` is ``audio`` or
    ``symbolic``.
    """

    item_id: int
    title: str
    artist: str
    domain: str
    suggestions: list[Suggestion]
    confirmed: list[tuple[str, str, str]]
    peaks: bytes = field(repr=False, default=b"")


@dataclass(frozen=True)
class ReviewProgress:
    """How far a reviewer is: verdicts of this sitting and of today, and items that are left."""

    session: int
    today: int
    left: int


class ReviewSession:
    """One reviewer's way through the queue.

    Parameters
    ----------
    ws
        The workspace.
    reviewer
        Who reviews.
    tagger
        Whose suggestions; by default of the tagger that ran last.
    dimension
        Of which dimension; by default of all.
    kind
        Of which kind of items, as for `review_queue`.

    Raises
    ------
    NotReadyError
        If no tagger has been run.
    UnknownNameError
        If the tagger knows nothing of the dimension.
    WorkbenchError
        If the name is none.

    Attributes
    ----------
    values : dict
        By dimension, the values that are known, to complete from.
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        reviewer: str,
        tagger: str | None = None,
        dimension: str | None = None,
        kind: str | None = "song",
    ) -> None:
        self._ws, self._kind = ws, kind
        self.reviewer = rater_name(reviewer)
        self.tags = newest(ws) if tagger is None else MachineTags(ws, tagger)
        self.dimension = dimension
        self.log = ReviewLog(ws.database)
        self._begun = now()
        self.values = {
            name: known_values(ws, name, tagger=self.tags.key)
            for name in review_dimensions(ws, self.tags.key)
        }
        self._passed: set[int] = set()
        self._current: int | None = None
        self._shown: ReviewItem | None = None
        self._passed_open = 0  # of those passed over, how many had open suggestions at last sight
        self._queue = self._ask()

    def show(self) -> ReviewItem:
        """Return the item on the page; if there is none, the next one of the queue.

        Raises
        ------
        NotReadyError
            If nothing is left.
        """
        while self._current is None:
            self._queue = self._queue or self._ask()
            if not self._queue:
                raise NotReadyError(self._nothing_left())
            candidate = self._queue.pop(0)
            if any(suggestion.is_open for suggestion in self._suggestions(candidate)):
                self._current = candidate  # else somebody has settled it meanwhile
        return self._item(self._current)

    def go_on(self) -> ReviewItem:
        """Leave the item on the page as it is and return the next one, see `show`."""
        if self._current is not None:
            self._passed.add(self._current)
            self._current = None
        return self.show()

    def look_again(self) -> ReviewItem:
        """Return to what was passed over and to what is new, see `show`."""
        self._passed.clear()
        self._queue = []
        return self.show()

    def judge(
        self, item_id: int, dimension: str, value: str, verdict: str, *, id: str | None = None
    ) -> ReviewItem:
        """Store a verdict and return its item as it is now.

        Of a tag that the tagger suggests, tagger and score are stored with it; any other one that
        is accepted is a person's own idea, spelt as the workspace spells it already.

        Parameters
        ----------
        item_id, dimension, value
            The tag.
        verdict
            ``accepted`` or ``rejected``.
        id
            Of the verdict; sending it twice stores it once.

        Raises
        ------
        UnknownNameError
            If there is no such item, or tags do not speak of the dimension.
        WorkbenchError
            If the value cannot be one.
        """
        if dimension not in self.values:
            raise UnknownNameError(f"{dimension!r} is no dimension that tags speak of.")
        value = as_known(value, self.values[dimension])
        column = self.tags.columns.get((dimension, value.casefold()))  # type: ignore[call-overload]
        score = None
        if column is not None and item_id in self.tags.ids:
            score = float(self.tags.scores([item_id])[0, column])
        given = Verdict(
            item_id=item_id,
            dimension=dimension,
            value=value,
            verdict=verdict,
            reviewer=self.reviewer,
            tagger=None if score is None else self.tags.key,
            score=score,
            **({} if id is None else {"id": id}),
        )
        self.log.append(given)
        if given.value not in self.values[dimension]:
            self.values[dimension] = sorted(
                [*self.values[dimension], given.value], key=str.casefold
            )
        self._put_on_page(item_id)
        return self._item(item_id)

    def undo(self, *, id: str | None = None) -> tuple[ReviewItem, Verdict] | None:
        """Take back the reviewer's last verdict; return its item, and what was taken back.

        Verdicts of earlier sittings are taken back, too, one after the other. None: there is none.
        """
        undone = self.log.undo(self.reviewer, id=id)
        if undone is None:
            return None
        self._put_on_page(undone.item_id)
        return self._item(undone.item_id), undone

    @property
    def progress(self) -> ReviewProgress:
        """How far the reviewer is."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        shown = self._shown if self._current is not None else None
        on_page = shown is not None and any(each.is_open for each in shown.suggestions)
        return ReviewProgress(
            session=self.log.count(self.reviewer, since=self._begun),
            today=self.log.count(self.reviewer, since=midnight),
            left=len(self._queue) + on_page,
        )

    def _put_on_page(self, item_id: int) -> None:
        """Show an item now; the one that was shown comes next."""
        waiting = [] if self._current in (None, item_id) else [self._current]
        self._queue = [i for i in (*waiting, *self._queue) if i is not None and i != item_id]
        self._current = item_id
        self._passed.discard(item_id)

    def _ask(self) -> list[int]:
        found = review_queue(
            self._ws, tagger=self.tags.key, dimension=self.dimension, kind=self._kind
        )
        fresh = [int(item_id) for item_id in found.index if item_id not in self._passed]
        self._passed_open = len(found) - len(fresh)
        return fresh

    def _suggestions(self, item_id: int) -> list[Suggestion]:
        return suggestions(self._ws, item_id, tagger=self.tags.key, dimension=self.dimension)

    def _item(self, item_id: int) -> ReviewItem:
        item = self._ws.catalogue.item(item_id)
        own = confirmed(self._ws, item_id)
        shown = ReviewItem(
            item_id,
            item.title or f"Item {item_id}",
            item.artist,
            item.domain,
            self._suggestions(item_id),
            list(own.itertuples(index=False, name=None)),
            self._peaks(item),
        )
        self._shown = shown
        return shown

    def _peaks(self, item: Item) -> bytes:
        """Return the waveform of a recording; that of a score is known once it was rendered."""
        if item.domain != "audio":
            return b""
        return self._ws.catalogue.peaks([item.id]).get(item.id, b"")

    def _nothing_left(self) -> str:
        about = f" of {self.dimension}" if self.dimension else ""
        if self._passed_open:
            return (
                f"Only what you passed over is left of the tags{about} that {self.tags.key} "
                "suggests: look again, or leave it."
            )
        return (
            f"Nothing is left to review: every tag{about} that {self.tags.key} suggests has a "
            "verdict. After the next import run `workbench tag`."
        )
