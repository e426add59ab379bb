"""In the explorer a piece picked on a map is the query, and the query is marked on the maps."""

from __future__ import annotations

from workbench import Workspace
from workbench.widgets.explorer import Explorer


def test_selection_on_a_map_becomes_the_query(lived_in: Workspace):
    explorer = Explorer(lived_in)
    song = explorer.maps.items["id"][4]
    explorer.maps.selected = song
    assert explorer.similar.query["id"] == song
    assert song not in [row["id"] for row in explorer.similar.results]


def test_query_is_marked_on_the_maps(lived_in: Workspace):
    explorer = Explorer(lived_in)
    explorer.similar.item = explorer.similar.results[2]["id"]
    assert explorer.maps.selected == explorer.similar.item


def test_selecting_nothing_keeps_the_query(lived_in: Workspace):
    explorer = Explorer(lived_in)
    before = explorer.similar.item
    explorer.maps.selected = explorer.maps.items["id"][3]
    explorer.maps.selected = None
    assert explorer.similar.item == explorer.maps.items["id"][3] != before


def test_workspace_without_model_opens(bare: Workspace):
    explorer = Explorer(bare)
    assert explorer.maps.note
    assert explorer.similar.problem


def test_what_is_drawn_around_has_a_profile(lived_in: Workspace):
    explorer = Explorer(lived_in)
    _, profile, _ = explorer.children[-3:]
    assert profile.children == ()
    chosen = explorer.maps.items["id"][:4]
    explorer.maps.chosen = chosen
    (card,) = profile.children
    assert "4 chosen items" in card.children[0].value
    explorer.maps.chosen = chosen[:1]
    assert profile.children == ()


def test_the_page_has_words_for_a_notebook_that_prints_it(lived_in: Workspace):
    assert "Explorer" in repr(Explorer(lived_in))
