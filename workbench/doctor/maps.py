"""Stored maps: whole, and of the dimensions of a model that is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.doctor.findings import Finding, number_of, some
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound
    from workbench.doctor.seen import Seen


def check_maps(seen: Seen) -> Iterator[Finding]:
    """Read every file of maps."""
    orphans = []
    for file in sorted((seen.ws.root / "maps").glob("[!.]*.npz")):
        version = file.stem
        if version not in seen.versions:
            orphans.append(file)
            continue
        reason = _why_bad(seen, version)
        if reason:
            yield Finding(
                "maps",
                f"The maps of model {version} cannot be shown ({reason}).",
                "Pages that show them say so.",
                "Repair: they go to lost+found; then run `workbench map`.",
                examples=(file.name,),
                repair=partial(_move, [file]),
            )
    if orphans:
        yield Finding(
            "maps",
            f"{number_of(len(orphans), 'file')} of maps are of models that are not there.",
            "They take room; nothing reads them.",
            "Repair: they go to lost+found.",
            len(orphans),
            some([file.name for file in orphans]),
            fault=False,
            repair=partial(_move, orphans),
        )


def _why_bad(seen: Seen, version: str) -> str:
    """Return why the maps of a version cannot be shown; empty where they can."""
    try:
        layouts = seen.ws.maps.load(version)
        seen.ws.maps.facts(version)
    except WorkbenchError as error:
        return str(error).rstrip(".")
    try:
        dimensions = seen.ws.models.card(version).dimensions
    except WorkbenchError:
        return ""  # the models are looked at by themselves
    if sorted(layouts) != sorted(dimensions):
        return "they are of other dimensions than the model has"
    ids = next(iter(layouts.values())).ids
    if seen.items is not None and len(np.setdiff1d(ids, seen.items)):
        return "there are items on them that the catalogue does not have"
    return ""


def _move(files: Sequence[Path], kept: LostAndFound) -> str:
    for file in files:
        kept.move(file)
    return f"{', '.join(file.name for file in files)} went to lost+found."
