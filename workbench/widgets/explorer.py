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
        super().__init__([self.maps, present.card("Similar pieces", [self.similar])])
