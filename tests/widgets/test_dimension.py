"""The report on a dimension: every section, and what stands where one is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from example_workspace import HOSTILE, add_model, add_songs, judge

from workbench import Workspace
from workbench.evaluation.confusions import confusions
from workbench.evaluation.dimension_report import drawn_triplets
from workbench.listening.rubrics import Rubrics
from workbench.subspaces.dimensions import DIMENSIONS, get_dimension
from workbench.widgets.dimension import DimensionReport
from workbench.widgets.dimension_figures import confusion_table, leakage_series
from workbench.widgets.dimension_sections import CONFUSIONS, EACH, EXEMPLARY
from workbench.widgets.sources import SourceLine
from workbench.widgets.triplet_list import TripletList


@pytest.fixture
def reported(bare: Workspace) -> Workspace:
    """Return a workspace with a model that kept all songs aside, judgements and a rubric."""
    songs = add_songs(bare, 30)
    add_model(bare, 40, held_out=songs)
    judge(bare, songs, {("Ada", "genre", "a"): 12, (HOSTILE, "tempo", "b"): 6})
    Rubrics(bare).write("genre", f"Where it is filed.\n{HOSTILE}", author=HOSTILE)
    return bare


def parts(widget, kind: type) -> list:
    """Return the widgets of a class below another one."""
    found = [widget] if isinstance(widget, kind) else []
    return found + [p for child in getattr(widget, "children", ()) for p in parts(child, kind)]


def markup(page) -> str:
    values = (getattr(widget, "value", "") for widget in parts(page, object))
    return " ".join(value for value in values if isinstance(value, str))


def test_a_report_has_all_its_sections(reported: Workspace) -> None:
    page = markup(DimensionReport(reported))
    for heading in (
        "Genre",
        "How well the model hears genre",
        "Is it kept apart from the others?",
        "What is taken for what",
        "What is typical of genre",
    ):
        assert f">{heading}</h2>" in page
    assert "Where it is filed.\n" in page
    assert "have a genre tag in common" in page
    assert "12</b><span>judgements" in page


def test_every_figure_states_model_data_and_date_and_gives_its_data(reported: Workspace) -> None:
    lines = parts(DimensionReport(reported), SourceLine)
    assert len(lines) == 5
    for line in lines:
        assert line.words.startswith("Model v0001 of 1 March 2026 · ")
        assert "30 songs" in line.words or "15 songs" in line.words
        assert line.table["rows"]
    json.dumps([line.table for line in lines])


def test_confusions_can_be_heard(reported: Workspace) -> None:
    page = DimensionReport(reported)
    mistakes, typical = parts(page, TripletList)
    card = reported.models.card()
    found = drawn_triplets(reported, card, "genre")
    confused = confusions(get_dimension(reported, "genre"), found.items, found.margins,
                          reported.catalogue.tags("genre"))  # fmt: skip
    wrong = {tuple(found.items[row].tolist()) for c in confused for row in c.rows}
    assert {tuple(one["items"]) for one in mistakes.triplets} <= wrong
    assert all(one["answers"][0]["margin"] <= 0 for one in mistakes.triplets)
    options = [value for value, _ in mistakes.filters[0]["options"]]
    assert {one["keys"]["confusion"] for one in mistakes.triplets} == set(options)
    assert len(options) <= CONFUSIONS
    assert len(mistakes.triplets) <= CONFUSIONS * EACH
    used = [item for one in typical.triplets for item in one["items"]]
    assert len(used) == len(set(used))
    assert 0 < len(typical.triplets) <= EXEMPLARY


def test_another_dimension_is_a_press_away(reported: Workspace) -> None:
    page = DimensionReport(reported, dimension="tempo")
    assert "within 5 bpm" in markup(page)
    assert "Nobody has written down what tempo means" in markup(page)
    page.tabs.value = "key"
    assert "in the same key" in markup(page)
    assert list(page.tabs.names) == list(DIMENSIONS)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("dimension=tempo", "tempo"), ("a=b&dimension=key", "key"), ("dimension=%3Cimg", "genre")],
)
def test_the_address_names_the_dimension(
    reported: Workspace, monkeypatch, address: str, expected: str
) -> None:
    monkeypatch.setenv("QUERY_STRING", address)
    assert DimensionReport(reported).tabs.value == expected
    assert DimensionReport(reported, dimension="era").tabs.value == "era"


@pytest.mark.parametrize("name", DIMENSIONS)
def test_derived_tags_make_nothing_exemplary_while_given_ones_are_there(
    reported: Workspace, name: str
) -> None:
    lists = parts(DimensionReport(reported, dimension=name), TripletList)
    shown = [value for one in lists for t in one.triplets for value in t["values"]]
    assert any("(derived)" in value for value in shown) == (name == "mood")


def test_rubrics_titles_and_names_are_only_text(reported: Workspace) -> None:
    page = markup(DimensionReport(reported))
    assert "<img" not in page
    assert "&lt;img" in page


def test_a_workspace_without_a_model_still_says_what_a_dimension_means(bare: Workspace) -> None:
    page = markup(DimensionReport(bare))
    assert "have a genre tag in common" in page
    assert "workbench train heads" in page
    assert "No item carries a tag" in page


def test_one_item_and_no_judgements_leave_sentences(bare: Workspace) -> None:
    add_songs(bare, 1)
    add_model(bare, 40, metrics={})
    page = DimensionReport(bare)
    assert page._message.text == ""
    assert "Fewer than three held-out items have vectors" in markup(page)
    assert "Leakage of model v0001 has not been measured" in markup(page)


def test_an_untaught_dimension_says_how_to_teach_it(bare: Workspace) -> None:
    add_songs(bare, 6)
    add_model(bare, 40, metrics={"untaught": ["era"]})
    assert "Nothing has taught the model era yet" in markup(DimensionReport(bare, dimension="era"))


def test_an_unknown_dimension_is_named(bare: Workspace) -> None:
    assert "There is no dimension" in markup(DimensionReport(bare, dimension="colour"))


def test_a_model_that_is_always_right_has_no_mistakes(reported: Workspace) -> None:
    card = reported.models.card()
    store = reported.vectors(f"model-{card.version}")
    tags = reported.catalogue.tags("genre").set_index("item_id")["value"]
    codes = tags.reindex(store.ids).astype("category").cat.codes.to_numpy()
    vectors = np.array(store.vectors)
    vectors[:, :4] = np.eye(4)[codes]  # genre comes first
    store.write(np.array(store.ids), vectors)
    page = DimensionReport(Workspace(reported.root))
    assert "No triplet was answered wrong." in markup(page)
    assert "v0001 answers" in markup(page)


def test_leakage_has_both_directions() -> None:
    leak = {"genre": {"mood": {"n": 1}}, "mood": {"genre": {"n": 2}}}
    series = leakage_series(leak, "genre", ["genre", "mood", "era"])
    assert [list(scores.values()) for scores in series.values()] == [
        [{"n": 2}, {}],
        [{"n": 1}, {}],
    ]


def test_confusion_table_has_a_row_per_anchor_and_counts_in_words(reported: Workspace) -> None:
    found = drawn_triplets(reported, reported.models.card(), "era")
    confused = confusions(get_dimension(reported, "era"), found.items, found.margins,
                          reported.catalogue.tags("era"))  # fmt: skip
    hostile = [replace(confused[0], anchor=HOSTILE), *confused[1:]]
    header, rows = confusion_table(hostile)
    assert len(header) == 3
    cell = next(c for row in rows if row[0] == HOSTILE for c in row[1:] if "wb-shade" in c)
    assert f"{hostile[0].wrong.k} of {hostile[0].wrong.n}" in cell
    assert "<img" not in cell
