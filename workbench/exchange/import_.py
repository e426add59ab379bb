"""Judgements from files: what is new is added, what is bad is refused with its line."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from workbench.catalogue.tables import Judgement, Session
from workbench.errors import WorkbenchError
from workbench.exchange.columns import FLAT, NESTED, answer_values, sitting_values
from workbench.exchange.item_keys import ROLES, ItemKeys
from workbench.judgements.rows import aware
from workbench.progress import Progress
from workbench.row_files import Row, read_rows

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_FIRST = ("id", "rater", "choice", "anchor_id")  # by which exported judgements are known
_AT_ONCE = 500  # ids asked for in one statement
_SAME = ("rater", "session_id", "dimension", "anchor_id", "a_id", "b_id", "choice", "supersedes",
         "answer_id", "a_is_left")  # fmt: skip


@dataclass
class ImportReport:
    """What became of a file.

    Attributes
    ----------
    rows
        How many it has.
    added, known
        How many are new, and how many were here already.
    refused
        Where the others stand, and why they were not taken.
    notes
        What else there is to say.
    """

    rows: int = 0
    added: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Planned:
    place: str
    values: dict[str, Any]
    sitting: dict[str, Any]


def import_judgements(
    ws: Workspace, file: Path, *, dimension: str = "overall", progress: Progress | None = None
) -> ImportReport:
    """Add the judgements of a file to the log; importing it again adds nothing.

    Rows keep their ids, raters, sittings and times. Items are found by the content of their
    files, else by title and artist. Rows that cannot be understood, whose items are not here, or
    that contradict a stored row of the same id are refused; the others are added together.

    Parameters
    ----------
    ws
        The workspace.
    file
        As `workbench.exchange.export` writes it, or a table in dim-sim's columns: its votes have
        no raters, so the majority of each triplet is taken as the answer of one.
    dimension
        Of dim-sim's rows that do not name one.
    progress
        Told about the rows.

    Raises
    ------
    WorkbenchError
        If the file cannot be read, or holds no judgements.
    """
    progress, report = progress or Progress(), ImportReport()
    rows = read_rows(file, refuse=lambda place, reason: report.refused.append((place, reason)))
    report.rows = len(rows) + len(report.refused)
    columns = {name for _, row in rows[:1000] for name in row}
    if rows and "song1_vote" in columns:
        planned = list(_dim_sim(ws, file, dimension, report))
    else:
        missing = [name for name in _FIRST if name not in columns]
        if missing:
            raise WorkbenchError(
                f"{file} holds no judgements: it has no column `{missing[0]}`. Triplets are asked "
                "about with `workbench task create NAME --triplets FILE`."
            )
        planned = list(_planned(ws, rows, report, progress))
        if unknown := sorted(columns - FLAT.keys() - NESTED.keys()):
            named = ", ".join(name[:40] for name in unknown[:5])
            report.notes.append(f"Columns that mean nothing here were passed over: {named}.")
    _store(ws, planned, report)
    from workbench.evaluation.questions import OVERALL
    from workbench.subspaces.dimensions import dimensions_of

    strange = {p.values["dimension"] for p in planned} - {OVERALL, *dimensions_of(ws)}
    if strange:
        named = ", ".join(sorted(strange)[:5])
        report.notes.append(f"Dimensions this workspace does not have are kept: {named}.")
    progress.close()
    return report


def _planned(
    ws: Workspace, rows: list[tuple[str, Row]], report: ImportReport, progress: Progress
) -> Iterable[_Planned]:
    keys = ItemKeys(ws)
    progress.stage("Reading judgements", len(rows))
    for place, row in rows:
        progress.advance()
        try:
            values = answer_values(row)
            values |= {f"{role}_id": keys.find(row, role) for role in ROLES}
            if len({values[f"{role}_id"] for role in ROLES}) < 3:
                raise WorkbenchError("its three items are not three")
            yield _Planned(place, values, sitting_values(row))
        except WorkbenchError as error:
            report.refused.append((place, str(error).rstrip(".")))


def _dim_sim(ws: Workspace, file: Path, dimension: str, report: ImportReport) -> Iterable[_Planned]:
    """Return the majority of each triplet of a dim-sim table as the answer of one rater."""
    from workbench.evaluation.triplet_files import read_triplets

    votes = read_triplets(ws, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    name = f"votes of {file.name}"[:80]
    sitting = str(uuid.uuid5(uuid.NAMESPACE_URL, digest))
    at = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    if votes.matched < votes.rows:
        left = votes.rows - votes.matched
        report.notes.append(f"Of {left} rows the sound is not in this workspace.")
    voted = votes.voted
    found = zip(voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True)
    for asked, (anchor, a, b), (for_a, for_b, _) in found:
        values = {
            "dimension": dimension if asked == "overall" else asked,
            "anchor_id": anchor,
            "a_id": a,
            "b_id": b,
            "choice": "a" if for_a > for_b else "b" if for_b > for_a else "cannot_tell",
        }
        values["id"] = str(uuid.uuid5(uuid.UUID(sitting), repr(sorted(values.items()))))
        values |= {"supersedes": None, "answer_id": None, "session_id": sitting, "rater": name}
        values |= {"at": at, "a_is_left": True, "sampler": "dim-sim", "app_version": ""}
        yield _Planned(
            str(file),
            values,
            {"id": sitting, "rater": name, "device": "", "task": "", "started_at": at},
        )


def _store(ws: Workspace, planned: list[_Planned], report: ImportReport) -> None:
    with ws.database.write() as transaction:
        new = _unknown(transaction, planned, report)
        new = _whole(transaction, new, report)
        _open_sittings(transaction, new)
        for each in _oldest_first(new):
            transaction.add(Judgement(**each.values))
            if each.values["supersedes"]:
                transaction.flush()  # the superseded row has to be there first
        report.added = len(new)


def _unknown(
    transaction: Transaction, planned: list[_Planned], report: ImportReport
) -> list[_Planned]:
    """Leave out rows that are here already; refuse those that contradict what is here."""
    stored = {row.id: _facts(vars(row)) for row in _by_id(
        transaction, Judgement, [p.values["id"] for p in planned])}  # fmt: skip
    raters = {row.id: row.rater for row in _by_id(
        transaction, Session, [p.sitting["id"] for p in planned])}  # fmt: skip
    new = []
    for each in planned:
        name, facts = each.values["id"], _facts(each.values)
        if name not in stored:
            owner = raters.setdefault(each.sitting["id"], each.sitting["rater"])
            if owner != each.sitting["rater"]:
                report.refused.append((each.place, "its sitting is another rater's"))
                continue
            stored[name] = facts
            new.append(each)
        elif stored[name] == facts:
            report.known += 1
        else:
            reason = "a judgement of this id is here already and says something else"
            report.refused.append((each.place, reason))
    return new


def _whole(transaction: Transaction, new: list[_Planned], report: ImportReport) -> list[_Planned]:
    """Refuse halves of odd-one-out answers, and what supersedes rows that are nowhere."""
    wanted = [p.values["supersedes"] for p in new if p.values["supersedes"]]
    here = {row.id for row in _by_id(transaction, Judgement, wanted)}
    while True:
        ids = {p.values["id"] for p in new} | here
        halves: dict[tuple[str, str], int] = defaultdict(int)
        for each in new:
            halves[each.values["answer_id"] or "", each.values["choice"]] += 1
        kept = []
        for each in new:
            values = each.values
            answer = values["answer_id"]
            if values["supersedes"] and values["supersedes"] not in ids:
                reason = "it supersedes a row that is neither here nor in the file"
            elif answer and sum(n for (name, _), n in halves.items() if name == answer) % 2:
                reason = "the other half of its odd-one-out answer is missing"
            else:
                kept.append(each)
                continue
            report.refused.append((each.place, reason))
        if len(kept) == len(new):
            return kept
        new = kept


def _open_sittings(transaction: Transaction, new: list[_Planned]) -> None:
    wanted: dict[str, dict[str, Any]] = {}
    for each in new:
        sitting = wanted.setdefault(each.sitting["id"], dict(each.sitting))
        sitting["started_at"] = min(sitting["started_at"], each.sitting["started_at"])
    here = {row.id for row in _by_id(transaction, Session, list(wanted))}
    transaction.add_all(Session(**s) for name, s in wanted.items() if name not in here)
    transaction.flush()


def _oldest_first(new: list[_Planned]) -> list[_Planned]:
    """Return rows by time, each after the one it supersedes."""
    ordered = sorted(new, key=lambda each: each.values["at"])
    by_id = {each.values["id"]: each for each in new}
    done: dict[str, _Planned] = {}
    for each in ordered:
        chain = []
        current: _Planned | None = each
        while current is not None and current.values["id"] not in done and current not in chain:
            chain.append(current)
            current = by_id.get(current.values["supersedes"] or "")
        done |= {link.values["id"]: link for link in reversed(chain)}
    return list(done.values())


def _facts(values: dict[str, Any]) -> tuple[Any, ...]:
    return (*(values.get(name) for name in _SAME), aware(values["at"]))


def _by_id(transaction: Transaction, table: Any, ids: list[str]) -> list[Any]:
    wanted = list(dict.fromkeys(ids))
    found: list[Any] = []
    for first in range(0, len(wanted), _AT_ONCE):
        part = wanted[first : first + _AT_ONCE]
        found += transaction.scalars(sa.select(table).where(table.id.in_(part))).all()
    return found
