"""The Kiviat diagram: one axis per dimension, models overlaid, or one pair of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.widgets import present
from workbench.widgets.chart import PlotlyChart, plain
from workbench.widgets.present import ALL_AT_ONCE, Page, Score
from workbench.widgets.theme import LINE, MUTED, PALETTE, plot_layout

if TYPE_CHECKING:
    from ipywidgets import Widget

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

CHANCE = 0.5  # a triplet has two candidates
_DODGE = 2.5  # degrees between the interval marks of two models on one axis
_WHAT_IT_SHOWS = (
    "Each axis is one dimension of similarity. The further out, the more often the model agrees "
    "with what is known about pieces it has not learned from; 0.5 is guessing. The marks across a "
    "point are its 95 % interval: where the true value may well lie. "
    "“All at once” answers every question with all dimensions together."
)


def kiviat_figure(
    outlines: Mapping[str, Mapping[str, Score]], *, chance: float | None = CHANCE
) -> dict[str, Any]:
    """Return the diagram of one or more outlines over the same dimensions.

    Parameters
    ----------
    outlines
        Name of each outline (a model, a pair) with its score per dimension; the first outline
        names the axes and their order. A score without counts (``n`` absent) is drawn without
        interval, one that is not measured leaves a gap.
    chance
        Radius of the dashed circle of guessing; None for none.

    Returns
    -------
    dict
        A plotly figure, radial axis 0 to 1.

    Notes
    -----
    Axes are angles in degrees, so that the intervals of overlaid models can stand side by side.
    """
    names = list(next(iter(outlines.values()), {}))
    angles = [360.0 * i / len(names) for i in range(len(names))]
    traces: list[dict[str, Any]] = []
    if chance is not None and names:
        traces.append(_chance_circle(chance))
    middle = (len(outlines) - 1) / 2
    for index, (name, scores) in reversed(list(enumerate(outlines.items()))):  # first on top
        colour = PALETTE[index % len(PALETTE)]
        shifted = [angle + (index - middle) * 2 * _DODGE for angle in angles]
        values = [scores.get(dimension, {}) for dimension in names]
        outline = _outline(name, names, values, angles, colour)
        traces.append(outline | {"fill": "toself" if index == 0 else "none", "legendrank": index})
        traces.append(_intervals(name, values, shifted, colour))
    return {"data": traces, "layout": _layout(names, angles)}


def _outline(
    name: str, names: Sequence[str], values: Sequence[Score], angles: Sequence[float], colour: str
) -> dict[str, Any]:
    radii = [value.get("score") for value in values]
    hover = [f"{n}: {_hover(v)}" for n, v in zip(names, values, strict=True)]
    return {
        "type": "scatterpolar",
        "name": plain(name),
        "legendgroup": name,
        "r": [*radii, *radii[:1]],  # the first once more, or the outline stays open
        "theta": [*angles, *angles[:1]],
        "text": [*hover, *hover[:1]],
        "hovertemplate": f"<b>{plain(name)}</b><br>%{{text}}<extra></extra>",
        "mode": "lines+markers",
        "fillcolor": _translucent(colour, 0.10),
        "line": {"color": colour, "width": 2},
        "marker": {"size": 7, "color": colour},
    }


def _intervals(
    name: str, values: Sequence[Score], angles: Sequence[float], colour: str
) -> dict[str, Any]:
    radii: list[float | None] = []
    theta: list[float | None] = []
    for value, angle in zip(values, angles, strict=True):
        if value.get("n"):
            radii += [value["low"], value["high"], None]
            theta += [angle, angle, None]
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


def _hover(value: Score) -> str:
    if value.get("n"):
        return present.score_words(value)
    return "not measured" if value.get("score") is None else f"{value['score']:.2f}"


def _layout(names: Sequence[str], angles: Sequence[float]) -> dict[str, Any]:
    between = 90 - 180 / max(len(names), 1)  # where the numbers stand clear of the axes
    return plot_layout(
        margin={"l": 60, "r": 60, "t": 72, "b": 32},
        showlegend=True,
        legend={"x": 0.5, "xanchor": "center", "y": 1.1, "font": {"size": 12}},
        polar={
            "radialaxis": {
                "range": [0, 1.06],  # room for a point at 1
                "tickvals": [0.25, 0.5, 0.75, 1],
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
                "ticktext": [plain(name) for name in names],
                "direction": "clockwise",
                "rotation": 90,
                "tickfont": {"size": 14},
                "ticks": "",
                "gridcolor": LINE,
                "showline": False,
            },
        },
    )


def _translucent(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


class KiviatChart(Page):
    """Scores per dimension of one or more models, or the relevance of one pair of items.

    Parameters
    ----------
    ws
        The workspace.
    versions
        Models to overlay, by version; by default the current model and its parent.
    pair
        Two item ids: shows how related they are in each dimension of the current model instead.
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        versions: Sequence[str] | None = None,
        pair: tuple[int, int] | None = None,
    ) -> None:
        try:
            super().__init__(_pair(ws, pair) if pair else _models(ws, versions))
        except WorkbenchError as error:
            super().__init__([present.empty(str(error))])


