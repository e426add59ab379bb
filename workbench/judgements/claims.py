"""Claims: who has which open triplet, so that no two raters are given the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from workbench.catalogue.database import Database
from workbench.catalogue.tables import Claim, Judgement, Session, now
from workbench.judgements.rows import (
    CLAIM_LASTS,
    JUDGED,
    Triplet,
    about,
    among,
    aware,
    claim_of,
    effective,
    hold,
    let_go,
)

_BENEATH = timedelta(milliseconds=1)


@dataclass(frozen=True)
class OpenTriplet:
    """A triplet somebody has been given, why, and how it is shown.

    `purpose` is ``new``, ``repeat`` (of the rater's own) or ``gold`` (the answer is known).
    `anchor_place` says, where the odd one out is asked for, in which place the item with the
    smallest id is shown (0 is leftmost).
    """

    triplet: Triplet
    session_id: str
    rater: str
    a_is_left: bool
    sampler: str
    sampler_score: float | None = None
    model_version: str | None = None
    purpose: str = "new"
    anchor_place: int | None = None

    @property
    def odd_one_out(self) -> bool:
        """Whether the question is which of the three is the odd one out."""
        return self.anchor_place is not None


class Claims:
    """The open triplets of one workspace.

    A rater's claims form a stack: the one that expires last is the one on the screen. A triplet
    taken ahead of its turn lies beneath it; an answer taken back lies on top.

    Parameters
    ----------
    database
        Where they are stored; the primary key of the table makes them exclusive.
    lasts
        How long a claim stays its holder's own; afterwards others may take the triplet over.
    """

    def __init__(self, database: Database, *, lasts: timedelta = CLAIM_LASTS) -> None:
        self._database = database
        self.lasts = lasts

    def take(self, wanted: OpenTriplet, *, raters: int | None = 1) -> bool:
        """Claim one triplet; whoever asks second, or after it was judged, gets False.

        Parameters
        ----------
        wanted
            The triplet, for whom, and how it is shown. A ``repeat`` may be one its rater judged.
        raters
            How many raters are to judge it; None for any number.
        """
        with self._database.write(durable=False) as transaction:  # whoever lost it asks again
            columns = {name: value for name, value in vars(wanted).items() if name != "triplet"}
            expires_at = self._moment_beneath(transaction, wanted.rater)
            held = hold(transaction, wanted.triplet, expires_at=expires_at, **columns)
            if held and _is_settled(transaction, wanted, raters):
                let_go(transaction, wanted.triplet, wanted.rater)  # judged in the meantime
                return False
            return held

    def open(self, rater: str, dimensions: Iterable[str]) -> list[OpenTriplet]:
        """Return the triplets `rater` has open in `dimensions`, the one to show first."""
        query = (
            sa.select(Claim)
            .where(Claim.rater == rater, Claim.dimension.in_(list(dimensions)))
            .order_by(Claim.expires_at.desc())
        )
        with self._database.read() as transaction:
            return [_as_open(claim) for claim in transaction.scalars(query)]

    def get(self, triplet: Triplet, rater: str) -> OpenTriplet | None:
        """Return the claim of `rater` on `triplet`, if there is one."""
        query = sa.select(Claim).where(claim_of(triplet), Claim.rater == rater)
        with self._database.read() as transaction:
            claim = transaction.scalar(query)
        return _as_open(claim) if claim is not None else None

    def renew(self, triplet: Triplet, rater: str) -> bool:
        """Start the time of a claim again; False if it is no longer the rater's."""
        with self._database.write(durable=False) as transaction:
            update = sa.update(Claim).where(claim_of(triplet), Claim.rater == rater)
            renewed = transaction.execute(update.values(expires_at=now() + self.lasts))
            return bool(renewed.rowcount)  # type: ignore[attr-defined]

    def release(self, triplet: Triplet, rater: str) -> None:
        """Give a triplet back unanswered."""
        with self._database.write() as transaction:
            let_go(transaction, triplet, rater)

    def last_session(self, rater: str, *, task: str = "") -> str | None:
        """Return the sitting that `rater` left with a triplet open, if its claim still holds."""
        query = (
            sa.select(Claim.session_id)
            .join(Session, Claim.session_id == Session.id)
            .where(Claim.rater == rater, Claim.expires_at > now(), Session.task == task)
            .order_by(Claim.expires_at.desc())
            .limit(1)
        )
        with self._database.read() as transaction:
            return transaction.scalar(query)

    def _moment_beneath(self, transaction: Transaction, rater: str) -> datetime:
        """Return an expiry that puts a new claim beneath those the rater has."""
        query = sa.select(sa.func.min(Claim.expires_at)).where(
            Claim.rater == rater, Claim.expires_at > now()
        )
        lowest = transaction.scalar(query)
        return now() + self.lasts if lowest is None else aware(lowest) - _BENEATH


def _is_settled(transaction: Transaction, wanted: OpenTriplet, raters: int | None) -> bool:
    """Return whether its rater answered it already, or as many judged it as are to."""
    if wanted.purpose == "repeat":
        return False
    asked = among(wanted.triplet) if wanted.odd_one_out else about(wanted.triplet)
    standing = sa.and_(asked, effective())
    own = sa.select(Judgement.id).where(standing, Judgement.rater == wanted.rater)
    if transaction.scalar(own.limit(1)) is not None:
        return True
    judges = sa.select(sa.func.count(sa.distinct(Judgement.rater)))
    judged = judges.where(standing, Judgement.choice.in_(JUDGED))
    return raters is not None and (transaction.scalar(judged) or 0) >= raters


def _as_open(claim: Claim) -> OpenTriplet:
    triplet = Triplet(claim.dimension, claim.anchor_id, claim.a_id, claim.b_id)
    return OpenTriplet(triplet, **{name: getattr(claim, name) for name in _COLUMNS})


_COLUMNS = tuple(field.name for field in fields(OpenTriplet) if field.name != "triplet")
