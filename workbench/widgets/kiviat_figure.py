"""The Kiviat diagram as a plotly figure: one axis per dimension, outlines over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.widgets.chart import plain
from workbench.widgets.kiviat_bars import bars_figure
from workbench.widgets.kiviat_data import (
    DASHES,
    MARKERS,
    Kiviat,
    interval_of,
    short,
    value_of,
    value_words,
)
from workbench.widgets.present import Score
from workbench.widgets.theme import LINE, MUTED, PALETTE, plot_layout

_DODGE = 5.0  # degrees between the interval marks of two outlines on one axis
_FEWEST_AXES = 3  # fewer span no area


def kiviat_figure(shown: Kiviat) -> dict[str, Any]:
    """Return the diagram; bars where there are fewer than three dimensions.

    Returns
    -------
    dict
        A plotly figure, radial axis from 0 to `Kiviat.top`.

    Notes
    -----
    Axes are angles in degrees, so that the intervals of overlaid outlines can stand side by side.
    """
    names = shown.axes
    if len(names) < _FEWEST_AXES:
        return bars_figure(shown)
    angles = [360.0 * i / len(names) for i in range(len(names))]
    step = min(_DODGE, 0.8 * 360 / len(names) / (len(shown.outlines) + 1))
    middle = (len(shown.outlines) - 1) / 2
    traces: list[dict[str, Any]] = []
    if shown.ceiling:
        traces.append(_band(shown.ceiling, names, angles))
    if shown.chance is not None:
        traces.append(_chance_circle(shown.chance))
    if shown.usual:
        traces.append(_usual(shown, names, angles))
    for index, (name, scores) in reversed(list(enumerate(shown.outlines.items()))):  # first on top
        values = [scores.get(dimension) for dimension in names]
        shifted = [angle + (index - middle) * step for angle in angles]
        traces.append(_outline(name, index, names, values, angles))
        traces.append(_intervals(name, index, values, shifted))
    return {"data": traces, "layout": _layout(shown, angles)}


def figure_height(shown: Kiviat) -> int:
    """Return how many pixels high the figure should be."""
    if len(shown.axes) < _FEWEST_AXES:
        return 120 + len(shown.axes) * max(60, 32 * len(shown.outlines))
    return 440 + 14 * len(shown.outlines)


def _outline(
    name: str,
    index: int,
    names: Sequence[str],
    values: Sequence[Score | None],
    angles: Sequence[float],
) -> dict[str, Any]:
    radii = [value_of(value) for value in values]
    hover = [f"{plain(n)}: {value_words(v)}" for n, v in zip(names, values, strict=True)]
    colour = PALETTE[index % len(PALETTE)]
    return {
        "type": "scatterpolar",
        "name": plain(name),
        "legendgroup": name,
        "legendrank": index,
        "r": [*radii, radii[0]],  # the first once more, or the outline stays open
        "theta": [*angles, angles[0]],
        "text": [*hover, hover[0]],
        "hovertemplate": f"<b>{plain(name)}</b><br>%{{text}}<extra></extra>",
        "mode": "lines+markers",
        "fill": "toself" if index == 0 and None not in radii else "none",
        "fillcolor": _translucent(colour, 0.10),
        "line": {"color": colour, "width": 2, "dash": DASHES[index % len(DASHES)]},
        "marker": {"size": 8, "color": colour, "symbol": MARKERS[index % len(MARKERS)]},
    }


def _intervals(
    name: str, index: int, values: Sequence[Score | None], angles: Sequence[float]
) -> dict[str, Any]:
    radii: list[float | None] = []
    theta: list[float | None] = []
    for value, angle in zip(values, angles, strict=True):
        if interval := interval_of(value):
            radii += [*interval, None]
            theta += [angle, angle, None]
    colour = PALETTE[index % len(PALETTE)]
    return {
        "type": "scatterpolar",
        "name": f"{plain(name)}: interval",
        "legendgroup": name,
        "showlegend": False,
        "hoverinfo": "skip",
        "r": radii,
        "theta": theta,
        "mode": "lines+markers",
        "marker": {"symbol": "circle", "size": 4, "color": colour},
        "line": {"color": colour, "width": 2.5},
        "opacity": 0.75,
    }


def _band(
    ceiling: Mapping[str, Score], names: Sequence[str], angles: Sequence[float]
) -> dict[str, Any]:
    """Return a block per axis from the low to the high end: nothing is known between the axes."""
    known = [
        (name, angle, interval)
        for name, angle in zip(names, angles, strict=True)
        if (interval := interval_of(ceiling.get(name)))
    ]
    return {
        "type": "barpolar",
        "name": "how far listeners agree",
        "legendrank": 98,
        "base": [low for *_, (low, _) in known],
        "r": [high - low for *_, (low, high) in known],
        "theta": [angle for _, angle, _ in known],
        "width": [0.55 * 360 / len(names)] * len(known),
        "text": [f"{plain(name)}: {_agreement(ceiling[name])}" for name, *_ in known],
        "hovertemplate": "<b>How far listeners agree</b><br>%{text}<extra></extra>",
        "marker": {"color": MUTED, "line": {"width": 0}},
        "opacity": 0.3,
    }


def _agreement(score: Score) -> str:
    return value_words(score).replace(" right:", " pairs:")


def _usual(shown: Kiviat, names: Sequence[str], angles: Sequence[float]) -> dict[str, Any]:
    scores = [shown.usual.get(name) for name in names]
    radii = [value_of(score) for score in scores]
    hover = [f"{plain(n)}: {value_words(s)}" for n, s in zip(names, scores, strict=True)]
    return {
        "type": "scatterpolar",
        "name": plain(shown.usual_name),
        "legendrank": 99,
        "r": [*radii, radii[0]],
        "theta": [*angles, angles[0]],
        "text": [*hover, hover[0]],
        "hovertemplate": f"<b>{plain(shown.usual_name)}</b><br>%{{text}}<extra></extra>",
        "mode": "lines",
        "line": {"color": MUTED, "width": 1.5, "dash": "dash"},
    }


def _chance_circle(chance: float) -> dict[str, Any]:
    return {
        "type": "scatterpolar",
        "name": f"guessing ({chance:g})",
        "r": [chance] * 73,
        "theta": [5.0 * step for step in range(73)],
        "mode": "lines",
        "line": {"color": MUTED, "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
        "legendrank": 99,
    }


def _layout(shown: Kiviat, angles: Sequence[float]) -> dict[str, Any]:
    names = shown.axes
    between = 90 - 180 / len(names)  # where the numbers stand clear of the axes
    return plot_layout(
        margin={"l": 70, "r": 70, "t": 32, "b": 12},
        showlegend=True,
        legend={"x": 0.5, "xanchor": "center", "y": -0.1, "yanchor": "top", "font": {"size": 12}},
        polar={
            "radialaxis": {
                "range": [0, 1.06 * shown.top],  # room for a point at the end
                "tickvals": shown.ticks,
                "angle": between,
                "tickangle": between,  # upright
                "ticks": "",
                "tickfont": {"size": 11, "color": MUTED},
                "gridcolor": LINE,
                "linecolor": "rgba(0,0,0,0)",
            },
            "angularaxis": {
                "tickmode": "array",
                "tickvals": list(angles),
                "ticktext": ["<br>".join(map(plain, short(name))) for name in names],
                "direction": "clockwise",
                "rotation": 90,
                "tickfont": {"size": 14 if len(names) <= 8 else 12},
                "ticks": "",
                "gridcolor": LINE,
                "showline": False,
            },
        },
    )


def _translucent(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"