def _models(ws: Workspace, versions: Sequence[str] | None) -> list[Widget]:
    cards = [ws.models.card(version) for version in versions or current_and_parent(ws)]
    outlines = {_name(card): _by_dimension(card) for card in cards}
    if not any(present.measured(s) for scores in outlines.values() for s in scores.values()):
        return [present.empty("No scores yet: run `workbench evaluate` to measure the model.")]
    header = ["Dimension", *outlines]
    rows = [
        [words, *(present.score_cell(_scores(card).get(name)) for card in cards)]
        for name, words in [*((d, d) for d in cards[0].dimensions), ("overall", ALL_AT_ONCE)]
    ]
    held_out = cards[0].metrics.get("held_out_items")
    basis = f" Measured on {present.plural(held_out, 'piece')} kept aside." if held_out else ""
    return [
        present.columns([PlotlyChart(kiviat_figure(outlines), height=460),
                         present.table(header, rows)]),
        present.note(_WHAT_IT_SHOWS + basis + _near_guessing(cards[0])),
    ]  # fmt: skip


def _near_guessing(card: ModelCard) -> str:
    """Name the dimensions whose interval reaches down to guessing, in a sentence."""
    scores = _scores(card)
    names = [d for d in card.dimensions if d in scores and scores[d]["n"]]
    unsure = [d for d in names if scores[d]["low"] <= CHANCE]
    if not unsure:
        return ""
    return f" Not known to be better than guessing: {', '.join(unsure)}."


def _pair(ws: Workspace, pair: tuple[int, int]) -> list[Widget]:
    from workbench.search.find import explain

    card = ws.models.card()
    explained = explain(ws, pair[0], pair[1], version=card.version)
    relevance = {str(name): float(value) for name, value in explained["relevance"].items()}
    items = ws.catalogue.items()
    names = [str(items["title"].get(item, f"item {item}")) for item in pair]
    outline = {dimension: {"score": value} for dimension, value in relevance.items()}
    chart = PlotlyChart(kiviat_figure({" and ".join(names): outline}, chance=None), height=460)
    rows = [
        [name, f"{value:.2f}", f"{explained.percentile[name]:.0%} of the catalogue"]
        for name, value in relevance.items()
    ]
    return [
        present.columns([chart, present.table(["Dimension", "Relevance", "Closer than"], rows)]),
        present.note(
            "1 means as close as can be in that dimension, 0 as far apart as can be. "
            f"From {present.model_words(card)}."
        ),
    ]


def current_and_parent(ws: Workspace) -> list[str]:
    """Return the current version and, where it was tuned from another, its parent.

    Raises
    ------
    NotReadyError
        If the workspace has no model yet.
    """
    card = ws.models.card()
    known = {version.version for version in ws.models.versions()}
    return [card.version, *([card.parent] if card.parent in known else [])]


def _name(card: ModelCard) -> str:
    return f"{card.version}, {present.date_words(card.created_at)}"


def _scores(card: ModelCard) -> dict[str, Score]:
    return card.metrics.get("scores", {})


def _by_dimension(card: ModelCard) -> dict[str, Score]:
    return {name: _scores(card).get(name, {}) for name in card.dimensions}
