"""Scores of all versions: a panel per dimension, marks by use, no point without a measurement."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from example_workspace import add_model, add_songs, score

from workbench import Workspace
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets.history import history_figure


@pytest.fixture
def figure(lived_in: Workspace) -> dict:
    return history_figure(lived_in.models.versions(), "v0002")


def test_every_dimension_and_the_whole_have_a_panel(figure: dict):
    go.Figure(figure)
    titles = [a["text"] for a in figure["layout"]["annotations"]]
    assert titles == [f"<b>{name}</b>" for name in (*DIMENSIONS, "all at once")]
    assert all(shape["y0"] == shape["y1"] == 0.5 for shape in figure["layout"]["shapes"])


def test_versions_are_marked_by_whether_they_were_used(figure: dict):
    first = {t["name"]: t["x"] for t in figure["data"] if t.get("name") and t["yaxis"] == "y"}
    assert first == {
        "in use now": ["v0002"],
        "was in use": ["v0001"],
        "saved, never in use": ["v0003"],
    }


def test_interval_of_a_point_is_that_of_its_score(lived_in: Workspace, figure: dict):
    point = next(t for t in figure["data"] if t.get("name") == "in use now" and t["yaxis"] == "y")
    score = lived_in.models.card("v0002").metrics["scores"]["genre"]
    assert point["y"] == [49 / 60]
    assert point["y"][0] + point["error_y"]["array"][0] == pytest.approx(score["high"])
    assert point["y"][0] - point["error_y"]["arrayminus"][0] == pytest.approx(score["low"])
    assert "49 of 60 right" in point["text"][0]


def test_each_legend_entry_stands_once(figure: dict):
    shown = [t["name"] for t in figure["data"] if t["showlegend"]]
    assert sorted(shown) == ["in use now", "saved, never in use", "was in use"]


def test_line_joins_the_versions_that_were_used(figure: dict):
    line = next(t for t in figure["data"] if t["mode"] == "lines" and t["yaxis"] == "y")
    assert line["y"] == [44 / 60, 49 / 60, None]
    assert line["connectgaps"]


def test_dimension_nobody_could_measure_says_so(bare: Workspace):
    add_songs(bare, 3)
    for _ in range(2):
        add_model(bare, 40, metrics={"scores": {"genre": score(40), "key": score(0, 0)}})
    figure = history_figure(bare.models.versions(), "v0002")
    go.Figure(figure)
    silent = [a["xref"] for a in figure["layout"]["annotations"] if a["text"] == "not measured"]
    assert silent == [f"x{i} domain" for i in (2, 3, 4, 5, 6, 7)]
