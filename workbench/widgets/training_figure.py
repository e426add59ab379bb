"""The figure of a base training: the loss falling, and each dimension's score on held-out music."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.following import Event
from workbench.widgets.theme import ACCENT, INK, MUTED, category_colours, plot_layout
from workbench.widgets.training import Training, smoothed

HEIGHT = 360
_CHANCE = 0.5
_LABEL_PX, _MARGIN = 17, {"l": 52, "r": 18, "t": 58, "b": 48}  # a line of text; beside the plot
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "star", "x")


def loss_figure(training: Training) -> dict[str, Any]:
    """Return the training loss over the epochs: the mean of each, and a thin line of the steps."""
    layout = plot_layout(
        margin=_MARGIN,
        showlegend=False,
        annotations=[_title("<b>Training loss</b>")],
        xaxis=_epoch_axis(training),
        yaxis={"zeroline": False},
    )
    return {"data": _loss_traces(training), "layout": layout}


def score_figure(training: Training) -> dict[str, Any]:
    """Return the scores over the epochs, with their 95 % intervals.

    Each dimension has a colour, a mark and its name at the end of its line.
    """
    colours = category_colours(training.dimensions)
    low, high = score_range(training.epochs)
    bands = [t for name in colours for t in _band(training.epochs, name, colours[name])]
    lines = [
        trace
        for index, name in enumerate(colours)
        for trace in _score_line(training.epochs, name, colours[name], _SYMBOLS[index % 8])
    ]
    layout = plot_layout(
        margin=_MARGIN | {"r": 128},  # for the names
        showlegend=False,
        annotations=[
            _title("<b>Validation scores</b>, with 95 % intervals"),
            *_names(training, colours, low, high),
            *_best_words(training),
            *([] if training.epochs else [_waiting()]),
        ],
        shapes=[_guessing(), *_best_line(training)],
        xaxis=_epoch_axis(training),
        yaxis={"range": [low, high], "tickformat": ".2f", "zeroline": False},
    )
    return {"data": [*bands, *lines, *_mean_line(training.epochs)], "layout": layout}


def score_range(epochs: Sequence[Event]) -> tuple[float, float]:
    """Return the lower and upper end of the axis of scores; guessing is always on it."""
    scores = [s for e in epochs for s in e["scores"].values() if present.measured(s)]
    if not scores:
        return 0.45, 1.0
    low = min([_CHANCE, *(s["low"] for s in scores)]) - 0.04  # room for a word below the line
    high = max(s["high"] for s in scores) + 0.02
    return max(low, 0.0), min(max(high, 0.7), 1.01)


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Return places near the values that are at least `gap` apart, in the same order.

    The mean of pushing upwards and of pushing downwards: both keep the gap, so their mean does.

    Examples
    --------
    >>> [round(v, 2) for v in spread([0.5, 0.8, 0.5], 0.1)]
    [0.45, 0.8, 0.55]
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    up = [values[i] for i in order]
    down = list(up)
    for i in range(1, len(up)):
        up[i] = max(up[i], up[i - 1] + gap)
    for i in range(len(down) - 2, -1, -1):
        down[i] = min(down[i], down[i + 1] - gap)
    places = [0.0] * len(values)
    for index, above, below in zip(order, up, down, strict=True):
        places[index] = (above + below) / 2
    return places


def _epoch_axis(training: Training) -> dict[str, Any]:
    last = max(training.planned, len(training.epochs), 1)
    return {
        "range": [0, last * 1.01],
        "title": {"text": "epoch", "font": {"size": 13}},
        "tickformat": "d",
        "dtick": 1 if last <= 10 else None,
        "zeroline": False,
    }


# -- traces -------------------------------------------------------------------------------------


def _loss_traces(training: Training) -> list[dict[str, Any]]:
    points = smoothed(training.steps)
    epochs = training.epochs
    return [
        _line(
            [x for x, _ in points],
            [y for _, y in points],
            {"color": MUTED, "width": 1},
            mode="lines",
            hoverinfo="skip",
        ),
        _line(
            [e["epoch"] - 0.5 for e in epochs],  # a mean belongs to the middle of its epoch
            [e["loss"] for e in epochs],
            {"color": ACCENT, "width": 2},
            marker={"size": 5},
            customdata=[e["epoch"] for e in epochs],
            hovertemplate="epoch %{customdata}: mean loss %{y:.3f}<extra></extra>",
        ),
    ]


def _known(epochs: Sequence[Event], name: str) -> list[tuple[int, Mapping[str, Any]]]:
    pairs = [(e["epoch"], e["scores"].get(name)) for e in epochs]
    return [(number, score) for number, score in pairs if present.measured(score)]


def _band(epochs: Sequence[Event], name: str, colour: str) -> list[dict[str, Any]]:
    known = _known(epochs, name)
    if len(known) < 2:
        return []
    numbers = [number for number, _ in known]
    return [
        _line(
            [*numbers, *reversed(numbers)],
            [*(s["high"] for _, s in known), *(s["low"] for _, s in reversed(known))],
            {"width": 0},
            mode="lines",
            fill="toself",
            fillcolor=_pale(colour),
            hoverinfo="skip",
        )
    ]


def _score_line(
    epochs: Sequence[Event], name: str, colour: str, symbol: str
) -> list[dict[str, Any]]:
    known = _known(epochs, name)
    if not known:
        return []
    bars = {}
    if len(known) == 1:  # a band has no width yet
        score = known[0][1]
        bars["error_y"] = {
            "array": [score["high"] - score["score"]],
            "arrayminus": [score["score"] - score["low"]],
            "thickness": 1.2,
        }
    return [
        _line(
            [number for number, _ in known],
            [score["score"] for _, score in known],
            {"color": colour, "width": 2},
            marker={"size": 6, "symbol": symbol},
            name=plain(name),
            customdata=[[score["low"], score["high"]] for _, score in known],
            hovertemplate=f"{plain(name).replace('%', '&#37;')}, epoch %{{x}}: %{{y:.2f}} "
            "(%{customdata[0]:.2f} to %{customdata[1]:.2f})<extra></extra>",
            **bars,
        )
    ]


def _mean_line(epochs: Sequence[Event]) -> list[dict[str, Any]]:
    if not epochs:
        return []
    return [
        _line(
            [e["epoch"] for e in epochs],
            [e["overall"] for e in epochs],
            {"color": INK, "width": 2, "dash": "dot"},
            mode="lines",
            name="mean",
            hovertemplate="mean, epoch %{x}: %{y:.2f}<extra></extra>",
        )
    ]


def _line(
    x: Sequence[float], y: Sequence[float], line: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        "line": dict(line),
        **more,
    }


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.10)"


# -- words in the figure ------------------------------------------------------------------------


def _names(
    training: Training, colours: Mapping[str, str], low: float, high: float
) -> list[dict[str, Any]]:
    """Return each line's name and last score at its end, none over another."""
    ends = [
        (f'<span style="color:{colour}">●</span> {plain(name)}', *_known(training.epochs, name)[-1])
        for name, colour in colours.items()
        if _known(training.epochs, name)
    ]
    labels = [(words, number, score["score"]) for words, number, score in ends]
    if training.last is not None:
        labels.append(("<b>mean</b>", training.last["epoch"], training.last["overall"]))
    gap = _LABEL_PX * (high - low) / (HEIGHT - _MARGIN["t"] - _MARGIN["b"])
    places = spread([value for _, _, value in labels], gap)
    return [
        {
            "text": f"{words} {value:.2f}",
            "x": number,
            "y": y,
            "xanchor": "left",
            "xshift": 8,
            "showarrow": False,
            "font": {"size": 12.5, "color": INK},
        }
        for (words, number, value), y in zip(labels, places, strict=True)
    ]


