"""The database itself: its version, and whether every page of it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.database import SCHEMA_REVISION
from workbench.catalogue.tables import Table
from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen

_MANY = 100  # damages listed
_ABOUT_INDEXES = ("missing from index", "wrong # of entries in index", "non-unique entry in index")


def check_database(seen: Seen) -> Iterator[Finding]:
    """Find a database that cannot be read, is damaged or of an older version."""
    try:
        revision = seen.database.revision()
        damages = _damages_of_sqlite(seen) if seen.database.is_sqlite else _damages_of_server(seen)
    except (WorkbenchError, sa.exc.SQLAlchemyError) as error:
        yield _unreadable(seen, str(error))
        return
    if damages:
        yield _damaged(seen, damages)
    elif revision is None:
        yield _unreadable(seen, "it has no tables")
    elif revision != SCHEMA_REVISION:
        yield _other_version(seen, revision)


def _damages_of_sqlite(seen: Seen) -> list[str]:
    """Ask SQLite; the quick way leaves out whether indexes and tables agree."""
    check = "integrity_check" if seen.deep else "quick_check"
    with seen.database.engine.connect() as connection:
        said = connection.scalars(sa.text(f"PRAGMA {check}({_MANY})")).all()
    return [] if said == ["ok"] else [str(line) for line in said]


def _damages_of_server(seen: Seen) -> list[str]:
    """Look for indexes that PostgreSQL itself calls invalid; read every row if `deep`."""
    invalid = sa.text(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE NOT i.indisvalid"
    )
    with seen.database.engine.connect() as connection:
        damages = [f"index {name} is invalid" for name in connection.scalars(invalid)]
        for table in Table.metadata.sorted_tables if seen.deep and seen.current else ():
            for _ in connection.execution_options(stream_results=True).execute(sa.select(table)):
                pass
    return damages


def _damaged(seen: Seen, damages: list[str]) -> Finding:
    only_indexes = all(any(words in line for words in _ABOUT_INDEXES) for line in damages)
    if not seen.database.is_sqlite:
        return Finding(
            "database",
            f"{number_of(len(damages), 'index', 'indexes')} of the database cannot be used.",
            "Queries are slow, and doubles may not be refused.",
            "Run REINDEX DATABASE on the server.",
            len(damages),
            some(damages),
        )
    if only_indexes:
        return Finding(
            "database",
            f"{number_of(len(damages), 'entry', 'entries')} of the database's indexes are wrong.",
            "Searches may miss rows; the rows themselves are whole.",
            "Repair: the indexes are built anew.",
            len(damages),
            some(damages),
            repair=partial(_reindex, seen),
        )
    return _unreadable(seen, damages[0], damages)


def _unreadable(seen: Seen, reason: str, damages: list[str] | None = None) -> Finding:
    from workbench.doctor.salvage import salvage

    mendable = seen.database.is_sqlite and not seen.ws.read_only
    return Finding(
        "database",
        f"The database cannot be read whole ({' '.join(reason.split()).rstrip('.')}).",
        "Items, tags and judgements in the damaged part are lost to this file.",
        "Restore a backup of workbench.sqlite. Without one, repair: what can still be read goes "
        "into a new database, and the damaged one is kept."
        if mendable
        else "See that the server runs and look again; if it is damaged, restore a backup.",
        len(damages or [reason]),
        some(damages or []),
        repair=partial(salvage, seen) if mendable else None,
        lossy=True,
    )


def _reindex(seen: Seen, kept: LostAndFound) -> str:
    kept.back_up(seen.database)
    with seen.database.write() as session:
        session.execute(sa.text("REINDEX"))
    return "The indexes of the database were built anew."


def _other_version(seen: Seen, revision: str) -> Finding:
    newer = revision > SCHEMA_REVISION
    return Finding(
        "database",
        f"The database is of schema {revision}; this version of the workbench has "
        f"{SCHEMA_REVISION}.",
        "This version cannot read it." if newer else "Any command brings it up to date.",
        "Upgrade the package." if newer else "Repair: it is copied aside and brought up to date.",
        fault=newer,
        repair=None if newer else partial(_upgrade, seen),
    )


def _upgrade(seen: Seen, _kept: LostAndFound) -> str:
    seen.database.upgrade()
    return f"The database was brought up to schema {SCHEMA_REVISION}; the old one lies beside it."
