"""The log of verdicts: what reviewers say of tags, one row per verdict, only ever added to.

An accepted tag, and one that a person adds, is also a tag of the catalogue with the source
``review``, so that every notion, filter and training takes it as what it is, a person's word. Of
several verdicts on one tag of an item the newest that stands counts; all are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import aliased

from workbench.catalogue.database import Database
from workbench.catalogue.manifest import tag_from_text
from workbench.catalogue.tables import Item, Tag, TagVerdict, now
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.judgements.answers import new_id, rater_name
from workbench.judgements.rows import aware

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

SOURCE = "review"  # of the tags that reviewers have confirmed
_PLACE = "The tag"  # where it stands, in sentences that refuse it
_LONGEST = 200  # characters of a value
_COLUMNS = (
    "id",
    "item_id",
    "dimension",
    "value",
    "verdict",
    "reviewer",
    "tagger",
    "score",
    "at",
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a reviewer says of one tag of an item, before it is stored.

    `verdict` is ``accepted`` or ``rejected``. `tagger` and `score` say what a machine suggested;
    a tag that a person thought of has neither and is ``accepted``. The `id` is made where the
    verdict is given: sending it twice stores it once.

    Raises
    ------
    WorkbenchError
        If it cannot be a tag, or says nothing of one.
    """

    item_id: int
    dimension: str
    value: str
    verdict: str
    reviewer: str
    tagger: str | None = None
    score: float | None = None
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        """Refuse what is no verdict; give value and reviewer without stray blanks."""
        if self.verdict not in ("accepted", "rejected"):
            raise WorkbenchError(f"{self.verdict!r} is no verdict; accept the tag or reject it.")
        if not 1 <= len(self.id) <= 36 or not self.id.isprintable():
            raise WorkbenchError("A verdict is known by an id of at most 36 characters.")
        value = " ".join("".join(c if c.isprintable() else " " for c in self.value).split())
        if not value or not self.dimension.strip() or len(value) > _LONGEST:
            raise WorkbenchError(f"A tag needs a dimension and a value of 1 to {_LONGEST} letters.")
        tag = tag_from_text(self.dimension, value, source=SOURCE, place=_PLACE)
        object.__setattr__(self, "value", tag.value)
        object.__setattr__(self, "reviewer", rater_name(self.reviewer))