def _best_line(training: Training) -> list[dict[str, Any]]:
    if training.best is None or len(training.epochs) < 2:
        return []
    number = training.best["epoch"]
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "y domain",
            "x0": number,
            "x1": number,
            "y0": 0,
            "y1": 1,
            "line": {"color": MUTED, "width": 1, "dash": "dash"},
            "layer": "below",
        }
    ]


def _best_words(training: Training) -> list[dict[str, Any]]:
    return [
        {
            "text": f"best: epoch {line['x0']}",
            "xref": "x",
            "yref": "y domain",
            "x": line["x0"],
            "y": 1,
            "yanchor": "bottom",
            "showarrow": False,
            "font": {"size": 11.5, "color": MUTED},
        }
        for line in _best_line(training)
    ]


def _guessing() -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "x domain",
        "yref": "y",
        "x0": 0,
        "x1": 1,
        "y0": _CHANCE,
        "y1": _CHANCE,
        "line": {"color": MUTED, "width": 1, "dash": "dot"},
        "layer": "below",
        "label": {
            "text": "guessing",
            "textposition": "start",
            "font": {"size": 11.5, "color": MUTED},
            "yanchor": "top",
        },
    }


def _waiting() -> dict[str, Any]:
    return {
        "text": "scores come after the first epoch",
        "xref": "x domain",
        "yref": "y domain",
        "x": 0.5,
        "y": 0.55,
        "showarrow": False,
        "font": {"color": MUTED},
    }


def _title(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "xref": "x domain",
        "yref": "y domain",
        "x": 0,
        "y": 1,
        "yshift": 22,  # above the mark of the best epoch
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }
