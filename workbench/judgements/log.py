"""The judgement log: one row per answer, only ever added to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

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
    among,
    answers_counted,
    aware,
    effective,
    let_go,
)
from workbench.judgements.undoing import moment_after, redo_last, undo_last

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answer", "JudgementLog"]

_PAUSE = timedelta(minutes=5)
_LONGEST_RUN = 1000  # rows looked back on
_COLUMNS = (
    "id",
    "supersedes",
    "answer_id",
    "rater",
    "session_id",
    "at",
    "dimension",
    "anchor_id",
    "a_id",
    "b_id",
    "a_is_left",
    "choice",
    "confidence",
    "purpose",
    "sampler",
    "sampler_score",
    "response_ms",
    "clips",
    "clip_length_s",
    "model_version",
    "app_version",
)


class Tally(NamedTuple):
    """How many answers about a dimension there are of one kind."""

    dimension: str
    skipped: bool
    of_sitting: bool
    recent: bool
    answers: int


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

    def open_session(self, rater: str, *, device: str = "", task: str = "") -> str:
        """Store the beginning of a sitting and return its id.

        Parameters
        ----------
        rater
            Who judges.
        device
            ``headphones``, ``speakers``, or empty where it was not said.
        task
            The name of the rating task it belongs to, if it has one.
        """
        session_id = new_id()
        with self._database.write() as transaction:
            transaction.add(Session(id=session_id, rater=rater, device=device, task=task))
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
        id: str | None = None,
        reopen_for: timedelta = CLAIM_LASTS,
    ) -> str | None:
        """Take back the sitting's last answer that stands, by a row that supersedes it.

        Its triplet is claimed again; repeated calls walk back through the whole sitting.

        Parameters
        ----------
        session_id
            The sitting.
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
            return undo_last(transaction, session_id, id=id or new_id(), reopen_for=reopen_for)

    def redo(self, session_id: str, *, id: str | None = None) -> str | None:
        """Give back the answer that the sitting's last undo took, by a row that supersedes it.

        Repeated calls walk forward; a fresh answer ends what can be redone.

        Parameters
        ----------
        session_id
            The sitting.
        id
            Id of the new row; sending it twice redoes once.

        Returns
        -------
        str or None
            The id of the undo that no longer holds; None if nothing is left to redo.
        """
        with self._database.write() as transaction:
            return redo_last(transaction, session_id, id=id or new_id())

    # -- reading --------------------------------------------------------------------------------

    def table(self, *, excluding: Collection[str] = ()) -> pd.DataFrame:
        """Return the judgements that stand, oldest first: no undone rows, no undo rows.

        The last two columns are the `task` and the `device` of the sitting.

        Parameters
        ----------
        excluding
            Sittings to leave out, by id. Nothing is left out unless somebody says so.

        Raises
        ------
        UnknownNameError
            If there is no such sitting.
        """
        frame = self._frame(effective()).drop(columns="supersedes")
        left_out = [self.find_session(session_id) for session_id in excluding]
        return frame[~frame["session_id"].isin(left_out)].reset_index(drop=True)

    def find_session(self, beginning: str) -> str:
        """Return the id of the one sitting whose id begins like this.

        Raises
        ------
        UnknownNameError
            If there is none, or more than one.
        """
        query = sa.select(Session.id).where(Session.id.startswith(beginning, autoescape=True))
        with self._database.read() as transaction:
            found = transaction.scalars(query.limit(2)).all()
        if len(found) == 1:
            return found[0]
        many = f"More than one sitting begins with {beginning!r}; give more of it"
        none = f"There is no sitting {beginning!r}; `workbench agreement` lists those it flags"
        raise UnknownNameError(f"{many if found else none}.")

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

    def has_judged(self, rater: str, triplet: Triplet, *, odd_one_out: bool = False) -> bool:
        """Return whether an answer of `rater` to `triplet` stands."""
        asked = among(triplet) if odd_one_out else about(triplet)
        mine = sa.and_(asked, effective(), Judgement.rater == rater)
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
        """Return the number of answers that stand by dimension, of one rater or sitting.

        The two rows of an odd-one-out answer count once.
        """
        where = [effective(), Judgement.choice.in_(tuple(choices))]
        if rater is not None:
            where.append(Judgement.rater == rater)
        if session_id is not None:
            where.append(Judgement.session_id == session_id)
        if since is not None:
            where.append(Judgement.at >= since.astimezone(UTC))
        query = sa.select(Judgement.dimension, answers_counted()).where(*where)
        with self._database.read() as transaction:
            rows = transaction.execute(query.group_by(Judgement.dimension))
            return {row[0]: row[1] for row in rows}

    def tally(self, rater: str, session_id: str, since: datetime) -> list[Tally]:
        """Return the answers of a rater that stand, of a sitting or since a moment, counted."""
        skipped, of_sitting = Judgement.choice == "skip", Judgement.session_id == session_id
        recent = Judgement.at >= since.astimezone(UTC)
        columns = (Judgement.dimension, skipped, of_sitting, recent)
        query = (
            sa.select(*columns, answers_counted())
            .where(effective(), Judgement.rater == rater, Judgement.choice.in_(ANSWERS))
            .where(of_sitting | recent)
            .group_by(*columns)
        )
        with self._database.read() as transaction:
            rows = transaction.execute(query)
            return [Tally(name, bool(s), bool(o), bool(r), count) for name, s, o, r, count in rows]

    def busy_since(self, rater: str) -> datetime | None:
        """Return when a rater began who has not paused for five minutes since, None if idle."""
        query = sa.select(Judgement.at).where(Judgement.rater == rater)
        since, moment = None, now()
        with self._database.read() as transaction:
            for at in transaction.scalars(query.order_by(Judgement.at.desc()).limit(_LONGEST_RUN)):
                if moment - aware(at) > _PAUSE:
                    break
                since = moment = aware(at)
        return since

    def _frame(self, condition: sa.ColumnElement[bool]) -> pd.DataFrame:
        import pandas as pd

        columns = [getattr(Judgement, name) for name in _COLUMNS] + [Session.task, Session.device]
        query = sa.select(*columns).join(Session, Judgement.session_id == Session.id)
        query = query.where(condition).order_by(Judgement.at, Judgement.id)
        with self._database.read() as transaction:
            rows = transaction.execute(query).fetchall()
        frame = pd.DataFrame(rows, columns=[*_COLUMNS, "task", "device"])
        frame["at"] = pd.to_datetime(frame["at"], utc=True).dt.as_unit("us")
        return frame


def _insert(transaction: Transaction, answer: Answer) -> bool:
    if transaction.get(Judgement, answer.id) is not None:
        return False
    try:
        with transaction.begin_nested():
            at = moment_after(transaction)
            transaction.add(Judgement(**asdict(answer), at=at))
    except sa.exc.IntegrityError as error:
        if transaction.get(Judgement, answer.id) is not None:  # sent twice at the same moment
            return False
        raise UnknownNameError(
            "The answer names a session or an item that does not exist; reload the page."
        ) from error
    let_go(transaction, answer.claimed, answer.rater)
    return True
