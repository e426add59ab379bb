"""The Kiviat diagram closes its outline, shows its intervals and never invents a score."""

from __future__ import annotations

import html
import json
import math
from itertools import combinations
from pathlib import Path

import ipywidgets as W
import pandas as pd
import plotly.graph_objects as go
import pytest
from example_workspace import add_model, add_songs

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.judgements.log import Answer
from workbench.search.profile import profile, results_profile
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import KiviatChart
from workbench.widgets.chart import PlotlyChart, plain_json
from workbench.widgets.chooser import Chooser
from workbench.widgets.kiviat_data import CHANCE, Kiviat
from workbench.widgets.kiviat_figure import figure_height
from workbench.widgets.kiviat_figure import kiviat_figure as draw
from workbench.widgets.kiviat_views import current_and_parent
from workbench.widgets.sources import SourceLine


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


def kiviat_figure(outlines: dict, **changes) -> dict:
    return draw(Kiviat(outlines=outlines, **changes))


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
    figure = kiviat_figure({"<b>x</b>": {"<i>y": score(3), "b": score(3), "c": score(3)}})
    assert traces(figure, "&lt;b&gt;x&lt;/b&gt;")["hovertemplate"].startswith("<b>&lt;b&gt;x")
    assert figure["layout"]["polar"]["angularaxis"]["ticktext"][0] == "&lt;i&gt;y"


def test_no_number_is_no_number_and_fills_no_area():
    figure = kiviat_figure({"v0001": {**SCORES, "mood": {"score": float("nan")}}})
    assert traces(figure, "v0001")["r"][1] is None
    assert traces(figure, "v0001")["fill"] == "none"
    assert traces(kiviat_figure({"v0001": SCORES}), "v0001")["fill"] == "toself"


def test_outlines_differ_by_markers_and_dashes():
    figure = kiviat_figure({f"v{i}": SCORES for i in range(4)})
    outlines = [traces(figure, f"v{i}") for i in range(4)]
    assert len({o["marker"]["symbol"] for o in outlines}) == 4
    assert len({o["line"]["dash"] for o in outlines}) == 4


def test_intervals_of_neighbouring_axes_never_cross():
    many = {f"d{i}": score(40) for i in range(24)}
    figure = kiviat_figure({f"v{i}": many for i in range(4)})
    shifts = [abs(traces(figure, f"v{i}: interval")["theta"][0]) for i in range(4)]
    assert max(shifts) < 360 / 24 / 2


def test_ceiling_is_a_block_from_low_to_high_where_it_is_known():
    figure = kiviat_figure(
        {"v0001": SCORES}, ceiling={"tempo": score(50), "key": {"score": None, "n": 0}}
    )
    band = traces(figure, "how far listeners agree")
    low, high = wilson(50, 60)
    assert band["base"] == [pytest.approx(low)]
    assert band["base"][0] + band["r"][0] == pytest.approx(high)
    assert band["theta"] == [240]
    assert band["text"] == [f"tempo: 50 of 60 pairs: 0.83 ({low:.2f} to {high:.2f})"]


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_dimensions_are_lanes_with_intervals(count: int):
    names = list(SCORES)[:count]
    shown = Kiviat(outlines={v: {n: SCORES[n] for n in names} for v in ("v1", "v2")},
                   ceiling={names[0]: score(50)})  # fmt: skip
    figure = draw(shown)
    go.Figure(figure)
    lane = traces(figure, "v1")
    assert lane["x"] == [SCORES[n]["score"] for n in names]
    first = SCORES[names[0]]
    assert lane["x"][0] + lane["error_x"]["array"][0] == pytest.approx(first["high"])
    assert lane["x"][0] - lane["error_x"]["arrayminus"][0] == pytest.approx(first["low"])
    assert traces(figure, "how far listeners agree")["x"] == [score(50)["low"], score(50)["high"]]
    assert lane["y"] != traces(figure, "v2")["y"]
    assert figure["layout"]["yaxis"]["ticktext"] == names
    assert figure_height(shown) > 100


# -- the widget -----------------------------------------------------------------------------------


def everything(widget) -> list:
    """Return a widget and all widgets inside it."""
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in
                      everything(child))]  # fmt: skip


def find(widget, kind: type) -> list:
    return [inner for inner in everything(widget) if isinstance(inner, kind)]


def chart_of(widget: KiviatChart) -> PlotlyChart:
    return find(widget, PlotlyChart)[0]


