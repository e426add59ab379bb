"""Questions from files: lists of triplets, lists of items, answers that are known."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.evaluation.questions import OVERALL

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_ARRAYS = (".npy", ".npz")


def triplets_of_file(
    ws: Workspace, file: Path, *, dimensions: Collection[str] = ()
) -> list[tuple[str, int, int, int]]:
    """Return the triplets of a file as (dimension, anchor, a, b).

    Parameters
    ----------
    ws
        The workspace whose items it names.
    file
        Whatever `workbench evaluate --triplets` reads, or arrays (``.npy``, ``.npz``).
    dimensions
        Which triplets to take; those without a dimension are asked about in each of these, by
        default about overall similarity.
    """
    rows = [row[:4] for row in answered_triplets(ws, file)]
    asked = list(dict.fromkeys(dimensions))
    if not asked:
        return rows
    named = [row for row in rows if row[0] in asked]
    bare = [row for row in rows if row[0] == OVERALL and OVERALL not in asked]
    found = named + [(name, *row[1:]) for name in asked for row in bare]
    if not found:
        raise WorkbenchError(f"{file} holds no triplet about {' or '.join(asked)}.")
    return found


def answered_triplets(ws: Workspace, file: Path) -> list[tuple[str, int, int, int, str]]:
    """Return the triplets of a file with what most votes say: a, b, or nothing.

    Raises
    ------
    WorkbenchError
        If the file cannot be read or none of its triplets is about items that are here.
    """
    if file.suffix.lower() in _ARRAYS:
        from workbench.exchange.arrays import load_arrays

        arrays = load_arrays(file)
        pairs = zip(arrays.dimensions.tolist(), arrays.items.tolist(), strict=True)
        found = [(name or OVERALL, x, a, b, "a") for name, (x, a, b) in pairs]
    else:
        from workbench.evaluation.triplet_files import read_triplets

        voted = read_triplets(ws, file).voted
        votes = zip(voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True)
        found = [
            (name, x, a, b, "a" if n > m else "b" if m > n else "")
            for name, (x, a, b), (n, m, _) in votes
        ]
    if not found:
        raise WorkbenchError(f"{file} holds no triplet about items of this workspace.")
    return found


def items_of_file(ws: Workspace, file: Path) -> tuple[int, ...]:
    """Return the items a text file names, one on each line: id, path, file name or title.

    Raises
    ------
    UnknownNameError
        If a line names no item, or several.
    """
    from workbench.evaluation.item_names import ItemNames

    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"{file} cannot be read as UTF-8 text: {error}.") from error
    names, found = ItemNames.of(ws), []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found.append(names.find(line))
            except UnknownNameError as error:
                raise UnknownNameError(f"{file}, line {number}: {error}.") from error
    if not found:
        raise WorkbenchError(f"{file} names no items.")
    return tuple(dict.fromkeys(found))
