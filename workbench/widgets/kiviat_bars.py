"""What stands in place of a Kiviat diagram of one or two dimensions, whose axes span no area."""

from __future__ import annotations

from typing import Any

from workbench.widgets.chart import plain
from workbench.widgets.kiviat_data import (
    MARKERS,
    Kiviat,
    interval_of,
    short,
    value_of,
    value_words,
)
from workbench.widgets.present import Score
from workbench.widgets.theme import MUTED, PALETTE, plot_layout

_BAND = 14  # pixels


def bars_figure(shown: Kiviat) -> dict[str, Any]:
    """Return a plotly figure with a lane per dimension and outline, from 0 to `Kiviat.top`."""
    lanes = list(shown.outlines)
    traces = []
    for place, axis in enumerate(shown.axes):
        if interval := interval_of(shown.ceiling.get(axis)):
            traces.append(_band(interval, place, shown.ceiling[axis]))
    for index, name in enumerate(lanes):
        scores = [shown.outlines[name].get(axis) for axis in shown.axes]
        offset = (index - (len(lanes) - 1) / 2) * 0.7 / max(len(lanes), 1)
        traces.append(_lane(name, index, shown.axes, scores, offset))
    usual = {axis: value_of(shown.usual.get(axis)) for axis in shown.axes}
    marks = [
        _upright(value, place - 0.45, place + 0.45)
        for place, value in enumerate(usual.values())
        if value is not None
    ]
    if shown.chance is not None:
        marks.append(_upright(shown.chance, -0.5, len(shown.axes) - 0.5))
    layout = plot_layout(
        margin={"l": 120, "r": 24, "t": 16, "b": 64},
        showlegend=True,
        legend={"y": -0.18, "yanchor": "top"},
        shapes=marks,
        xaxis={"range": [0, 1.03 * shown.top], "tickvals": [0, *shown.ticks], "zeroline": False},
        yaxis={
            "range": [len(shown.axes) - 0.5, -0.5],
            "tickvals": list(range(len(shown.axes))),
            "ticktext": ["<br>".join(map(plain, short(axis))) for axis in shown.axes],
            "showgrid": False,
            "zeroline": False,
        },
    )
    return {"data": traces, "layout": layout}


def _lane(
    name: str, index: int, axes: list[str], scores: list[Score | None], offset: float
) -> dict[str, Any]:
    values = [value_of(score) for score in scores]
    ends = [
        interval_of(score) or (value, value) for score, value in zip(scores, values, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(name),
        "x": values,
        "y": [place + offset for place in range(len(axes))],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_gap(value, high) for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [_gap(low, value) for value, (low, _) in zip(values, ends, strict=True)],
            "thickness": 2.5,
            "width": 5,
        },
        "marker": {
            "size": 10,
            "color": PALETTE[index % len(PALETTE)],
            "symbol": MARKERS[index % len(MARKERS)],
        },
        "text": [f"{plain(a)}: {value_words(s)}" for a, s in zip(axes, scores, strict=True)],
        "hovertemplate": f"<b>{plain(name)}</b><br>%{{text}}<extra></extra>",
    }


def _band(interval: tuple[float, float], place: int, score: Score) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "how far listeners agree",
        "showlegend": place == 0,
        "x": list(interval),
        "y": [place, place],
        "line": {"color": MUTED, "width": _BAND},
        "opacity": 0.3,
        "text": [value_words(score).replace(" right:", " pairs:")] * 2,
        "hovertemplate": "<b>How far listeners agree</b><br>%{text}<extra></extra>",
    }


def _upright(value: float, start: float, end: float) -> dict[str, Any]:
    return {
        "type": "line", "x0": value, "x1": value, "y0": start, "y1": end,
        "line": {"color": MUTED, "width": 1.5, "dash": "dash"}, "layer": "below",
    }  # fmt: skip


def _gap(low: float | None, high: float | None) -> float:
    return high - low if low is not None and high is not None else 0.0
