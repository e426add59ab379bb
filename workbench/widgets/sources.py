"""Below every figure: which model, what data and when, and its data as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as W
import traitlets

from workbench.widgets import present
from workbench.widgets.assets import css, esm
from workbench.widgets.chart import PlotlyChart, plain_json

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard


class SourceLine(anywidget.AnyWidget):
    """What a figure rests on, in words, with a button that saves its data as CSV.

    Parameters
    ----------
    words
        As `source_words` makes them.
    name
        Of the files that are saved, without a suffix.
    table
        The data: a table, or columns by name. Its index is left out.
    picture
        Whether the figure beside it can be saved as SVG and PNG.
    """

    _esm = esm("base.js", "downloads.js", "source.js")
    _css = css("source.css")
    words = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    table = traitlets.Dict().tag(sync=True)
    picture = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        words: str,
        *,
        name: str,
        table: pd.DataFrame | Mapping[str, Sequence[Any]],
        picture: bool = False,
    ) -> None:
        super().__init__(words=words, name=name, table=_rows(table), picture=picture)

    def say(self, words: str, table: pd.DataFrame | Mapping[str, Sequence[Any]]) -> None:
        """Speak of other data: those that the figure shows now."""
        self.words, self.table = words, _rows(table)


def source_words(card: ModelCard | None, data: str, *, read_at: datetime | None = None) -> str:
    """Return model version, data and date, as every figure states them.

    Parameters
    ----------
    card
        The model; None for figures that show none.
    data
        What was counted or measured: ``"426 triplets of songs kept aside"``.
    read_at
        When the workspace was read; by default now.

    Examples
    --------
    >>> source_words(None, "120 judgements", read_at=datetime(2026, 5, 3, tzinfo=UTC))
    '120 judgements · read on 3 May 2026'
    """
    model = [present.model_words(card)] if card else []
    words = " · ".join(
        [*model, data, f"read on {present.date_words(read_at or datetime.now(UTC))}"]
    )
    return words[:1].upper() + words[1:]


def figure(
    piece: W.Widget,
    words: str,
    *,
    name: str,
    table: pd.DataFrame | Mapping[str, Sequence[Any]],
) -> W.VBox:
    """Return a chart or table with its source below it; charts can be saved as pictures.

    Parameters
    ----------
    piece
        The chart or table.
    words, name, table
        As for `SourceLine`.
    """
    line = SourceLine(words, name=name, table=table, picture=isinstance(piece, PlotlyChart))
    box = W.VBox([piece, line])
    box.add_class("wb-figure")
    return box


def _rows(table: pd.DataFrame | Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    columns = {str(name): plain_json(list(cells)) for name, cells in table.items()}
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return {"columns": list(columns), "rows": rows}
