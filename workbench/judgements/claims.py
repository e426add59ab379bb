"""Claims: who has which open triplet, so that no two raters are given the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from workbench.catalogue.database import Database
from workbench.catalogue.tables import Claim, Judgement, now
from workbench.judgements.rows import (
    CLAIM_LASTS,
    Triplet,
    about,
    aware,
    claim_of,
    hold,
    let_go,
    settled_for,
)

_BENEATH = timedelta(milliseconds=1)


@dataclass(frozen=True)
class OpenTriplet:
    """A triplet somebody has been given, and how it is shown."""

    triplet: Triplet
    session_id: str
    rater: str
    a_is_left: bool
    sampler: str
    sampler_score: float | None = None


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

    def take(self, wanted: OpenTriplet, *, overlap: bool = False) -> bool:
        """Claim one triplet; whoever asks second, or after it was judged, gets False.

        Parameters
        ----------
        wanted
            The triplet, for whom, and how it is shown.
        overlap
            Whether a triplet that another rater has judged may be given again.
        """
        with self._database.write() as transaction:
            columns = {name: value for name, value in vars(wanted).items() if name != "triplet"}
            expires_at = self._moment_beneath(transaction, wanted.rater)
            held = hold(transaction, wanted.triplet, expires_at=expires_at, **columns)
            if held and _is_settled(transaction, wanted, overlap):
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
        with self._database.write() as transaction:
            update = sa.update(Claim).where(claim_of(triplet), Claim.rater == rater)
            renewed = transaction.execute(update.values(expires_at=now() + self.lasts))
            return bool(renewed.rowcount)  # type: ignore[attr-defined]

    def release(self, triplet: Triplet, rater: str) -> None:
        """Give a triplet back unanswered."""
        with self._database.write() as transaction:
            let_go(transaction, triplet, rater)

    def last_session(self, rater: str) -> str | None:
        """Return the sitting that `rater` left with a triplet open, if its claim still holds."""
        query = (
            sa.select(Claim.session_id)
            .where(Claim.rater == rater, Claim.expires_at > now())
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


def _is_settled(transaction: Transaction, wanted: OpenTriplet, overlap: bool) -> bool:
    settled = sa.and_(about(wanted.triplet), settled_for(wanted.rater, overlap=overlap))
    return transaction.scalar(sa.select(Judgement.id).where(settled).limit(1)) is not None


def _as_open(claim: Claim) -> OpenTriplet:
    triplet = Triplet(claim.dimension, claim.anchor_id, claim.a_id, claim.b_id)
    return OpenTriplet(
        triplet,
        claim.session_id,
        claim.rater,
        claim.a_is_left,
        claim.sampler,
        claim.sampler_score,
    )
