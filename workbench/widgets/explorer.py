"""The explorer: maps of every dimension, what is drawn around on them, and what is related."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as W

from workbench.widgets import present
from workbench.widgets.kiviat import KiviatChart
from workbench.widgets.maps import SubspaceMaps
from workbench.widgets.present import Page
from workbench.widgets.similar import SimilarItems

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class Explorer(Page):
    """`SubspaceMaps` above `SimilarItems`: a click in a map makes that piece the query.

    What is drawn around is shown as a profile between them: how alike it is in each dimension.

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
        self._ws = ws
        self._profile = W.VBox()
        self.maps.observe(lambda _: self._show_profile(), "chosen")
        related = present.card("Similar pieces", [self.similar])
        super().__init__([self.maps, self._profile, related])

    def _ask(self, item: int | None) -> None:
        if item is not None:
            self.similar.item = item

    def _show_profile(self) -> None:
        """Show how alike the chosen items are."""
        chosen = self.maps.chosen
        title = f"What {present.plural(len(chosen), 'chosen item')} have in common"
        chart = KiviatChart(self._ws, items=chosen) if len(chosen) > 1 else None
        present.replace(self._profile, [present.card(title, [chart])] if chart else [])

    def _mark(self, item: int | None) -> None:
        if item in self.maps.items.get("id", ()):
            self.maps.selected = item
