"""Rows that belong to nothing, rows that hide others, and rows from the future."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.tables import Claim, Item, Judgement, Media, Session, Table, now
from workbench.doctor.findings import Finding, number_of, some
from workbench.judgements.rows import CLAIM_LASTS

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen

_DERIVED = {"tags", "submix_parts", "claims"}  # tables without a person's word in them
_FUTURE = timedelta(days=1)  # clocks of different machines differ, and time zones are mistaken
_OLD = timedelta(days=7)
_MOMENTS = (("judgements", "at"), ("tag_verdicts", "at"), ("items", "created_at"),
            ("sessions", "started_at"), ("uses", "at"))  # fmt: skip


def check_rows(seen: Seen) -> Iterator[Finding]:
    """Look at every reference between tables, in as many queries as there are references."""
    if not seen.current:
        return
    with seen.database.engine.connect() as connection:
        for table in Table.metadata.sorted_tables:
            for key in table.foreign_keys:
                yield from _orphans(seen, connection, key)
        yield from _unused_media(seen, connection)
        yield from _claims(seen, connection)
        yield from _models_gone(seen, connection)
        for name, column in _MOMENTS:
            yield from _future(connection, Table.metadata.tables[name].c[column])


def _orphans(seen: Seen, connection: sa.Connection, key: sa.ForeignKey) -> Iterator[Finding]:
    child, parent = key.parent.table, key.column.table.alias()
    there = sa.exists().where(parent.c[key.column.name] == key.parent)
    orphaned = sa.and_(key.parent.is_not(None), ~there)
    count = connection.scalar(sa.select(sa.func.count()).select_from(child).where(orphaned))
    if not count:
        return
    missing = sa.select(key.parent).where(orphaned).distinct().order_by(key.parent).limit(5)
    repair = None
    if child.name in _DERIVED:
        repair = partial(_take_out, seen, child, orphaned)
    elif child.name == "judgements" and key.parent.name == "session_id":
        repair = partial(_restore_sessions, seen, orphaned)
    yield Finding(
        "database",
        f"{number_of(count, 'row')} of {child.name} refer to {key.column.table.name} that are "
        f"not there (column {key.parent.name}).",
        "They are left out wherever both are needed; nothing of them is wrong in itself.",
        _remedy_for(child.name, repair is not None),
        count,
        some(connection.scalars(missing).all()),
        repair=repair,
    )


def _remedy_for(table: str, repairable: bool) -> str:
    if not repairable:
        return "Restore a backup if the missing rows matter; what people said is never taken out."
    if table == "judgements":
        return "Repair: sittings of their raters are added for them."
    return "Repair: they are written down in lost+found and taken out."


def _take_out(
    seen: Seen, table: sa.Table, condition: sa.ColumnElement[bool], kept: LostAndFound
) -> str:
    kept.back_up(seen.database)
    with seen.database.write() as session:
        rows = session.execute(sa.select(table).where(condition)).mappings().all()
        kept.keep_rows(table.name, [dict(row) for row in rows])
        session.execute(sa.delete(table).where(condition))
    return f"{number_of(len(rows), 'row')} of {table.name} went to lost+found."


def _restore_sessions(seen: Seen, orphaned: sa.ColumnElement[bool], kept: LostAndFound) -> str:
    """Add the sittings that judgements name, so that these are seen again."""
    kept.back_up(seen.database)
    sittings = sa.select(
        Judgement.session_id, sa.func.min(Judgement.rater), sa.func.min(Judgement.at)
    )
    with seen.database.write() as session:
        rows = session.execute(sittings.where(orphaned).group_by(Judgement.session_id)).all()
        for number, rater, began in rows:
            session.add(Session(id=number, rater=rater, started_at=began))
    return f"{number_of(len(rows), 'sitting')} of judgements without one came back."


def _unused_media(seen: Seen, connection: sa.Connection) -> Iterator[Finding]:
    unused = ~sa.exists().where(Item.media_id == Media.id)
    rows = connection.execute(sa.select(Media.path).where(unused).order_by(Media.id)).all()
    if rows:
        yield Finding(
            "database",
            f"{number_of(len(rows), 'row')} of media belong to no item.",
            "They take a little room; the files themselves are not touched.",
            "Repair: the rows are written down in lost+found and taken out.",
            len(rows),
            some([row.path for row in rows]),
            fault=False,
            repair=partial(_take_out, seen, Table.metadata.tables["media"], unused),
        )


def _claims(seen: Seen, connection: sa.Connection) -> Iterator[Finding]:
    table = Table.metadata.tables["claims"]
    far = Claim.expires_at > now() + 2 * CLAIM_LASTS
    stuck = connection.scalar(sa.select(sa.func.count()).select_from(table).where(far))
    if stuck:
        yield Finding(
            "database",
            f"{number_of(stuck, 'claim')} last longer than claims do: a clock was wrong.",
            "Their triplets are asked of nobody else until then.",
            "Repair: the claims go to lost+found; the triplets are free again.",
            stuck,
            repair=partial(_take_out, seen, table, far),
        )
    old = Claim.expires_at < now() - _OLD
    stale = connection.scalar(sa.select(sa.func.count()).select_from(table).where(old))
    if stale:
        yield Finding(
            "database",
            f"{number_of(stale, 'claim')} ran out more than a week ago.",
            "Raters who come back are asked these triplets first; others may take them.",
            "Nothing needs to be done; repair forgets them.",
            stale,
            fault=False,
            repair=partial(_take_out, seen, table, old),
        )


def _models_gone(seen: Seen, connection: sa.Connection) -> Iterator[Finding]:
    named = sa.select(Judgement.model_version, sa.func.count()).where(
        Judgement.model_version.is_not(None)
    )
    rows = connection.execute(named.group_by(Judgement.model_version)).all()
    gone = {str(version): count for version, count in rows if version not in seen.versions}
    if gone:
        yield Finding(
            "database",
            f"{number_of(sum(gone.values()), 'judgement was', 'judgements were')} asked for by "
            "models that are not in this workspace.",
            "They count as all others do; they were imported, or a model folder was removed.",
            "Nothing needs to be done.",
            sum(gone.values()),
            some(sorted(gone)),
            fault=False,
        )


def _future(connection: sa.Connection, column: sa.Column) -> Iterator[Finding]:
    later = column > now() + _FUTURE
    count = connection.scalar(sa.select(sa.func.count()).select_from(column.table).where(later))
    if count:
        latest = connection.scalar(sa.select(sa.func.max(column)))
        yield Finding(
            "database",
            f"{number_of(count, 'row')} of {column.table.name} are dated in the future: a clock "
            "was wrong.",
            "Their order is right. New judgements are dated just after the last one until the "
            "clock has caught up.",
            "Set the clock right; the rows stay as they are.",
            count,
            (str(latest),),
            fault=False,
        )
