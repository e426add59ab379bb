"""A plotly figure on a page, without sending plotly.js through the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from workbench.widgets.assets import css, esm
from workbench.widgets.theme import plot_layout

if TYPE_CHECKING:
    import plotly.graph_objects as go


class PlotlyChart(anywidget.AnyWidget):
    """Show a figure; plotly.min.js is loaded once per page from the workbench's own route.

    ``FigureWidget`` sends 5 MB of JavaScript through the kernel for every chart; this sends the
    figure alone.

    Parameters
    ----------
    figure
        A ``go.Figure``, or its dictionary with ``data`` and ``layout``. Numbers that are no
        numbers become gaps. Plotly reads tags such as ``<b>`` in texts: pass titles and other
        text from files through `plain` first.
    height
        In pixels; the width is that of the place where the chart stands.
    label
        What it shows, in a sentence or two, for those who cannot see it.

    Attributes
    ----------
    clicked, hovered : dict | None
        The point last clicked, and the one under the pointer: ``curve``, ``point``,
        ``customdata`` and ``at`` (milliseconds, so that a second click is a change too).

    Examples
    --------
    >>> chart = PlotlyChart({"data": [{"type": "bar", "x": ["a"], "y": [1]}]}, height=200)
    >>> chart.figure["data"][0]["type"]
    'bar'
    """

    _esm = esm("base.js", "plotly.js", "chart.js")
    _css = css()
    figure = traitlets.Dict().tag(sync=True)
    height = traitlets.Int(360).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    clicked = traitlets.Dict(None, allow_none=True).tag(sync=True)
    hovered = traitlets.Dict(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        figure: go.Figure | dict[str, Any] | None = None,
        *,
        height: int = 360,
        label: str = "",
    ) -> None:
        super().__init__(figure=figure_dict(figure), height=height, label=label)

    def show(self, figure: go.Figure | dict[str, Any]) -> None:
        """Replace the figure."""
        self.figure = figure_dict(figure)


def figure_dict(figure: go.Figure | dict[str, Any] | None) -> dict[str, Any]:
    """Return a figure as plain JSON types, with `data` and `layout`.

    The layout is the shared one with the figure's own entries on top; plotly's default template
    is left out.
    """
    if figure is None:
        figure = {}
    if not isinstance(figure, dict):
        figure = figure.to_plotly_json()
    layout = {key: value for key, value in figure.get("layout", {}).items() if key != "template"}
    return {
        "data": plain_json(figure.get("data", [])),
        "layout": plain_json(plot_layout(**layout)),
    }


def plain(text: object) -> str:
    """Return text that plotly shows letter by letter, tags and entities included.

    Examples
    --------
    >>> plain("<b>Rock & Roll</b>")
    '&lt;b&gt;Rock &amp; Roll&lt;/b&gt;'
    """
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_json(value: Any) -> Any:
    """Return arrays, table columns and NaN as what JSON can hold.

    Examples
    --------
    >>> plain_json({"score": float("nan"), 1: (2, 3)})
    {'score': None, '1': [2, 3]}
    """
    if isinstance(value, dict):
        return {str(key): plain_json(entry) for key, entry in value.items()}
    if hasattr(value, "tolist"):  # numpy and pandas, scalars included
        return plain_json(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_json(entry) for entry in value]
    if isinstance(value, float) and value - value != 0.0:
        return None
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)
