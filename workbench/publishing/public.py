"""A workspace as people outside may see it: raters without names, files without places."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.catalogue.items import Catalogue
from workbench.judgements.log import JudgementLog
from workbench.subspaces.store import ModelStore
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pandas as pd
    import sqlalchemy as sa


class PublicWorkspace(Workspace):
    """A workspace to show: its judgements are by "rater 1", and it tells no paths.

    Widgets read it like any other; nothing in it can be changed.

    Parameters
    ----------
    path
        As for `Workspace`.
    version
        The model version that counts as the current one; by default that which is.
    names
        Whether raters keep their names.

    Raises
    ------
    UnknownNameError
        If there is no such version.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        version: str | None = None,
        names: bool = False,
    ) -> None:
        super().__init__(path)
        self.read_only = True  # which opens the database so, and widgets offer nothing
        self._names = names
        self._version = version and ModelStore(self.root / "models").card(version).version

    @cached_property
    def judgements(self) -> JudgementLog:
        """The log of judgements, with numbers in the place of names."""
        return JudgementLog(self.database) if self._names else _NamelessLog(self.database)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue, without the files that could not be read."""
        return _PlacelessCatalogue(self.database, self.root, rendering=self.config.get("rendering"))

    @cached_property
    def models(self) -> ModelStore:
        """Models and their versions."""
        return _PinnedModels(self.root / "models", self._version)


class _NamelessLog(JudgementLog):
    """Raters are numbered in the order in which they first judged."""

    def _frame(self, condition: sa.ColumnElement[bool]) -> pd.DataFrame:
        import sqlalchemy as sa

        frame = super()._frame(condition)
        everybody = super()._frame(sa.true())["rater"].unique()
        numbers = {name: f"rater {number}" for number, name in enumerate(everybody, start=1)}
        return frame.assign(rater=frame["rater"].map(numbers))


class _PlacelessCatalogue(Catalogue):
    def failures(self) -> pd.DataFrame:
        """Return nothing: failures are named by their paths."""
        return super().failures().iloc[:0]


class _PinnedModels(ModelStore):
    def __init__(self, folder: Path, version: str | None) -> None:
        super().__init__(folder)
        self._version = version

    def current(self, *, at: datetime | None = None) -> str | None:
        """Return the version that is shown; of earlier moments what was in use then."""
        return self._version if self._version and at is None else super().current(at=at)
