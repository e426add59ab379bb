"""The named rating tasks of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from workbench.catalogue.tables import RatingTask as Stored
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.evaluation.questions import OVERALL
from workbench.listening.tasks import RatingTask
from workbench.sampling.samplers import SAMPLERS
from workbench.subspaces.dimensions import dimensions_of, get_dimension

if TYPE_CHECKING:
    from workbench.workspace import Workspace

OVERALL_QUESTION = "Everything you hear taken together, as a listener would."


class RatingTasks:
    """The named rating tasks of a workspace.

    Parameters
    ----------
    ws
        The workspace.

    Examples
    --------
    >>> import tempfile
    >>> from workbench import Workspace
    >>> tasks = RatingTasks(Workspace.create(tempfile.mkdtemp() + "/songs"))
    >>> tasks.save(RatingTask(name="first week", dimensions=("tempo",), raters=2, shared=0.2))
    >>> tasks.names()
    ['first week']
    >>> tasks.load("first week").dimensions
    ('tempo',)
    """

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws

    def save(self, task: RatingTask) -> None:
        """Store a task under its name.

        Raises
        ------
        WorkbenchError
            If it has no name, or there is a task of that name: sittings refer to it.
        UnknownNameError
            If it asks about a dimension or an item that does not exist.
        """
        if not task.name.strip():
            raise WorkbenchError("Give the rating task a name.")
        check_task(self._ws, task)
        try:
            with self._ws.database.write() as transaction:
                transaction.add(Stored(name=task.name, settings=task.as_settings()))
        except sa.exc.IntegrityError as error:
            raise WorkbenchError(
                f"There is a rating task {task.name!r} already; choose another name."
            ) from error

    def names(self) -> list[str]:
        """Return the names, the newest first."""
        with self._ws.database.read() as transaction:
            return list(
                transaction.scalars(
                    sa.select(Stored.name).order_by(Stored.created_at.desc(), Stored.name)
                )
            )

    def load(self, name: str) -> RatingTask:
        """Return the task of a name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        with self._ws.database.read() as transaction:
            stored = transaction.get(Stored, name)
        if stored is None:
            known = ", ".join(self.names()) or "none yet"
            raise UnknownNameError(f"There is no rating task {name!r} (there are: {known}).")
        return RatingTask.from_settings(name, stored.settings)


def check_task(ws: Workspace, task: RatingTask) -> None:
    """Refuse a task that asks about what the workspace does not have.

    Raises
    ------
    UnknownNameError
        If a dimension, an item or the sampler does not exist.
    """
    if task.sampler not in SAMPLERS:
        raise UnknownNameError(
            f"There is no sampler {task.sampler!r}; choose one of {', '.join(SAMPLERS)}."
        )
    for name in {*task.dimensions, *(row[0] for row in task.triplets)} - {OVERALL}:
        get_dimension(ws, name)
    asked = {int(i) for row in task.triplets for i in row[1:]} | set(task.items)
    missing = sorted(asked - set(ws.catalogue.items().index)) if asked else []
    if missing:
        raise UnknownNameError(
            f"There is no item {missing[0]}"
            + (f" (and {len(missing) - 1} more)" if len(missing) > 1 else "")
            + "; the task can only ask about items of this workspace."
        )
    if task.items and len(set(task.items)) < 3:
        raise WorkbenchError("A triplet needs three songs; select at least three.")


def dimensions_asked(ws: Workspace, task: RatingTask) -> list[str]:
    """Return what a task asks about, in its order."""
    if task.triplets:
        return list(dict.fromkeys(row[0] for row in task.triplets))
    return list(task.dimensions or dimensions_of(ws))


def question_about(ws: Workspace, dimension: str) -> str:
    """Return a dimension's question, in words."""
    return OVERALL_QUESTION if dimension == OVERALL else get_dimension(ws, dimension).question
