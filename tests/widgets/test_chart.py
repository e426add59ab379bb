"""Figures reach the page as plain JSON, in the shared look."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.widgets.chart import PlotlyChart, figure_dict, plain
from workbench.widgets.theme import PLOT_LAYOUT


def test_a_figure_object_and_its_dictionary_show_the_same() -> None:
    trace = {"type": "bar", "x": ["a", "b"], "y": [1, 2]}
    layout = {"title": {"text": "Counts"}}
    assert figure_dict(go.Figure([trace], layout)) == figure_dict(
        {"data": [trace], "layout": layout}
    )


def test_arrays_columns_and_missing_numbers_become_json() -> None:
    data = {
        "x": np.array([1.5, np.nan, np.inf]),
        "y": pd.Series([1, 2, 3]),
        "text": [np.str_("a"), None, pd.Timestamp("2026-01-01")],
        "size": np.float32(2),
        "n": (np.int64(3), float("-inf")),
    }
    shown = figure_dict({"data": [data]})["data"][0]
    assert shown == {
        "x": [1.5, None, None],
        "y": [1, 2, 3],
        "text": ["a", None, "2026-01-01 00:00:00"],
        "size": 2.0,
        "n": [3, None],
    }
    json.dumps(shown, allow_nan=False)


def test_the_shared_look_is_underneath_and_the_figures_own_on_top() -> None:
    layout = figure_dict({"layout": {"xaxis": {"title": {"text": "bpm"}}, "font": {"size": 20}}})[
        "layout"
    ]
    assert layout["xaxis"] == {**PLOT_LAYOUT["xaxis"], "title": {"text": "bpm"}}
    assert layout["font"]["size"] == 20
    assert layout["colorway"] == PLOT_LAYOUT["colorway"]


def test_plotlys_bulky_default_template_is_not_sent() -> None:
    assert "template" not in figure_dict(go.Figure())["layout"]


def test_a_new_figure_replaces_the_old_one() -> None:
    chart = PlotlyChart(height=200)
    assert chart.figure["data"] == []
    chart.show({"data": [{"type": "bar", "y": [1]}]})
    assert chart.figure["data"][0]["y"] == [1]


def test_text_from_files_is_shown_letter_by_letter() -> None:
    assert plain("<a href='javascript:x'>&lt;") == "&lt;a href='javascript:x'&gt;&amp;lt;"
    assert plain(12) == "12"


def test_a_chart_costs_no_import_of_plotly() -> None:
    code = (
        "import sys; from workbench.widgets.chart import PlotlyChart; PlotlyChart({});"
        "sys.exit('plotly' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