class ReviewLog:
    """The verdicts of one workspace; rows are added, never changed or removed.

    Parameters
    ----------
    database
        Where they are stored.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, verdict: Verdict) -> bool:
        """Store one verdict, and give the item the tag or take it away, in one transaction.

        Returns
        -------
        bool
            True if it was stored now, False if a verdict of that id was already there.

        Raises
        ------
        UnknownNameError
            If its item does not exist.
        """
        with self._database.write() as transaction:
            _hold(transaction, verdict.item_id)
            if transaction.get(TagVerdict, verdict.id) is not None:
                return False
            _add(transaction, **vars(verdict))
            _bring_in_line(transaction, verdict.item_id, verdict.dimension, verdict.value)
        return True

    def undo(
        self, reviewer: str, *, id: str | None = None, since: datetime | None = None
    ) -> Verdict | None:
        """Take back the reviewer's last verdict that stands, by a row that supersedes it.

        Repeated calls walk back. What others said of the tag, or the reviewer said before, counts
        again.

        Parameters
        ----------
        reviewer
            Who gave it.
        id
            Id of the new row; sending it twice undoes once.
        since
            How far back; by default without end.

        Returns
        -------
        Verdict or None
            The one taken back; None if nothing is left to undo.

        Raises
        ------
        WorkbenchError
            If the id is that of a verdict.
        """
        id = id or new_id()
        with self._database.write() as transaction:
            if (stored := transaction.get(TagVerdict, id)) is not None:
                if stored.supersedes is None:
                    raise WorkbenchError("This id is that of a verdict; an undo needs its own.")
                return _as_verdict(transaction.get_one(TagVerdict, stored.supersedes))
            query = sa.select(TagVerdict).where(stands(), TagVerdict.reviewer == reviewer)
            if since is not None:
                query = query.where(TagVerdict.at >= since)
            last = transaction.scalar(query.order_by(TagVerdict.at.desc()).limit(1))
            if last is None:
                return None
            _hold(transaction, last.item_id)
            undone = _as_verdict(last)
            _add(transaction, **vars(undone) | {"id": id, "verdict": "undo"}, supersedes=last.id)
            _bring_in_line(transaction, last.item_id, last.dimension, last.value)
        return undone

    def table(self, ids: Sequence[int] | None = None) -> pd.DataFrame:
        """Return the verdicts that count, one per item and tag, the oldest first.

        Columns: id, item_id, dimension, value, verdict, reviewer, tagger, score, at.

        Parameters
        ----------
        ids
            Of these items only.
        """
        among = sa.true() if ids is None else TagVerdict.item_id.in_([int(i) for i in ids])
        frame = self._frame(sa.and_(stands(), among), _COLUMNS)
        key = ["item_id", "dimension", "value"]
        return frame.drop_duplicates(key, keep="last").reset_index(drop=True)

    def history(self) -> pd.DataFrame:
        """Return every row ever stored, oldest first, with what it `supersedes`."""
        return self._frame(sa.true(), (*_COLUMNS, "supersedes"))

    def count(self, reviewer: str, *, since: datetime | None = None) -> int:
        """Return how many verdicts of a reviewer stand."""
        query = sa.select(sa.func.count()).where(stands(), TagVerdict.reviewer == reviewer)
        if since is not None:
            query = query.where(TagVerdict.at >= since)
        with self._database.read() as transaction:
            return transaction.scalar(query) or 0

    def _frame(self, condition: sa.ColumnElement[bool], names: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        query = sa.select(*(getattr(TagVerdict, name) for name in names)).where(condition)
        with self._database.read() as transaction:
            rows = transaction.execute(query.order_by(TagVerdict.at, TagVerdict.id)).fetchall()
        frame = pd.DataFrame(rows, columns=list(names))
        frame["at"] = pd.to_datetime(frame["at"], utc=True).dt.as_unit("us")
        return frame


def rejected(ws: Workspace) -> pd.DataFrame:
    """Return the tags that reviewers say an item has not: the columns of `ReviewLog.table`.

    They are kept beside the catalogue's tags, which say only what items have.
    """
    found = ReviewLog(ws.database).table()
    return found[found["verdict"] == "rejected"].reset_index(drop=True)


def stands() -> sa.ColumnElement[bool]:
    """Return the condition of verdicts that stand: no undo, and not superseded."""
    later = aliased(TagVerdict)
    superseded = sa.exists().where(later.supersedes == TagVerdict.id)
    return sa.and_(TagVerdict.verdict != "undo", ~superseded)


def _hold(transaction: Transaction, item_id: int) -> None:
    """Let nobody else judge the item until the transaction ends; SQLite has one writer anyway."""
    if transaction.get(Item, item_id, with_for_update=True) is None:
        raise UnknownNameError(f"There is no item {item_id} in the catalogue.")


def _add(transaction: Transaction, **columns: object) -> None:
    """Add a row, a moment after the last one even if the clock has been set back."""
    last = transaction.scalar(sa.select(sa.func.max(TagVerdict.at)))
    at = now() if last is None else max(now(), aware(last) + timedelta(microseconds=1))
    transaction.add(TagVerdict(**columns, at=at))
    transaction.flush()


def _bring_in_line(transaction: Transaction, item_id: int, dimension: str, value: str) -> None:
    """Give the item the tag if its newest verdict accepts it, else take the reviewers' away."""
    about = sa.and_(
        TagVerdict.item_id == item_id, TagVerdict.dimension == dimension, TagVerdict.value == value
    )
    query = sa.select(TagVerdict.verdict).where(stands(), about)
    newest = transaction.scalar(query.order_by(TagVerdict.at.desc()).limit(1))
    own = sa.and_(
        Tag.item_id == item_id,
        Tag.dimension == dimension,
        Tag.value == value,
        Tag.source == SOURCE,
    )
    there = transaction.scalar(sa.select(Tag.id).where(own)) is not None
    if newest == "accepted" and not there:
        tag = tag_from_text(dimension, value, source=SOURCE, place=_PLACE)
        transaction.add(Tag(item_id=item_id, **vars(tag)))
    elif newest != "accepted" and there:
        transaction.execute(sa.delete(Tag).where(own))


def _as_verdict(row: TagVerdict) -> Verdict:
    return Verdict(**{name: getattr(row, name) for name in _COLUMNS if name != "at"})
