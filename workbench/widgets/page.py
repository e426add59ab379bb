"""A dashboard in one line: open the workspace, make its widgets, show them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.errors import WorkbenchError
from workbench.widgets.safe import message
from workbench.workspace import Workspace

if TYPE_CHECKING:
    Maker = Callable[[Workspace], W.Widget]

_SHOWN: ContextVar[Workspace | None] = ContextVar("shown", default=None)


@contextmanager
def showing(ws: Workspace) -> Iterator[None]:
    """Let `page` show this workspace instead of the one it would open."""
    token = _SHOWN.set(ws)
    try:
        yield
    finally:
        _SHOWN.reset(token)


def page(*makers: Maker, path: str | os.PathLike[str] | None = None) -> W.Widget:
    """Return the widgets of a page, below one another.

    Voila hides what goes wrong in a cell; this shows the sentence instead, such as the one that
    says where the workspace was looked for.

    Parameters
    ----------
    makers
        Widget classes, or any functions from a workspace to a widget.
    path
        The workspace; by default ``WORKBENCH_WORKSPACE``, else the current folder.
    """
    try:
        ws = _SHOWN.get() or Workspace(path)
        return W.VBox([maker(ws) for maker in makers], layout={"overflow": "visible"})
    except WorkbenchError as error:
        return message(str(error), "error")
