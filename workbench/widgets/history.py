"""Scores of all model versions, one small chart per dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.kiviat_data import CHANCE
from workbench.widgets.overview_figures import in_order
from workbench.widgets.theme import ACCENT, LINE, MUTED, SURFACE, plot_layout

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard

_COLUMNS = 4


def history_figure(cards: Sequence[ModelCard], current: str | None) -> dict[str, Any]:
    """Return one small chart per dimension, and one overall: scores of all versions.

    Parameters
    ----------
    cards
        Versions with scores, oldest first.
    current
        The version in use, drawn larger than the others.
    """
    names = [*in_order({name for card in cards for name in card.dimensions}), "overall"]
    rows = -(-len(names) // _COLUMNS)
    traces: list[dict[str, Any]] = []
    layout = plot_layout(
        annotations=[],
        shapes=[],
        margin={"l": 44, "r": 12, "t": 56, "b": 12},
        showlegend=True,
        legend={"y": 1.05, "itemclick": False, "itemdoubleclick": False},
    )
    lowest = _lowest(cards)
    named: set[str] = set()  # what the legend already says
    for index, name in enumerate(names):
        axis = str(index + 1) if index else ""
        layout |= _panel(index, rows, axis, [card.version for card in cards], lowest)
        layout["annotations"].append(
            _panel_title(name if name != "overall" else present.ALL_AT_ONCE, axis)
        )
        layout["shapes"].append(_chance_line(axis))
        panel = _panel_traces(name, axis, cards, current)
        for trace in panel:
            trace["showlegend"] = "name" in trace and trace["name"] not in named
            named.add(trace.get("name", ""))
        if len(panel) == 1:  # the line alone, and no point
            layout["annotations"].append(_not_measured(axis))
        traces += panel
    return {"data": traces, "layout": layout}


def _panel_traces(
    name: str, axis: str, cards: Sequence[ModelCard], current: str | None
) -> list[dict[str, Any]]:
    axes = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    known = [card for card in cards if present.measured(card.metrics["scores"].get(name))]
    used = [card for card in known if card.promoted]
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": [card.version for card in cards],  # all, so that the axes stand without a point too
        "y": [card.metrics["scores"][name]["score"] if card in used else None for card in cards],
        "connectgaps": True,
        "line": {"color": ACCENT, "width": 1.5},
        "opacity": 0.45,
        "hoverinfo": "skip",
        **axes,
    }
    styles = {
        "in use now": {"size": 12, "color": ACCENT, "line": {"color": SURFACE, "width": 1.5}},
        "was in use": {"size": 8, "color": ACCENT},
        "saved, never in use": {"size": 8, "color": SURFACE, "line": {"color": MUTED, "width": 2}},
    }
    groups = {
        "in use now": [card for card in known if card.version == current],
        "was in use": [card for card in used if card.version != current],
        "saved, never in use": [c for c in known if not c.promoted and c.version != current],
    }
    points = [
        {**_points(name, group), "name": label, "legendgroup": label, "marker": styles[label],
         "legendrank": list(styles).index(label), **axes}
        for label, group in groups.items()
        if group
    ]  # fmt: skip
    return [line, *points]


def _points(name: str, cards: Sequence[ModelCard]) -> dict[str, Any]:
    scores = [card.metrics["scores"][name] for card in cards]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [card.version for card in cards],
        "y": [score["score"] for score in scores],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [score["high"] - score["score"] for score in scores],
            "arrayminus": [score["score"] - score["low"] for score in scores],
            "color": MUTED,
            "thickness": 1.2,
            "width": 3,
        },
        "text": [
            f"{card.version}, {present.date_words(card.created_at)}<br>{present.score_words(score)}"
            for card, score in zip(cards, scores, strict=True)
        ],
        "hovertemplate": f"<b>{plain(name)}</b><br>%{{text}}<extra></extra>",
    }


def _panel(
    index: int, rows: int, axis: str, versions: Sequence[str], lowest: float
) -> dict[str, Any]:
    column, row = index % _COLUMNS, index // _COLUMNS
    wide, high = 1 / _COLUMNS, 1 / rows
    top = 1 - row * high
    return {
        f"xaxis{axis}": {
            "domain": [column * wide + 0.012, (column + 1) * wide - 0.022],
            "anchor": f"y{axis}",
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(versions),
            "range": [-0.5, len(versions) - 0.5],
            "linecolor": LINE,
            "showgrid": False,
            "tickfont": {"size": 11, "color": MUTED},
            "tickangle": 0,
            "nticks": 6,
        },
        f"yaxis{axis}": {
            "domain": [top - high + 0.07, top - 0.06],
            "anchor": f"x{axis}",
            "range": [lowest, 1.05],
            "dtick": 0.1 if lowest >= 0.4 else 0.25,
            "showticklabels": column == 0,
            "gridcolor": LINE,
            "tickformat": ".2f",
            "tickfont": {"size": 11, "color": MUTED},
            "zeroline": False,
        },
    }


def _panel_title(name: str, axis: str) -> dict[str, Any]:
    return {
        "text": f"<b>{plain(name)}</b>",
        "xref": f"x{axis} domain",
        "yref": f"y{axis} domain",
        "x": 0,
        "y": 1.02,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }


def _not_measured(axis: str) -> dict[str, Any]:
    return {
        "text": "not measured",
        "xref": f"x{axis} domain",
        "yref": f"y{axis} domain",
        "x": 0.5,
        "y": 0.75,
        "showarrow": False,
        "font": {"size": 12, "color": MUTED},
    }


def _chance_line(axis: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": f"x{axis} domain",
        "yref": f"y{axis}",
        "x0": 0,
        "x1": 1,
        "y0": CHANCE,
        "y1": CHANCE,
        "line": {"color": MUTED, "width": 1.2, "dash": "dash"},
        "layer": "below",
    }


def _lowest(cards: Sequence[ModelCard]) -> float:
    """Return the bottom of the scale: below every interval, and always below guessing."""
    lows = [s["low"] for card in cards for s in card.metrics["scores"].values() if s.get("n")]
    return 0.0 if min(lows, default=0.5) < 0.4 else 0.4
