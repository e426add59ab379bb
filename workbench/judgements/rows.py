"""Triplets, and the statements that the log and the claims share.

Every function here works inside a transaction its caller opened, in SQL that SQLite and
PostgreSQL both understand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import aliased

from workbench.catalogue.tables import Claim, Judgement, now
from workbench.errors import UnknownNameError

CLAIM_LASTS = timedelta(minutes=30)
ANSWERS = ("a", "b", "cannot_tell", "skip")
JUDGED = ("a", "b", "cannot_tell")
CONFIDENCES = (1, 2, 3)
_ITEM = re.compile(r"[0-9]{1,18}")  # what databases take for a whole number


@dataclass(frozen=True, order=True)
class Triplet:
    """A question: whether, in this dimension, a or b is closer to the anchor.

    The candidates are kept in the order of their ids, so that (a, b) and (b, a) are one triplet.

    Examples
    --------
    >>> Triplet("tempo", 1, 9, 4)
    Triplet(dimension='tempo', anchor_id=1, a_id=4, b_id=9)
    >>> Triplet.parse(Triplet("tempo", 1, 9, 4).id) == Triplet("tempo", 1, 4, 9)
    True
    """

    dimension: str
    anchor_id: int
    a_id: int
    b_id: int

    def __post_init__(self) -> None:
        """Put the candidates in order."""
        if self.a_id > self.b_id:
            low, high = self.b_id, self.a_id
            object.__setattr__(self, "a_id", low)
            object.__setattr__(self, "b_id", high)

    @property
    def id(self) -> str:
        """The triplet as one word."""
        return f"{self.dimension}:{self.anchor_id}:{self.a_id}:{self.b_id}"

    @property
    def items(self) -> tuple[int, int, int]:
        """The anchor and both candidates."""
        return self.anchor_id, self.a_id, self.b_id

    @property
    def unanchored(self) -> Triplet:
        """The same three items with the smallest id as anchor: what of them is the odd one out."""
        return Triplet(self.dimension, *sorted(self.items))

    @classmethod
    def parse(cls, text: str) -> Triplet:
        """Read what `id` wrote.

        Raises
        ------
        UnknownNameError
            If the text names no triplet.
        """
        dimension, *items = text.rsplit(":", 3)
        if len(items) != 3 or not all(_ITEM.fullmatch(item) for item in items):
            raise UnknownNameError(f"{text!r} names no triplet; reload the page.")
        return cls(dimension, *map(int, items))


def aware(moment: datetime) -> datetime:
    """Return a stored moment in UTC; SQLite gives it back without its time zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# -- judgements -----------------------------------------------------------------------------------


def effective() -> sa.ColumnElement[bool]:
    """Return the condition of judgements that stand: no undo, and not superseded."""
    later = aliased(Judgement)
    superseded = sa.exists().where(later.supersedes == Judgement.id)
    return sa.and_(Judgement.choice != "undo", ~superseded)


def about(triplet: Triplet) -> sa.ColumnElement[bool]:
    """Return the condition of judgements about `triplet`, in either order of its candidates."""
    return sa.and_(
        Judgement.dimension == triplet.dimension,
        Judgement.anchor_id == triplet.anchor_id,
        Judgement.a_id.in_((triplet.a_id, triplet.b_id)),
        Judgement.b_id.in_((triplet.a_id, triplet.b_id)),
    )


def among(triplet: Triplet) -> sa.ColumnElement[bool]:
    """Return the condition of answers to what of the triplet's three items is the odd one out."""
    return sa.and_(
        Judgement.dimension == triplet.dimension,
        Judgement.answer_id.is_not(None),
        Judgement.anchor_id.in_(triplet.items),
        Judgement.a_id.in_(triplet.items),
        Judgement.b_id.in_(triplet.items),
    )


def answers_counted() -> sa.ColumnElement[int]:
    """Return the number of answers among rows: the two of an odd-one-out answer count once."""
    return sa.func.count(sa.distinct(sa.func.coalesce(Judgement.answer_id, Judgement.id)))


# -- claims ---------------------------------------------------------------------------------------


def claim_of(triplet: Triplet) -> sa.ColumnElement[bool]:
    """Return the condition of the claim on `triplet`."""
    return sa.and_(
        Claim.dimension == triplet.dimension,
        Claim.anchor_id == triplet.anchor_id,
        Claim.a_id == triplet.a_id,
        Claim.b_id == triplet.b_id,
    )


def hold(
    transaction: Transaction, triplet: Triplet, *, reopen: bool = False, **columns: object
) -> bool:
    """Claim `triplet`, or take over its claim if that has expired; False if it is held.

    Inserting comes first: where the triplet is held, the primary key refuses, and where its
    holder is just committing, the database makes us wait for the outcome. With `reopen` a claim
    of the same rater is taken over too.
    """
    try:
        with transaction.begin_nested():
            transaction.execute(sa.insert(Claim).values(**vars(triplet), **columns))
        return True
    except sa.exc.IntegrityError:
        free = Claim.expires_at <= now()
        if reopen:
            free = sa.or_(free, Claim.rater == columns["rater"])
        update = sa.update(Claim).where(claim_of(triplet), free).values(**columns)
        return bool(transaction.execute(update).rowcount)  # type: ignore[attr-defined]


def let_go(transaction: Transaction, triplet: Triplet, rater: str) -> None:
    """Remove the claim of `rater` on `triplet`, if there is one."""
    transaction.execute(sa.delete(Claim).where(claim_of(triplet), Claim.rater == rater))
