"""The overview tells what the workspace holds and what is new, and what to do where it is empty."""

from __future__ import annotations

import html
import re
from pathlib import Path

import ipywidgets as W
from example_workspace import HOSTILE, add_model, add_songs

from workbench import Workspace
from workbench.judgements.log import Answer
from workbench.widgets import Overview
from workbench.widgets.chart import PlotlyChart
from workbench.widgets.overview import card_words
from workbench.widgets.sources import SourceLine


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
    assert len(charts) == 3  # Kiviat, versions, judgements over time; nobody judged twice
    assert all(chart.label for chart in charts)


def test_hostile_names_never_become_markup(lived_in: Workspace):
    lived_in.catalogue.record_failure(Path("/music/<b>bad</b>.wma"), "<i>ends</i> early")
    text = words(Overview(lived_in))
    assert "<img" not in text
    assert html.escape(HOSTILE) in text
    assert "/music/&lt;b&gt;bad&lt;/b&gt;.wma" in text
    assert "&lt;i&gt;ends&lt;/i&gt; early" in text


def test_refresh_shows_what_came_since(lived_in: Workspace):
    page = Overview(lived_in)
    lived_in.models.promote("v0003")
    assert "In use: model v0002" in words(page)
    page.refresh()
    assert "In use: model v0003" in words(page)


def test_single_version_is_no_history(bare: Workspace):
    add_songs(bare, 4)
    add_model(bare, 44)
    assert "There is one version so far, v0001" in words(Overview(bare))


def test_licence_and_origin_are_in_the_words(lived_in: Workspace):
    first = lived_in.models.card("v0001")
    assert "from the tags of the catalogue" in card_words(first)
    assert "(licence: ISC)" in card_words(first)


def test_every_figure_states_its_source_and_gives_its_data(lived_in: Workspace):
    overlap(lived_in)
    lines = {w.name: w for w in everything(Overview(lived_in)) if isinstance(w, SourceLine)}
    assert set(lines) == {
        "catalogue", "changes", "kiviat-v0002", "versions", "judgements", "raters", "agreement",
        "tags",
    }  # fmt: skip
    for name, line in lines.items():
        assert "read on" in line.words
        assert line.table["rows"], name
        assert "<span" not in str(line.table)  # data, no markup
    assert lines["versions"].words.startswith("Model v0002 of 2 March 2026 · 3 versions")


def test_raters_are_named_unless_the_page_is_read_only(lived_in: Workspace):
    assert "Ada" in words(Overview(lived_in))
    lived_in.read_only = True
    page = Overview(lived_in)
    assert "Ada" not in words(page)
    assert "Ada" not in str([w.table for w in everything(page) if isinstance(w, SourceLine)])
    assert "rater 1" in words(page)
    assert "Ada" in words(Overview(lived_in, names=True))


def test_since_when_can_be_chosen(lived_in: Workspace):
    page = Overview(lived_in)
    lists = [w for w in everything(page) if isinstance(w, W.Dropdown)]
    since = next(w for w in lists if w.description == "Since when")
    line = next(w for w in everything(page) if isinstance(w, SourceLine) and w.name == "changes")
    since.value = 30
    after = next(w for w in everything(page) if isinstance(w, SourceLine) and w.name == "changes")
    assert line.words != after.words


def test_agreement_appears_where_raters_overlap(lived_in: Workspace):
    assert "Nothing is known of it yet" in words(Overview(lived_in))
    overlap(lived_in)
    page = Overview(lived_in)
    assert "Nothing is known of it yet" not in words(page)
    line = next(w for w in everything(page) if isinstance(w, SourceLine) and w.name == "agreement")
    assert [row[0] for row in line.table["rows"]] == ["tempo"]


def test_one_item_and_no_model_is_a_page(bare: Workspace):
    add_songs(bare, 1)
    text = words(Overview(bare))
    assert "<b>1</b><span>song<" in text
    assert "workbench train" in text


def overlap(ws: Workspace) -> None:
    """Let two raters judge the same twelve triplets alike but for one."""
    songs = [int(item) for item in ws.catalogue.items(kind="song").index]
    for rater in ("Eva", "Fay"):
        sitting = ws.judgements.open_session(rater)
        for number in range(12):
            anchor, a, b = (songs[(number + step) % len(songs)] for step in (0, 1, 3))
            ws.judgements.append(
                Answer(session_id=sitting, rater=rater, dimension="tempo", anchor_id=anchor,
                       a_id=a, b_id=b, choice="b" if (rater, number) == ("Fay", 0) else "a")
            )  # fmt: skip


def test_trouble_is_told_once_and_the_rest_is_shown(lived_in: Workspace):
    lived_in.models.folder.joinpath("history.jsonl").write_text("{\n")
    text = words(Overview(lived_in))
    assert text.count("is damaged") == 1
    assert "12 of 12" in text
