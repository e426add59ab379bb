"""The overview counts what the workspace holds, in words, and says what to do where it is empty."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from workbench import Workspace
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import Overview
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.history import history_figure
from workbench.widgets.overview import card_words, catalogue_counts
from workbench.widgets.overview_figures import (
    judgement_counts,
    judgements_figure,
    rater_rows,
    tag_rows,
)


def everything(widget) -> list:
    """Return a widget and all widgets inside it."""
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in
                      everything(child))]  # fmt: skip


def words(widget) -> str:
    """Return the markup of all pieces of a page, style sheets left out."""
    values = [str(w.value) for w in everything(widget) if isinstance(getattr(w, "value", 0), str)]
    return " ".join(value for value in values if "<style" not in value)


# -- the page -----------------------------------------------------------------------------------


def test_empty_workspace_says_what_to_do_in_every_section(bare: Workspace):
    text = words(Overview(bare))
    assert "workbench import" in text
    assert "workbench train" in text
    assert "Nobody has judged yet" in text


def test_page_shows_catalogue_judgements_and_models(lived_in: Workspace):
    page = Overview(lived_in)
    text = words(page)
    for number, name in [("12", "songs"), ("12", "tracks (parts of songs)"), ("6", "minutes of")]:
        assert re.search(rf"<b>{re.escape(number)}</b><span>{re.escape(name)}", text), name
    assert "judgements by 3 raters" in text
    assert "In use: model v0002, made on 2 March 2026 by fine-tuning v0001 on 11 judgements" in text
    charts = [w for w in everything(page) if isinstance(w, PlotlyChart)]
    assert len(charts) == 3  # Kiviat, versions, judgements


def test_hostile_names_never_become_markup(lived_in: Workspace):
    lived_in.catalogue.record_failure(Path("/music/<b>bad</b>.wma"), "<i>ends</i> early")
    text = words(Overview(lived_in))
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; Söhne" in text
    assert "/music/&lt;b&gt;bad&lt;/b&gt;.wma" in text
    assert "&lt;i&gt;ends&lt;/i&gt; early" in text


def test_refresh_shows_what_came_since(lived_in: Workspace):
    page = Overview(lived_in)
    lived_in.models.promote("v0003")
    assert "In use: model v0002" in words(page)
    page.refresh()
    assert "In use: model v0003" in words(page)


def test_single_version_is_no_history(bare: Workspace):
    from example_workspace import add_model, add_songs

    add_songs(bare, 4)
    add_model(bare, 44)
    assert "There is one version so far, v0001" in words(Overview(bare))


def test_licence_and_origin_are_in_the_words(lived_in: Workspace):
    first = lived_in.models.card("v0001")
    assert "from the tags of the catalogue" in card_words(first)
    assert "(licence: ISC)" in card_words(first)


# -- counts -------------------------------------------------------------------------------------


def test_hours_count_whole_recordings_once():
    items = pd.DataFrame(
        {
            "kind": ["song", "track", "song", "song"],
            "domain": ["audio", "audio", "audio", "symbolic"],
            "parent_id": [None, 1, None, 1],
            "duration_s": [3600.0, 3600.0, 1800.0, 99.0],
        }
    )
    assert catalogue_counts(items) == [
        ("2", "songs"),
        ("1", "tracks (parts of songs)"),
        ("1", "scores (notation)"),
        ("1.5", "hours of sound"),
    ]


def table(*rows: tuple[str, str, str]) -> pd.DataFrame:
    at = pd.date_range("2026-03-01T08:00:00Z", periods=len(rows), freq="D")
    columns = dict(zip(("rater", "dimension", "choice"), zip(*rows, strict=True), strict=True))
    return pd.DataFrame({**columns, "at": at})


JUDGED = table(
    ("Ben", "tempo", "a"), ("Ada", "genre", "b"), ("Ada", "genre", "cannot_tell"),
    ("Ada", "groove", "a"), ("Ben", "genre", "skip"),
)  # fmt: skip


def test_counts_go_by_dimension_in_order_and_by_rater_busiest_first():
    counts = judgement_counts(JUDGED)
    assert list(counts.index) == ["genre", "tempo", "groove"]
    assert list(counts.columns) == ["Ada", "Ben"]
    assert counts.to_numpy().tolist() == [[2, 0], [0, 1], [1, 0]]


def test_bars_are_stacked_and_totals_stand_at_their_ends():
    figure = judgements_figure(judgement_counts(JUDGED))
    go.Figure(figure)
    assert figure["layout"]["barmode"] == "stack"
    assert [(bar["name"], bar["x"]) for bar in figure["data"]] == [
        ("Ada", [2, 0, 1]),
        ("Ben", [0, 1, 0]),
    ]
    assert [(mark["y"], mark["text"]) for mark in figure["layout"]["annotations"]] == [
        ("genre", "2"),
        ("tempo", "1"),
        ("groove", "1"),
    ]


def test_many_raters_share_a_last_bar():
    rows = [(f"rater {i:02d}", "genre", "a") for i in range(20) for _ in range(20 - i)]
    figure = judgements_figure(judgement_counts(table(*rows)))
    assert [bar["name"] for bar in figure["data"]][-1] == "14 other raters"
    assert [bar["x"] for bar in figure["data"]] == [[20], [19], [18], [17], [16], [15], [105]]


def test_rater_rows_keep_skips_apart():
    assert rater_rows(JUDGED) == [
        ["Ada", "3", "1 (33 %)", "0 (0 %)", "4 March 2026"],
        ["Ben", "1", "0 (0 %)", "1 (50 %)", "5 March 2026"],
    ]


def test_tag_rows_count_items_and_values(lived_in: Workspace):
    items = lived_in.catalogue.items(domain="audio")
    rows = {row[0]: row for row in tag_rows(lived_in.catalogue.tags(), items)}
    assert list(rows) == ["genre", "mood", "instrument", "era", "tempo", "key"]
    assert "12 of 12" in rows["genre"][1]
    assert "0 of 12" in rows["genre"][2]
    assert rows["genre"][3:] == ["3", "folk (4), ragtime (4), chorale (4)", "none"]
    assert rows["mood"][5] == "all"
    assert "0 of 12" in rows["instrument"][1]
    assert "12 of 12" in rows["instrument"][2]
    assert rows["tempo"][4] == "60 to 115 bpm, half of them below 88"


# -- versions -----------------------------------------------------------------------------------


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
    from example_workspace import add_model, add_songs, score

    add_songs(bare, 3)
    for _ in range(2):
        add_model(bare, 40, metrics={"scores": {"genre": score(40), "key": score(0, 0)}})
    figure = history_figure(bare.models.versions(), "v0002")
    go.Figure(figure)
    silent = [a["xref"] for a in figure["layout"]["annotations"] if a["text"] == "not measured"]
    assert silent == [f"x{i} domain" for i in (2, 3, 4, 5, 6, 7)]


def test_trouble_is_told_once_and_the_rest_is_shown(lived_in: Workspace):
    lived_in.models.folder.joinpath("history.jsonl").write_text("{\n")
    text = words(Overview(lived_in))
    assert text.count("is damaged") == 1
    assert "12 of 12" in text
