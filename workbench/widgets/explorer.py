"""The explorer: maps of every dimension, and the neighbours of the piece picked in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.widgets import present
from workbench.widgets.maps import SubspaceMaps
from workbench.widgets.present import Page
from workbench.widgets.similar import SimilarItems

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class Explorer(Page):
    """`SubspaceMaps` above `SimilarItems`: a click in a map makes that piece the query.

    Parameters
    ----------
    ws
        The workspace.

    Attributes
    ----------
    maps, similar
        The two widgets.
    """

    def __init__(self, ws: Workspace) -> None:
        self.maps = SubspaceMaps(ws)
        self.similar = SimilarItems(ws)
        self.maps.observe(lambda change: self._ask(change["new"]), "selected")
        self.similar.observe(lambda change: self._mark(change["new"]), "item")
        super().__init__([self.maps, present.card("Similar pieces", [self.similar])])

    def _ask(self, item: int | None) -> None:
        if item is not None:
            self.similar.item = item

    def _mark(self, item: int | None) -> None:
        if item in self.maps.items.get("id", ()):
            self.maps.selected = item
