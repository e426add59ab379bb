"""Where the vectors of a workspace lie: in its folder, or in the team's database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workbench.progress import Progress
from workbench.vectors.store import VectorStore

if TYPE_CHECKING:
    from workbench.catalogue.database import Database


def open_vectors(
    database: Database, root: Path, name: str, *, progress: type[Progress] = Progress
) -> VectorStore:
    """Return the stored vectors of a name.

    Parameters
    ----------
    database
        Of the workspace.
    root
        Its folder.
    name
        Of an encoder, or ``model-VERSION``.
    progress
        Makes who is told about long transfers.
    """
    folder = root / "vectors" / name
    if database.is_sqlite:
        return VectorStore(folder)
    from workbench.vectors.shared import SharedVectors

    cache = root / "cache" / "vectors" / name
    return SharedVectors(database, name, folder=folder, cache=cache, progress=progress)


def stored_sets(database: Database, root: Path) -> list[str]:
    """Return the names of all stored vectors."""
    if not database.is_sqlite:
        from workbench.vectors.shared import shared_sets

        return shared_sets(database)
    return sorted(file.parent.name for file in (root / "vectors").glob("*/current"))