def words(widget: KiviatChart) -> str:
    values = [w.value for w in find(widget, W.HTML)]
    return " ".join(html.unescape(value) for value in values if "<style" not in value)


def names(widget: KiviatChart) -> list[str]:
    """Return the outlines, the first in front."""
    found = widget.data
    return list(dict.fromkeys(found.loc[found["what"] == "outline", "name"]))


def overlap(ws: Workspace, dimension: str, triplets: int) -> None:
    """Let two raters judge the same triplets; they agree on all but the first two."""
    songs = [int(item) for item in ws.catalogue.items(kind="song").index]
    asked = list(combinations(songs, 3))[:triplets]
    for rater in ("Eva", "Fay"):
        sitting = ws.judgements.open_session(rater)
        for number, (anchor, a, b) in enumerate(asked):
            choice = "b" if rater == "Fay" and number < 2 else "a"
            ws.judgements.append(
                Answer(session_id=sitting, rater=rater, dimension=dimension, anchor_id=anchor,
                       a_id=a, b_id=b, choice=choice)
            )  # fmt: skip


def test_widget_overlays_the_current_model_and_its_parent(lived_in: Workspace):
    chart = KiviatChart(lived_in)
    assert names(chart) == ["v0002, 2 March 2026", "v0001, 1 March 2026"]
    drawn = [t["name"] for t in chart_of(chart).figure["data"] if "interval" not in t["name"]]
    assert drawn == ["guessing (0.5)", "v0001, 1 March 2026", "v0002, 2 March 2026"]  # last on top
    assert current_and_parent(lived_in) == ["v0002", "v0001"]


def test_widget_overlays_the_versions_asked_for(lived_in: Workspace):
    assert names(KiviatChart(lived_in, versions=["v0003"])) == ["v0003, 3 March 2026"]


def test_versions_are_chosen_on_the_page(lived_in: Workspace):
    chart = KiviatChart(lived_in)
    chooser = find(chart, Chooser)[0]
    chooser.take("v0003")
    assert names(chart)[-1] == "v0003, 3 March 2026"
    assert any("v0003" in t["name"] for t in chart_of(chart).figure["data"])
    chooser.leave("v0002")
    assert names(chart) == ["v0001, 1 March 2026", "v0003, 3 March 2026"]
    line = find(chart, SourceLine)[0]
    assert line.words.startswith("Model v0001 of 1 March 2026 · beside model v0003")


def test_table_beside_gives_counts_and_intervals(lived_in: Workspace):
    low, high = wilson(49, 60)
    said = words(KiviatChart(lived_in))
    assert f"<b>0.82</b><small>49 of 60 · {low:.2f} to {high:.2f}</small>" in said
    assert "all at once" in said


def test_what_is_saved_is_what_is_drawn(lived_in: Workspace):
    chart = KiviatChart(lived_in)
    line = find(chart, SourceLine)[0]
    assert line.picture
    assert line.table["rows"] == plain_json(chart.data.to_numpy())
    assert chart.data.loc[0, "value"] == pytest.approx(49 / 60)
    assert chart_of(chart).label.startswith("Kiviat diagram over 6 dimensions. v0002, 2 March")


def test_few_shared_triplets_draw_no_band_and_say_why(lived_in: Workspace):
    chart = KiviatChart(lived_in)
    assert "There is no human ceiling yet" in words(chart)
    assert "--raters 2" in words(chart)
    assert not (chart.data["what"] == "ceiling").any()


def test_ceiling_stands_where_enough_triplets_are_shared(lived_in: Workspace):
    overlap(lived_in, "tempo", 20)
    chart = KiviatChart(lived_in)
    band = chart.data[chart.data["what"] == "ceiling"]
    assert band[["dimension", "k", "n"]].to_numpy().tolist() == [["tempo", 18, 20]]
    assert (band["low"].item(), band["high"].item()) == pytest.approx(wilson(18, 20))
    assert "There is none for genre, mood, instrument, era, key" in words(chart)
    assert "Listeners agree" in words(chart)
    assert "20 triplets judged by two listeners or more" in find(chart, SourceLine)[0].words


def test_combinations_are_measured_when_asked_for(fitted: Workspace):
    chart = KiviatChart(fitted, combinations=[("genre",), ("genre", "mood")])
    assert names(chart) == ["genre", "genre + mood"]
    card = fitted.models.card()
    first = chart.data.iloc[0]
    assert first["value"] == card.metrics["scores"]["genre"]["score"]
    chooser = find(chart, Chooser)[0]
    chooser.take(tuple(card.dimensions))
    assert names(chart)[-1] == "all at once"


