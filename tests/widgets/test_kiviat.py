"""The Kiviat diagram closes its outline, shows its intervals and never invents a score."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import pytest

from workbench import Workspace
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import KiviatChart
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.kiviat import CHANCE, current_and_parent, kiviat_figure


def wilson(k: int, n: int) -> tuple[float, float]:
    """Solve |p - k/n| = z sqrt(p(1-p)/n) for p by bisection, independently of the package."""
    z, share = 1.959963984540054, k / n

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            middle = (inside + outside) / 2
            if abs(middle - share) <= z * math.sqrt(middle * (1 - middle) / n):
                inside = middle
            else:
                outside = middle
        return inside

    return edge(share, 0.0), edge(share, 1.0)


def score(k: int, n: int = 60) -> dict[str, float]:
    low, high = wilson(k, n)
    return {"k": k, "n": n, "score": k / n, "low": low, "high": high}


SCORES = {name: score(40 + 3 * index) for index, name in enumerate(DIMENSIONS)}


def traces(figure: dict, name: str) -> dict:
    return next(trace for trace in figure["data"] if trace["name"] == name)


def test_plotly_accepts_the_figure():
    go.Figure(kiviat_figure({"v0001": SCORES, "v0002": SCORES}))


def test_outline_is_closed_by_repeating_its_first_corner():
    outline = traces(kiviat_figure({"v0001": SCORES}), "v0001")
    assert len(outline["r"]) == len(DIMENSIONS) + 1
    assert (outline["r"][0], outline["theta"][0]) == (outline["r"][-1], outline["theta"][-1])
    assert outline["r"][:-1] == [SCORES[name]["score"] for name in DIMENSIONS]


def test_axes_stand_at_equal_angles_and_carry_the_names_in_order():
    axis = kiviat_figure({"v0001": SCORES})["layout"]["polar"]["angularaxis"]
    assert axis["ticktext"] == list(DIMENSIONS)
    assert axis["tickvals"] == [0, 60, 120, 180, 240, 300]


def test_interval_marks_reach_from_low_to_high():
    marks = traces(kiviat_figure({"v0001": SCORES}), "v0001: interval")
    pairs = [tuple(marks["r"][i : i + 2]) for i in range(0, len(marks["r"]), 3)]
    assert pairs == [(s["low"], s["high"]) for s in SCORES.values()]
    assert marks["r"][2::3] == [None] * 6  # a gap after each, or they would be joined


def test_intervals_of_two_models_stand_side_by_side():
    figure = kiviat_figure({"v0001": SCORES, "v0002": SCORES})
    first, second = (traces(figure, f"{v}: interval")["theta"][0] for v in ("v0001", "v0002"))
    assert first < 0 < second
    assert first == -second


def test_hover_gives_counts_and_interval():
    low, high = wilson(40, 60)
    text = traces(kiviat_figure({"v0001": SCORES}), "v0001")["text"][0]
    assert text == f"genre: 40 of 60 right: 0.67 ({low:.2f} to {high:.2f})"


def test_chance_is_a_labelled_circle():
    circle = traces(kiviat_figure({"v0001": SCORES}), "guessing (0.5)")
    assert set(circle["r"]) == {CHANCE}
    assert circle["theta"][0] == 0
    assert circle["theta"][-1] == 360


def test_radial_axis_runs_from_nothing_to_all():
    axis = kiviat_figure({"v0001": SCORES})["layout"]["polar"]["radialaxis"]
    assert axis["range"] == [0, pytest.approx(1, abs=0.1)]
    assert axis["range"][1] > 1
    assert axis["tickvals"][-1] == 1


def test_unmeasured_dimension_leaves_a_gap():
    nothing = {"k": 0, "n": 0, "score": None, "low": None, "high": None}
    figure = kiviat_figure({"v0001": {**SCORES, "mood": nothing}})
    assert traces(figure, "v0001")["r"][1] is None
    assert traces(figure, "v0001")["text"][1] == "mood: not measured"
    assert len(traces(figure, "v0001: interval")["r"]) == 3 * 5


def test_tags_in_names_are_shown_not_read():
    figure = kiviat_figure({"<b>x</b>": {"<i>y": score(3)}})
    assert traces(figure, "&lt;b&gt;x&lt;/b&gt;")["hovertemplate"].startswith("<b>&lt;b&gt;x")
    assert figure["layout"]["polar"]["angularaxis"]["ticktext"] == ["&lt;i&gt;y"]


def test_widget_overlays_the_current_model_and_its_parent(lived_in: Workspace):
    chart = KiviatChart(lived_in)
    names = [t["name"] for t in _chart(chart).figure["data"] if "interval" not in t["name"]]
    assert names == ["guessing (0.5)", "v0001, 1 March 2026", "v0002, 2 March 2026"]  # last on top
    assert current_and_parent(lived_in) == ["v0002", "v0001"]


def test_widget_overlays_the_versions_asked_for(lived_in: Workspace):
    names = [t["name"] for t in _chart(KiviatChart(lived_in, versions=["v0003"])).figure["data"]]
    assert "v0003, 3 March 2026" in names
    assert not any("v0002" in name for name in names)


def test_table_below_gives_counts_and_intervals(lived_in: Workspace):
    low, high = wilson(49, 60)
    table = KiviatChart(lived_in).children[1].children[1].value
    assert f"<b>0.82</b><small>49 of 60 · {low:.2f} to {high:.2f}</small>" in table
    assert "all at once" in table


def test_workspace_without_model_says_what_to_do(bare: Workspace):
    assert "workbench train" in KiviatChart(bare).children[-1].value


def test_unknown_version_is_one_sentence(lived_in: Workspace):
    assert "v0099" in KiviatChart(lived_in, versions=["v0099"]).children[-1].value


def test_pair_shows_its_relevance_without_chance(lived_in: Workspace):
    first, second = lived_in.catalogue.items(kind="song").index[[0, 1]]
    chart = _chart(KiviatChart(lived_in, pair=(int(first), int(second))))
    outline = chart.figure["data"][0]
    store = lived_in.vectors("model-v0002").rows([first, second]).reshape(2, 6, 4)
    apart = ((store[0] - store[1]) ** 2).sum(axis=1) ** 0.5
    assert outline["r"][:-1] == pytest.approx(1 - apart / 2, abs=1e-5)
    assert not any("guessing" in trace["name"] for trace in chart.figure["data"])
    assert "<img" not in outline["name"]  # the second song's title is hostile


def _chart(widget: KiviatChart) -> PlotlyChart:
    return next(c for c in widget.children[1].children if isinstance(c, PlotlyChart))
