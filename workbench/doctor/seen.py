"""What the checks look at: a workspace whose database may be of an older version, or broken."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.database import SCHEMA_REVISION, Database
from workbench.catalogue.tables import Item
from workbench.errors import WorkbenchError
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class Seen:
    """A workspace as the checks see it.

    Parameters
    ----------
    ws
        The workspace.
    deep
        Whether all contents are read: hashes of files, every page of the database.
    progress
        Told about what takes long.
    """

    def __init__(
        self, ws: Workspace, *, deep: bool = False, progress: Progress | None = None
    ) -> None:
        self.ws, self.deep, self.progress = ws, deep, progress or Progress()

    @cached_property
    def database(self) -> Database:
        """The database as it is: looking at it brings nothing up to date."""
        return Database(self.ws.database_url, read_only=self.ws.read_only)

    @cached_property
    def current(self) -> bool:
        """Whether the database can be read and is of this version."""
        try:
            return self.database.revision() == SCHEMA_REVISION
        except (WorkbenchError, sa.exc.SQLAlchemyError):
            return False

    @cached_property
    def items(self) -> np.ndarray | None:
        """The ids of all items, int64 [n], ascending; None where the database is broken."""
        if not self.current:
            return None
        try:
            with self.database.engine.connect() as connection:
                ids = connection.scalars(sa.select(Item.id).order_by(Item.id)).all()
        except (WorkbenchError, sa.exc.SQLAlchemyError):
            return None
        return np.array(ids, dtype=np.int64)

    @cached_property
    def versions(self) -> set[str]:
        """The names of the model folders that are there."""
        return {file.parent.name for file in self.ws.models.folder.glob("v*/card.json")}
