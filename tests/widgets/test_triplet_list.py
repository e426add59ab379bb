"""A list of triplets travels as plain JSON, and its CSV has a row for each."""

from __future__ import annotations

import json

from example_workspace import HOSTILE, add_songs

from workbench import Workspace
from workbench.widgets.triplet_list import TripletList, choice, listed_items, table_of, triplet


def one(items: list[int], margin: float = 0.25) -> dict:
    return triplet(
        items,
        why="Two people said A.",
        values={items[0]: "folk"},
        answers=[("v0001", margin), ("v0002", -margin)],
        dimension="genre",
    )


def test_items_are_those_of_the_triplets_with_their_sound(bare: Workspace) -> None:
    songs = add_songs(bare, 5)
    triplets = [one(songs[:3]), one(songs[1:4])]
    items = listed_items(bare, bare.catalogue.items(), triplets)
    assert list(items) == [str(song) for song in songs[:4]]
    assert items[str(songs[1])]["title"] == HOSTILE  # as it is: the browser shows text
    assert items[str(songs[0])]["url"] == f"workbench/audio/{bare.id}/{songs[0]}"
    listed = TripletList(triplets, items)
    assert json.loads(json.dumps([listed.triplets, listed.items])) == [triplets, items]


def test_what_is_not_known_of_an_item_is_empty() -> None:
    assert one([5, 6, 7])["values"] == ["folk", "", ""]


def test_csv_has_a_row_per_triplet_and_a_margin_per_model(bare: Workspace) -> None:
    songs = add_songs(bare, 4)
    triplets = [one(songs[:3]), one(songs[1:4], -0.5)]
    table = table_of(triplets, listed_items(bare, bare.catalogue.items(), triplets))
    assert {len(column) for column in table.values()} == {2}
    assert table["dimension"] == ["genre", "genre"]
    assert table["anchor_is"] == ["folk", "folk"]
    assert table["b_id"] == [songs[2], songs[3]]
    assert (table["margin_v0001"], table["margin_v0002"]) == ([0.25, -0.5], [-0.25, 0.5])
    assert table_of([], {})["anchor_id"] == []


def test_a_filter_may_begin_with_everything() -> None:
    assert choice("Right", "right", [("v1", "only v1")])["options"] == [["v1", "only v1"]]
    assert choice("Right", "right", [], everything="either")["options"] == [["", "either"]]
