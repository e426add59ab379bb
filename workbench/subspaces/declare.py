"""Take dimensions into a workspace, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.config_file import add_table, remove_table
from workbench.errors import WorkbenchError
from workbench.subspaces.dimensions import Dimension, declared, dimensions_of

if TYPE_CHECKING:
    from workbench.workspace import Workspace


def add_dimension(ws: Workspace, name: str, *, notion: str = "", question: str = "") -> Dimension:
    """Declare a dimension in ``workbench.toml``.

    Parameters
    ----------
    ws
        The workspace.
    name
        One of the known relations (``complementarity``, ``composition``, ...), or a name of the
        team's own.
    notion
        ``shared_tag``, ``tempo``, ``key``, ``sounding_together``, ``following_each_other`` or
        ``same_track``; by default the relation's own, else ``shared_tag``.
    question
        What raters are asked; by default the relation's own.

    Raises
    ------
    WorkbenchError
        If there is such a dimension, or the name or the notion cannot be used.
    """
    if name in dimensions_of(ws):
        raise WorkbenchError(f"There is a dimension {name!r} already.")
    table = {key: value for key, value in (("notion", notion), ("question", question)) if value}
    found = declared(name, table)
    add_table(ws, "dimensions", name, table)
    return found


def remove_dimension(ws: Workspace, name: str) -> None:
    """Take a dimension out of ``workbench.toml``; judgements, tags and models stay.

    Raises
    ------
    UnknownNameError
        If the file declares no such dimension.
    """
    remove_table(ws, "dimensions", name)
