"""One page per dimension: what it means, how well it is heard, what is taken for what."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import anywidget
import ipywidgets as W
import traitlets

from workbench.errors import WorkbenchError
from workbench.subspaces.dimensions import dimensions_of, get_dimension
from workbench.widgets import present
from workbench.widgets.assets import css, esm
from workbench.widgets.dimension_sections import Facts, leakage, meaning, mistaken, scores, typical
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class DimensionTabs(anywidget.AnyWidget):
    """A button per dimension; the address of the page may name one (``?dimension=tempo``)."""

    _esm = esm("base.js", "dimension_tabs.js")
    _css = css("dimension_tabs.css")
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def chapters(self) -> tuple[str, list[str]]:
        """Return what turns the page: in an export each dimension is a page of its own."""
        return "value", list(self.names)


class DimensionReport(Page):
    """Report on one dimension at a time, of the model in use.

    Parameters
    ----------
    ws
        The workspace.
    dimension
        Which to begin with; by default the one that the page's address names, else the first.

    Attributes
    ----------
    tabs
        Set its `value` to report on another dimension.
    """

    def __init__(self, ws: Workspace, *, dimension: str | None = None) -> None:
        self._ws = ws
        self._message = Message()
        self._body = W.VBox(layout={"grid_gap": "16px", "overflow": "visible"})
        try:
            names = list(dimensions_of(ws))
            value = get_dimension(ws, dimension).name if dimension else _asked_for(names)
        except WorkbenchError as error:
            super().__init__([present.empty(str(error))])
            return
        self.tabs = DimensionTabs(names=names, value=value)
        super().__init__([self.tabs, self._message, self._body])
        self.tabs.observe(lambda _: self.refresh(), names="value")
        self.refresh()

    def refresh(self) -> None:
        """Read the workspace and report on the chosen dimension."""
        self._message.clear()
        present.replace(self._body, [])
        guarded(self._message.show)(self._fill_in)()

    def _fill_in(self) -> None:
        facts = Facts(self._ws, self.tabs.value)
        cards: list[W.Widget] = [meaning(facts)]
        troubles: dict[str, None] = {}  # each once: several sections may fail for one reason
        try:
            facts.model()
        except WorkbenchError as error:
            self._body.children = (*cards, present.empty(str(error)))
            return
        for section in (scores, leakage, mistaken, typical):
            try:
                cards.append(section(facts))
            except WorkbenchError as error:
                troubles[str(error)] = None
        self._body.children = (*cards, *map(present.empty, troubles))


def _asked_for(names: Sequence[str]) -> str:
    """Return the dimension that the page's address names, where the server tells; else the first.

    Voila gives the address to kernels it starts for a page; `DimensionTabs` reads it for others.
    """
    asked = parse_qs(os.environ.get("QUERY_STRING", "")).get("dimension", [""])[-1]
    return asked if asked in names else names[0]
