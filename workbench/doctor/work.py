"""Jobs: those that died, and folders that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import WorkbenchError
from workbench.files import write_text
from workbench.jobs import Job

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen


def check_work(seen: Seen) -> Iterator[Finding]:
    """Read the folder of every job."""
    folder = seen.ws.jobs_folder
    damaged, died, torn = [], [], []
    for path in sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else ():
        job = Job(path)
        try:
            job.command  # noqa: B018 - read, so that damage shows
        except (WorkbenchError, IndexError):
            damaged.append(path)
            continue
        state = job.state
        if state == "died":
            died.append(path)
        if state != "running" and _torn_lines(path / "events.jsonl"):
            torn.append(path)
    if damaged:
        yield _tell(
            damaged,
            f"{number_of(len(damaged), 'job')} cannot be read.",
            "Pages leave them out.",
            fault=True,
        )
    if died:
        yield _tell(
            died,
            f"{number_of(len(died), 'job')} ended without a word, as when a machine goes down.",
            "What they finished is kept; start them again if they are still wanted.",
            fault=False,
        )
    if torn := [path for path in torn if path not in died]:
        yield Finding(
            "work",
            f"{number_of(len(torn), 'record')} of jobs have lines that were cut short.",
            "These events are not shown.",
            "Repair: the records are kept in lost+found and written anew without these lines.",
            len(torn),
            some([path.name for path in torn]),
            fault=False,
            repair=partial(_mend, torn),
        )


def _tell(folders: Sequence[Path], what: str, means: str, *, fault: bool) -> Finding:
    return Finding(
        "work",
        what,
        means,
        "Repair: their folders go to lost+found.",
        len(folders),
        some([folder.name for folder in folders]),
        fault=fault,
        repair=partial(_move, list(folders)),
    )


def _torn_lines(file: Path) -> bool:
    if not file.is_file():
        return False
    lines = file.read_text(errors="replace").split("\n")
    return bool(lines[-1]) or not all(map(_is_json, lines[:-1]))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _mend(folders: Sequence[Path], kept: LostAndFound) -> str:
    for folder in folders:
        file = folder / "events.jsonl"
        kept.copy(file)
        lines = file.read_text(errors="replace").split("\n")
        write_text(file, "".join(f"{line}\n" for line in lines[:-1] if _is_json(line)))
    return f"{number_of(len(folders), 'record')} of jobs written anew."


def _move(folders: Sequence[Path], kept: LostAndFound) -> str:
    for folder in folders:
        kept.move(folder)
    return f"{number_of(len(folders), 'job folder')} went to lost+found."
