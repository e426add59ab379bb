"""The dashboards as they are served, run here: a notebook's cells, and the widgets they show."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import ipywidgets as W

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.files import from_json
from workbench.server.pages import Page, list_pages
from workbench.widgets.page import showing
from workbench.workspace import Workspace


def chosen_pages(folder: Path, names: list[str] | None) -> list[Page]:
    """Return the dashboards of a folder that are asked for, by default those for everybody.

    Parameters
    ----------
    folder
        Of notebooks. One whose metadata say ``"workbench": {"export": true}`` can be exported;
        others need Python and people who answer.
    names
        Such as ``["overview"]``, without the suffix.

    Raises
    ------
    UnknownNameError
        If there is no such page, or it cannot be exported.
    """
    able = {Path(page.name).stem: page for page in list_pages(folder) if page.export}
    if not able:
        raise WorkbenchError(f"No page of {folder} can be exported: none says so in its metadata.")
    for name in names or ():
        if name not in able:
            raise UnknownNameError(
                f"There is no page {name!r} that can be exported; there are {', '.join(able)}."
            )
    return [page for name, page in able.items() if names is None or name in names]


def shown_by(notebook: Path, ws: Workspace) -> list[W.Widget]:
    """Run the cells of a notebook on a workspace and return the widgets they show.

    As in Jupyter, a cell shows the value of its last line.
    """
    cells = from_json(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": notebook.stem}
    with showing(ws):
        shown = [
            _run("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"
        ]
    return [value for value in shown if isinstance(value, W.Widget)]


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return the value of its last line, None if that is no expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<dashboard>", "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<dashboard>", "eval"), names)
