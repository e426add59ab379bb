"""Undo and redo: rows that supersede rows, back and forth through a whole sitting.

An undo row copies the answer it takes back and supersedes it; a redo row copies that answer again
and supersedes the undo. Both halves of an odd-one-out answer go together. Every function works
inside a transaction its caller opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction
from sqlalchemy.orm import aliased

from workbench.catalogue.tables import Judgement, now
from workbench.judgements.answers import new_id
from workbench.judgements.rows import Triplet, aware, effective, hold, let_go


def undo_last(
    transaction: Transaction, session_id: str, *, id: str, reopen_for: timedelta
) -> str | None:
    """Take back the last answer that stands and claim its triplet again for its rater."""
    if (stored := transaction.get(Judgement, id)) is not None:
        return stored.supersedes
    query = sa.select(Judgement).where(effective(), Judgement.session_id == session_id)
    last = transaction.scalar(query.order_by(Judgement.at.desc()).limit(1))
    if last is None:
        return None
    for row in _whole_answer(transaction, last, effective()):
        changed = {"supersedes": row.id, "choice": "undo"}
        _add_copy(transaction, row, id if row is last else new_id(), changed)
    hold(
        transaction,
        _claimed(last),
        reopen=True,
        session_id=session_id,
        rater=last.rater,
        expires_at=now() + reopen_for,
        **_as_shown(last),
        **{name: getattr(last, name) for name in _HOW_CHOSEN},
    )
    return last.id


def redo_last(transaction: Transaction, session_id: str, *, id: str) -> str | None:
    """Give back what the last undo took, unless something was answered since."""
    if (stored := transaction.get(Judgement, id)) is not None:
        return stored.supersedes
    own = Judgement.session_id == session_id
    later = aliased(Judgement)
    still_undone = sa.and_(
        own, Judgement.choice == "undo", ~sa.exists().where(later.supersedes == Judgement.id)
    )
    fresh = sa.select(sa.func.max(Judgement.at)).where(own, Judgement.supersedes.is_(None))
    query = sa.select(Judgement).where(still_undone, Judgement.at > fresh.scalar_subquery())
    last = transaction.scalar(query.order_by(Judgement.at.desc()).limit(1))
    if last is None:
        return None
    for row in _whole_answer(transaction, last, still_undone):
        answer = transaction.get_one(Judgement, row.supersedes)
        changed = {"supersedes": row.id}
        _add_copy(transaction, answer, id if row is last else new_id(), changed)
    let_go(transaction, _claimed(last), last.rater)
    return last.id


def moment_after(transaction: Transaction) -> datetime:
    """Return now, or just after the log's last row if the clock has been set back.

    What came after what is read from these moments: which answer an undo takes back, and which
    judgements a model has learned. A row dated before older ones would be hidden from both.
    """
    last = transaction.scalar(sa.select(sa.func.max(Judgement.at)))
    return now() if last is None else max(now(), aware(last) + timedelta(microseconds=1))


_HOW_CHOSEN = ("purpose", "sampler", "sampler_score", "model_version")
_COPIED = tuple(c.key for c in Judgement.__table__.columns if c.key not in ("id", "at"))


def _whole_answer(
    transaction: Transaction, row: Judgement, condition: sa.ColumnElement[bool]
) -> list[Judgement]:
    if row.answer_id is None:
        return [row]
    query = sa.select(Judgement).where(condition, Judgement.answer_id == row.answer_id)
    return list(transaction.scalars(query.order_by(Judgement.at)))


def _add_copy(
    transaction: Transaction, row: Judgement, id: str, changed: Mapping[str, object]
) -> None:
    copied = {name: getattr(row, name) for name in _COPIED}
    at = moment_after(transaction)
    transaction.add(Judgement(**(copied | dict(changed)), id=id, at=at))
    transaction.flush()


def _claimed(row: Judgement) -> Triplet:
    triplet = Triplet(row.dimension, row.anchor_id, row.a_id, row.b_id)
    return triplet if row.answer_id is None else triplet.unanchored


def _as_shown(row: Judgement) -> dict[str, object]:
    """Return how the claim lays out the clips, so that they come back where they were."""
    if row.answer_id is None:
        return {
            "a_is_left": row.a_is_left if row.a_id < row.b_id else not row.a_is_left,
            "anchor_place": None,
        }
    ids = {"anchor": row.anchor_id, "a": row.a_id, "b": row.b_id}
    place = {ids[role]: clip.get("place", 0) for role, clip in (row.clips or {}).items()}
    first, second, third = sorted(ids.values())
    a_is_left = place.get(second, 1) < place.get(third, 2)
    return {"a_is_left": a_is_left, "anchor_place": place.get(first, 0)}
