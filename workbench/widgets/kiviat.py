"""The Kiviat diagram on a page: models, combinations of dimensions, a pair, a query or a set."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations as choices
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as W

from workbench.errors import NotReadyError, WorkbenchError
from workbench.files import write_text
from workbench.row_files import write_rows
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.chooser import Chooser
from workbench.widgets.kiviat_data import COLUMNS, value_of
from workbench.widgets.kiviat_figure import figure_height, kiviat_figure
from workbench.widgets.kiviat_svg import kiviat_svg
from workbench.widgets.kiviat_views import (
    View,
    combination_name,
    combinations_view,
    current_and_parent,
    models_view,
    pair_view,
    query_view,
    set_view,
    version_name,
)
from workbench.widgets.present import Page
from workbench.widgets.safe import Message, guarded
from workbench.widgets.sources import figure, source_words

if TYPE_CHECKING:
    import pandas as pd

    from workbench.evaluation.combinations import Combination
    from workbench.workspace import Workspace

_KINDS = (str, str, str, float, float, float, int, int)
_VERSIONS, _COMBINATIONS = "Model versions", "Combinations of dimensions"


class KiviatChart(Page):
    """Scores per dimension of models or combinations, or how related items are in each.

    Without a pair, a query or items, versions and combinations can be chosen on the page.

    Parameters
    ----------
    ws
        The workspace.
    versions
        Models to overlay, by version; by default the current model and its parent.
    combinations
        Dimensions that are measured together, such as ``[("tempo",), ("tempo", "key")]``, to
        overlay; of the first of `versions`.
    pair
        Two item ids: how related they are in each dimension.
    query, results
        An item id: how related the nearest `results` items are to it in each dimension.
    items
        Item ids: how alike they are in each dimension, beside the catalogue.

    Examples
    --------
    >>> import tempfile
    >>> from workbench import Workspace
    >>> chart = KiviatChart(Workspace.create(tempfile.mkdtemp()))
    >>> len(chart.data)
    0
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        versions: Sequence[str] | None = None,
        combinations: Sequence[Combination] | None = None,
        pair: tuple[int, int] | None = None,
        query: int | None = None,
        results: int = 10,
        items: Iterable[int] | None = None,
    ) -> None:
        self._ws = ws
        self._view: View | None = None
        self._message = Message()
        self._choosers, self._body = W.VBox(), W.VBox()
        for box in (self._choosers, self._body):
            box.add_class("wb-stack")
        super().__init__()
        try:
            if pair is not None:
                self._show(pair_view(ws, pair))
            elif query is not None:
                self._show(query_view(ws, query, results))
            elif items is not None:
                self._show(set_view(ws, items))
            else:
                self._choose(list(versions or current_and_parent(ws)), combinations)
        except WorkbenchError as error:
            self._body.children = (present.empty(str(error)),)
        self.fill([self._choosers, self._message, self._body])

    @property
    def data(self) -> pd.DataFrame:
        """What is shown, a row per outline and dimension; the ceiling and what is usual, too.

        Columns: `what` (outline, ceiling or usual), `name`, `dimension`, `value`, `low`, `high`
        (its 95 % interval; of the results of a query, the least and the most) and `k` of `n`.
        """
        import pandas as pd

        return pd.DataFrame(columns=list(COLUMNS)) if self._view is None else self._table()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the diagram as ``.svg``, or its data as ``.csv`` or ``.json``.

        Raises
        ------
        WorkbenchError
            If the suffix is another one.
        NotReadyError
            If there is nothing to show yet.
        """
        file = Path(path)
        if self._view is None:
            raise NotReadyError("There is nothing to save yet; the chart says what is missing.")
        table = self._table().astype(object)
        cells = table.where(table.notna(), None).to_numpy().tolist()
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells]
        if file.suffix == ".svg":
            write_text(file, kiviat_svg(self._view.shown, title=self._words()))
        elif file.suffix == ".csv":
            write_rows(file, rows, dict(zip(COLUMNS, _KINDS, strict=True)))
        elif file.suffix == ".json":
            write_text(
                file,
                json.dumps({"source": self._words(), "rows": rows}, indent=1, ensure_ascii=False),
            )
        else:
            raise WorkbenchError(
                f"{file} needs the suffix .svg, .csv or .json; a PNG is made by the browser, with "
                "the button below the chart."
            )

    # -- choosing -------------------------------------------------------------------------------

    def _choose(self, versions: list[str], combined: Sequence[Combination] | None) -> None:
        cards = {card.version: card for card in self._ws.models.versions()}
        for version in versions:
            self._ws.models.card(version)  # a version that is missing is named
        names = {version_name(card): version for version, card in reversed(cards.items())}
        card = cards[versions[0]]
        sets = _combinations(card.dimensions, combined or ())
        ways = {
            _VERSIONS: self._chooser(names, versions, lambda now: models_view(self._ws, now),
                                     add="Add a version"),
            _COMBINATIONS: self._chooser(
                {combination_name(c, card): c for c in sets},
                list(combined) if combined else [tuple(card.dimensions), (card.dimensions[0],)],
                lambda now: combinations_view(self._ws, now, card.version),
                add="Add a combination",
            ),
        }  # fmt: skip
        start = _COMBINATIONS if combined else _VERSIONS
        switch = W.ToggleButtons(options=list(ways), value=start, style={"button_width": "auto"})
        switch.observe(lambda change: self._turn(ways[change["new"]]), names="value")
        self._head = [switch] if len(card.dimensions) > 1 else []
        self._turn(ways[start])

    def _chooser(
        self, options: Mapping[str, Any], chosen: Sequence[Any],
        view: Callable[[list[Any]], View], *, add: str,
    ) -> tuple[Chooser, Callable[[list[Any]], None]]:  # fmt: skip
        @guarded(self._message.show)
        def show(now: list[Any]) -> None:
            self._message.clear()
            self._show(view(now))

        return Chooser(options, chosen, show, add=add), show

    def _turn(self, way: tuple[Chooser, Callable[[list[Any]], None]]) -> None:
        chooser, show = way
        self._choosers.children = (*self._head, chooser)
        show(chooser.chosen)

    # -- showing --------------------------------------------------------------------------------

    def _show(self, view: View) -> None:
        values = (value_of(score) for row in view.shown.outlines.values() for score in row.values())
        if all(value is None for value in values):
            self._view = None
            words = "No scores yet: run `workbench evaluate` to measure the model."
            self._body.children = (present.empty(words),)
            return
        self._view = view
        chart = PlotlyChart(kiviat_figure(view.shown), height=figure_height(view.shown),
                            label=view.shown.words())  # fmt: skip
        name = f"kiviat-{view.card.version}"
        drawn = figure(chart, self._words(), name=name, table=view.shown.table())
        beside = present.columns([drawn, present.table(view.header, view.rows)])
        present.replace(self._body, [beside, present.note(view.notes)])

    def _table(self) -> pd.DataFrame:
        assert self._view is not None
        return self._view.shown.table()

    def _words(self) -> str:
        assert self._view is not None
        return source_words(self._view.card, self._view.data)


def _combinations(names: Sequence[str], asked: Sequence[Combination]) -> list[Combination]:
    """Return all together, each alone, and every two; others where somebody asked for them."""
    offered = [tuple(names), *((name,) for name in names), *choices(names, 2)]
    return list(dict.fromkeys([*offered, *asked]))
