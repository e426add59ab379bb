"""Look at a whole workspace, and put right what can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from workbench.doctor import database, files, maps, models, rows, vectors, work
from workbench.doctor.findings import Finding
from workbench.doctor.lost_and_found import LostAndFound
from workbench.doctor.seen import Seen
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.progress import Progress
    from workbench.workspace import Workspace

_CHECKS: dict[str, Callable[[Seen], Iterator[Finding]]] = {
    "the database": database.check_database,
    "rows": rows.check_rows,
    "files": files.check_files,
    "models": models.check_models,
    "vectors": vectors.check_vectors,
    "maps": maps.check_maps,
    "work": work.check_work,
}
_ROUNDS = 4  # a repair may bring other findings to light


class Repairs(NamedTuple):
    """What a repair did.

    Attributes
    ----------
    done
        A sentence for each thing that was put right.
    left
        What was found afterwards.
    kept
        The folder with what was taken away; None where nothing was.
    """

    done: list[str]
    left: list[Finding]
    kept: Path | None


def examine(
    ws: Workspace, *, deep: bool = False, progress: Progress | None = None
) -> list[Finding]:
    """Return what is wrong with a workspace; one that is well gives none.

    Parameters
    ----------
    ws
        The workspace. Nothing in it is changed.
    deep
        Read all contents too: hashes of files, every page of the database.
    progress
        Told about every check, and every file that is read.

    Examples
    --------
    >>> import tempfile
    >>> from workbench import Workspace
    >>> examine(Workspace.create(tempfile.mkdtemp() + "/songs"))
    []
    """
    seen = Seen(ws, deep=deep, progress=progress)
    found: list[Finding] = []
    try:
        for name, check in _CHECKS.items():
            seen.progress.stage(f"Looking at {name}")
            try:
                found += check(seen)
            except (WorkbenchError, sa.exc.SQLAlchemyError) as error:
                if not any(finding.theme == "database" for finding in found):
                    found.append(_unfinished(name, error))
    finally:
        seen.progress.close()
        seen.database.close()
    return found


def repair(ws: Workspace, *, deep: bool = False, progress: Progress | None = None) -> Repairs:
    """Put right what can be, and look again.

    No judgement and no file that was imported is ever changed or removed. What is taken away
    lies in the folder ``lost+found`` of the workspace, below the date of the repair; an SQLite
    database is copied aside before it is changed. After rows were lost with a damaged database
    nothing else is touched, so that a backup can take its place first.

    Parameters
    ----------
    ws, deep, progress
        As for `examine`.
    """
    kept = LostAndFound(ws.root)
    done: list[str] = []
    for _ in range(_ROUNDS):
        found = examine(ws, deep=deep, progress=progress)
        mended = _repair_all(found, kept)
        done += mended
        if not mended or any(finding.lossy for finding in found):
            break
    if mended:
        found = examine(ws, deep=deep, progress=progress)
    return Repairs(done, found, kept.folder if kept.used else None)


def _repair_all(found: Sequence[Finding], kept: LostAndFound) -> list[str]:
    done = []
    for finding in found:
        if finding.repair is not None:
            done.append(finding.repair(kept))
            if finding.theme == "database" and finding.fault:
                break  # all else was seen through what was broken: look again
    return done


def _unfinished(name: str, error: Exception) -> Finding:
    return Finding(
        name,
        f"Looking at {name} ended with an error: {error}",
        "Nothing is known of them.",
        "Put right what the sentence says, and look again.",
    )