def test_page_turns_to_combinations_and_back(fitted: Workspace):
    chart = KiviatChart(fitted)
    switch = find(chart, W.ToggleButtons)[0]
    versions = names(chart)
    switch.value = "Combinations of dimensions"
    assert names(chart) == ["all at once", fitted.models.card().dimensions[0]]
    switch.value = "Model versions"
    assert names(chart) == versions


def test_combination_of_what_is_no_dimension_is_one_sentence(fitted: Workspace):
    assert "'groove'" in words(KiviatChart(fitted, combinations=[("groove",)]))


def test_workspace_without_model_says_what_to_do(bare: Workspace):
    chart = KiviatChart(bare)
    assert "workbench train" in words(chart)
    with pytest.raises(NotReadyError, match="nothing to save"):
        chart.save("x.svg")


def test_model_without_scores_says_what_to_do(bare: Workspace):
    add_songs(bare, 3)
    add_model(bare, 40, metrics={})
    chart = KiviatChart(bare)
    assert "workbench evaluate" in words(chart)
    assert chart.data.empty


def test_unknown_version_is_one_sentence(lived_in: Workspace):
    assert "v0099" in words(KiviatChart(lived_in, versions=["v0099"]))


def test_pair_shows_its_relevance_without_chance(lived_in: Workspace):
    first, second = lived_in.catalogue.items(kind="song").index[[0, 1]]
    widget = KiviatChart(lived_in, pair=(int(first), int(second)))
    chart = chart_of(widget)
    outline = chart.figure["data"][0]
    store = lived_in.vectors("model-v0002").rows([first, second]).reshape(2, 6, 4)
    apart = ((store[0] - store[1]) ** 2).sum(axis=1) ** 0.5
    assert outline["r"][:-1] == pytest.approx(1 - apart / 2, abs=1e-5)
    assert not any("guessing" in trace["name"] for trace in chart.figure["data"])
    assert "<img" not in outline["name"]  # the second song's title is hostile
    assert not find(widget, Chooser)


def test_query_shows_mean_and_range_of_its_results(lived_in: Workspace):
    query = int(lived_in.catalogue.items(kind="song").index[0])
    table, _ = results_profile(lived_in, query, count=4)
    shown = KiviatChart(lived_in, query=query, results=4).data
    outline = shown[shown["what"] == "outline"].set_index("dimension")
    assert outline["name"].iloc[0] == "4 results for Song 00"
    assert outline["value"].tolist() == pytest.approx(table["relevance"].tolist())
    assert outline["low"].tolist() == pytest.approx(table["low"].tolist())
    usual = shown[shown["what"] == "usual"]
    assert usual["value"].tolist() == pytest.approx(table["catalogue"].tolist())


def test_set_of_items_is_a_profile_beside_the_catalogue(lived_in: Workspace):
    ids = lived_in.catalogue.items(kind="song").index[:5]
    table = profile(lived_in, ids)
    widget = KiviatChart(lived_in, items=ids)
    shown = widget.data
    outline = shown[shown["what"] == "outline"]
    assert outline["value"].tolist() == pytest.approx(table["relevance"].tolist())
    assert outline["high"].tolist() == pytest.approx(table["high"].tolist())
    alike = [n for n, row in table.iterrows() if row["low"] > row["catalogue"]]
    assert ("More alike than usual in " + ", ".join(alike) in words(widget)) == bool(alike)


def test_one_item_is_no_set(lived_in: Workspace):
    assert "at least two" in words(KiviatChart(lived_in, items=[1]))


def test_saved_files_hold_what_is_shown(lived_in: Workspace, tmp_path: Path):
    chart = KiviatChart(lived_in)
    chart.save(tmp_path / "k.csv")
    read = pd.read_csv(tmp_path / "k.csv")
    assert read["value"].tolist() == pytest.approx(chart.data["value"].tolist())
    assert list(read["name"]) == list(chart.data["name"])
    chart.save(tmp_path / "k.json")
    stored = json.loads((tmp_path / "k.json").read_text())
    assert stored["source"].startswith("Model v0002 of 2 March 2026")
    assert len(stored["rows"]) == len(chart.data)
    chart.save(tmp_path / "k.svg")
    assert "v0002" in (tmp_path / "k.svg").read_text()
    with pytest.raises(WorkbenchError, match="made by the browser"):
        chart.save(tmp_path / "k.png")
