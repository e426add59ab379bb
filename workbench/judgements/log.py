"""The judgement log: one row per answer, only ever added to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from workbench.catalogue.database import Database
from workbench.catalogue.tables import Judgement, Session, now
from workbench.errors import UnknownNameError
from workbench.judgements.answers import Answer, new_id
from workbench.judgements.rows import (
    ANSWERS,
    CLAIM_LASTS,
    Triplet,
    about,
    aware,
    effective,
    hold,
    let_go,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answer", "JudgementLog"]

_COLUMNS = (
    "id",
    "supersedes",
    "rater",
    "session_id",
    "at",
    "dimension",
    "anchor_id",
    "a_id",
    "b_id",
    "a_is_left",
    "choice",
    "sampler",
    "sampler_score",
    "response_ms",
    "heard_ms",
    "clip_start_s",
    "clip_length_s",
    "model_version",
    "app_version",
)


class JudgementLog:
    """The judgements of one workspace; rows are added, never changed or removed.

    Parameters
    ----------
    database
        Where they are stored.

    Examples
    --------
    >>> import tempfile
    >>> from workbench import Workspace
    >>> log = Workspace.create(tempfile.mkdtemp()).judgements
    >>> sitting = log.open_session("Ada")
    >>> log.count()
    0
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- adding ---------------------------------------------------------------------------------

    def open_session(self, rater: str, *, device: str = "") -> str:
        """Store the beginning of a sitting and return its id."""
        session_id = new_id()
        with self._database.write() as transaction:
            transaction.add(Session(id=session_id, rater=rater, device=device))
        return session_id

    def append(self, answer: Answer) -> bool:
        """Store one answer and let go of the rater's claim on its triplet, in one transaction.

        Returns
        -------
        bool
            True if it was stored now, False if an answer of that id was already there.

        Raises
        ------
        UnknownNameError
            If its session or one of its items does not exist.
        """
        return self.append_all([answer]) == 1

    def append_all(self, answers: Iterable[Answer]) -> int:
        """Store several answers in one transaction; return how many were new."""
        with self._database.write() as transaction:
            return sum(_insert(transaction, answer) for answer in answers)

    def undo(
        self,
        session_id: str,
        *,
        judgement_id: str | None = None,
        id: str | None = None,
        reopen_for: timedelta = CLAIM_LASTS,
    ) -> str | None:
        """Take back one answer by a row that supersedes it, and claim its triplet again.

        Parameters
        ----------
        session_id
            The sitting.
        judgement_id
            The answer to take back; by default the sitting's last one that stands, so that
            repeated calls walk back through the whole sitting.
        id
            Id of the new row; sending it twice undoes once.
        reopen_for
            How long the triplet stays the rater's own.

        Returns
        -------
        str or None
            The id of the answer taken back; None if nothing is left to undo.
        """
        with self._database.write() as transaction:
            if id is not None and (stored := transaction.get(Judgement, id)) is not None:
                return stored.supersedes
            query = sa.select(Judgement).where(effective(), Judgement.session_id == session_id)
            if judgement_id is not None:
                query = query.where(Judgement.id == judgement_id)
            last = transaction.scalar(query.order_by(Judgement.at.desc()).limit(1))
            if last is None:
                return None
            copied = {name: getattr(last, name) for name in _COLUMNS}
            at = _moment_after(transaction, session_id)
            changed = {"id": id or new_id(), "supersedes": last.id, "choice": "undo", "at": at}
            transaction.add(Judgement(**(copied | changed)))
            hold(
                transaction,
                Triplet(last.dimension, last.anchor_id, last.a_id, last.b_id),
                reopen=True,
                session_id=session_id,
                rater=last.rater,
                a_is_left=last.a_is_left if last.a_id < last.b_id else not last.a_is_left,
                sampler=last.sampler,
                sampler_score=last.sampler_score,
                expires_at=now() + reopen_for,
            )
            return last.id

    # -- reading --------------------------------------------------------------------------------

    def table(self) -> pd.DataFrame:
        """Return the judgements that stand, oldest first: no undone rows, no undo rows."""
        return self._frame(effective()).drop(columns="supersedes")

    def history(self) -> pd.DataFrame:
        """Return every row ever stored, oldest first, with what it `supersedes`."""
        return self._frame(sa.true())

    def count(self) -> int:
        """Return the number of judgements that stand."""
        return sum(self.counts().values())

    def __contains__(self, judgement_id: str) -> bool:
        """Whether a row of that id is stored, standing or not."""
        with self._database.read() as transaction:
            return transaction.get(Judgement, judgement_id) is not None

    def has_judged(self, rater: str, triplet: Triplet) -> bool:
        """Return whether an answer of `rater` to `triplet` stands."""
        mine = sa.and_(about(triplet), effective(), Judgement.rater == rater)
        with self._database.read() as transaction:
            return transaction.scalar(sa.select(Judgement.id).where(mine).limit(1)) is not None

    def counts(
        self,
        *,
        rater: str | None = None,
        session_id: str | None = None,
        since: datetime | None = None,
        choices: Iterable[str] = ANSWERS,
    ) -> dict[str, int]:
        """Return the number of judgements that stand by dimension, of one rater or sitting."""
        where = [effective(), Judgement.choice.in_(tuple(choices))]
        if rater is not None:
            where.append(Judgement.rater == rater)
        if session_id is not None:
            where.append(Judgement.session_id == session_id)
        if since is not None:
            where.append(Judgement.at >= since.astimezone(UTC))
        query = sa.select(Judgement.dimension, sa.func.count()).where(*where)
        with self._database.read() as transaction:
            rows = transaction.execute(query.group_by(Judgement.dimension))
            return {row[0]: row[1] for row in rows}

    def _frame(self, condition: sa.ColumnElement[bool]) -> pd.DataFrame:
        import pandas as pd

        columns = [getattr(Judgement, name) for name in _COLUMNS]
        query = sa.select(*columns).where(condition).order_by(Judgement.at, Judgement.id)
        with self._database.read() as transaction:
            rows = transaction.execute(query).fetchall()
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        frame["at"] = pd.to_datetime(frame["at"], utc=True).dt.as_unit("us")
        return frame


def _insert(transaction: Transaction, answer: Answer) -> bool:
    if transaction.get(Judgement, answer.id) is not None:
        return False
    try:
        with transaction.begin_nested():
            at = _moment_after(transaction, answer.session_id)
            transaction.add(Judgement(**asdict(answer), at=at))
    except sa.exc.IntegrityError as error:
        if transaction.get(Judgement, answer.id) is not None:  # sent twice at the same moment
            return False
        raise UnknownNameError(
            "The answer names a session or an item that does not exist; reload the page."
        ) from error
    let_go(transaction, answer.triplet, answer.rater)
    return True


def _moment_after(transaction: Transaction, session_id: str) -> datetime:
    """Return now, or just after the sitting's last row if the clock has been set back."""
    query = sa.select(sa.func.max(Judgement.at)).where(Judgement.session_id == session_id)
    last = transaction.scalar(query)
    return now() if last is None else max(now(), aware(last) + timedelta(microseconds=1))
