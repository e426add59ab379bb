"""Colours, fonts and the layout that charts share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

INK = "#1f2933"
MUTED = "#616e7c"
LINE = "#dde3ea"
SURFACE = "#ffffff"
ACCENT = "#0072b2"
OTHER = "#b8c0ca"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

# Okabe and Ito (2008), "Color Universal Design", strongest contrast on white first.
PALETTE = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#009E73",  # bluish green
    "#D55E00",  # vermillion
    "#CC79A7",  # reddish purple
    "#56B4E9",  # sky blue
    "#1F2933",  # near black
    "#F0E442",  # yellow
)

# Viridis (van der Walt and Smith, 2015), the dark end first, its palest part left out.
SEQUENTIAL = ("#440154", "#443983", "#31688e", "#21918c", "#35b779", "#90d743", "#d8e219")

PLOT_LAYOUT: dict[str, Any] = {
    "font": {"family": FONT, "size": 13, "color": INK},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "colorway": list(PALETTE),
    "margin": {"l": 56, "r": 16, "t": 36, "b": 44},
    "title": {"font": {"size": 15}, "x": 0, "xanchor": "left"},
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": {"text": ""}},
    "hoverlabel": {"bgcolor": SURFACE, "bordercolor": LINE, "font": {"color": INK}},
    "hovermode": "closest",
    "xaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
    "yaxis": {"gridcolor": LINE, "linecolor": LINE, "zerolinecolor": LINE, "automargin": True},
    "polar": {
        "bgcolor": "rgba(0,0,0,0)",
        "radialaxis": {"gridcolor": LINE, "linecolor": LINE},
        "angularaxis": {"gridcolor": LINE, "linecolor": LINE},
    },
}


def plot_layout(**changes: Any) -> dict[str, Any]:
    """Return `PLOT_LAYOUT` with `changes`; dictionaries are merged one level deep.

    Examples
    --------
    >>> plot_layout(xaxis={"title": {"text": "bpm"}})["xaxis"]["gridcolor"]
    '#dde3ea'
    """
    layout = {
        key: dict(value) if isinstance(value, dict) else value for key, value in PLOT_LAYOUT.items()
    }
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(layout.get(key), dict):
            layout[key] = {**layout[key], **value}
        else:
            layout[key] = value
    return layout


def category_colours(categories: Sequence[str]) -> dict[str, str]:
    """Give each category a colour, in order; those beyond the palette share the grey of "other".

    Examples
    --------
    >>> category_colours(["jazz", "folk"])
    {'jazz': '#0072B2', 'folk': '#E69F00'}
    """
    return {
        category: PALETTE[index] if index < len(PALETTE) else OTHER
        for index, category in enumerate(categories)
    }
