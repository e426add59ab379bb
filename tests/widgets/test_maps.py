"""The maps hold what is stored, and say what to run where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from example_workspace import add_model, add_songs
from heard import KEY, store_heard

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.listening.task_store import RatingTasks
from workbench.maps.store import Layout
from workbench.maps.trails import trails
from workbench.search.subspaces import read_subspaces
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.urls import audio_url
from workbench.widgets import SubspaceMaps


def _texts(shown) -> list[str]:
    """What is said about each item, unpacked."""
    packed = shown["texts"]
    return [packed["values"][place] for place in np.frombuffer(packed["index"], "<u4")]


def test_every_dimension_has_a_map_with_the_stored_places(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    stored = lived_in.maps.load(lived_in.models.current())
    assert [shown["dimension"] for shown in maps.maps] == list(DIMENSIONS)
    for shown in maps.maps:
        layout = stored[shown["dimension"]]
        places = np.frombuffer(shown["xy"], "<f4").reshape(-1, 2)
        np.testing.assert_array_equal(places, layout.xy)
        assert maps.items["id"] == layout.ids.tolist()
    for colours in maps.colours:
        assert len(colours["colour"]) == len(_texts(colours)) == len(maps.items["id"])
        assert max(colours["colour"]) < len(colours["palette"])


def test_points_carry_their_titles_and_tags(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    items, tags = lived_in.catalogue.items(), lived_in.catalogue.tags("genre")
    genre = dict(zip(tags["item_id"], tags["value"], strict=True))
    assert maps.items["title"] == [items.loc[i, "title"] for i in maps.items["id"]]
    written = {"audio": {}, "symbolic": {"song": "score"}}
    kinds = [written[items.loc[i, "domain"]].get(items.loc[i, "kind"]) for i in maps.items["id"]]
    assert maps.items["kind"] == [
        kind or items.loc[i, "kind"] for i, kind in zip(maps.items["id"], kinds, strict=True)
    ]
    assert _texts(maps.colours[0]) == [genre.get(i, "") for i in maps.items["id"]]


def test_the_route_is_that_of_the_workspaces_sound(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    assert f"{maps.route}{maps.items['id'][0]}" == audio_url(lived_in.id, maps.items["id"][0])


def test_another_version_can_be_shown(lived_in: Workspace) -> None:
    current, other = SubspaceMaps(lived_in), SubspaceMaps(lived_in, version="v0003")
    assert current.maps[0]["xy"] != other.maps[0]["xy"]
    current.refresh("v0003")
    assert current.maps[0]["xy"] == other.maps[0]["xy"]


def test_without_a_model_the_widget_says_what_to_run(bare: Workspace) -> None:
    maps = SubspaceMaps(bare)
    assert maps.maps == []
    assert "`workbench train heads`" in maps.note


def test_without_maps_the_widget_says_what_to_run(lived_in: Workspace) -> None:
    for file in lived_in.root.glob("maps/*"):
        file.unlink()
    maps = SubspaceMaps(lived_in)
    assert "run `workbench map`" in maps.note
    assert maps.items == {}


def test_an_unknown_version_is_explained(lived_in: Workspace) -> None:
    assert "v0009" in SubspaceMaps(lived_in, version="v0009").note


def test_the_note_goes_when_there_is_something_to_show(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in, version="v0009")
    maps.refresh()
    assert maps.note == ""
    assert len(maps.maps) == len(DIMENSIONS)


def test_items_that_left_the_catalogue_are_left_out(lived_in: Workspace) -> None:
    version = lived_in.models.current()
    layouts = lived_in.maps.load(version)
    extra = {
        name: Layout(np.append(layout.ids, 9999), np.append(layout.xy, [[0, 0]], axis=0))
        for name, layout in layouts.items()
    }
    lived_in.maps.save(version, extra)
    maps = SubspaceMaps(lived_in)
    assert 9999 not in maps.items["id"]
    assert len(maps.maps[0]["xy"]) == 8 * len(maps.items["id"])


def test_the_kinds_that_are_asked_for_are_shown(lived_in: Workspace) -> None:
    assert SubspaceMaps(lived_in).kinds == ["song"]
    assert SubspaceMaps(lived_in, kinds=("track", "song")).kinds == ["track", "song"]


def test_kinds_that_no_item_has_show_all(lived_in: Workspace) -> None:
    assert SubspaceMaps(lived_in, kinds=["bar"]).kinds == ["song", "track"]


def test_the_selection_is_kept_while_its_item_is_on_the_map(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    maps.selected = maps.items["id"][3]
    maps.refresh()
    assert maps.selected == maps.items["id"][3]
    maps.refresh("v0009")
    assert maps.selected is None


def test_chosen_songs_become_a_rating_task(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    items = lived_in.catalogue.items()
    songs = items.query("kind == 'song' and domain == 'audio'").index.tolist()
    maps.chosen = songs[:4]
    assert maps.chosen_items.index.tolist() == songs[:4]
    task = maps.make_task(" first  week ", dimensions=("tempo",))
    assert RatingTasks(lived_in).load("first week") == task
    assert task.items == tuple(songs[:4])
    reply, _ = maps._make_task({"name": "first week"}, [])
    assert "already" in reply["said"]
    maps.chosen = songs[:2]
    with pytest.raises(WorkbenchError, match="at least three"):
        maps.make_task("two")


def test_all_maps_can_be_coloured_by_one_dimension(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    own = [_texts(shown) for shown in maps.colours]
    assert {choice["group"] for choice in maps.colourings[1:3]} == {"Judgements"}
    assert [choice["value"] for choice in maps.colourings][3:5] == [["era"], ["genre"]]
    maps.colour = ["genre"]
    assert {shown["shows"] for shown in maps.colours} == {"genre"}
    assert all(_texts(shown) == own[0] for shown in maps.colours)  # genre comes first
    maps.colour = []
    assert [_texts(shown) for shown in maps.colours] == own


def test_maps_can_be_coloured_by_what_a_machine_heard(lived_in: Workspace) -> None:
    ids = lived_in.catalogue.items().index.to_numpy()
    scores = np.random.default_rng(0).random(len(ids) - 3)
    store_heard(lived_in, {("mood", "<b>calm"): scores}, ids=ids[3:])
    maps = SubspaceMaps(lived_in)
    choice = maps.colourings[-1]
    assert (choice["value"], choice["group"]) == ([KEY, "mood", "<b>calm"], f"Heard by {KEY}")
    maps.colour = choice["value"]
    heard = dict(zip(ids[3:].tolist(), scores.astype(np.float32), strict=True))
    for shown in maps.colours:
        expected = [f"{heard[i]:.2f}" if i in heard else "" for i in maps.items["id"]]
        assert _texts(shown) == expected
        assert KEY in shown["legend"]["note"]
        assert "scale" in shown["legend"]


def test_a_colouring_that_is_gone_is_that_of_each_map(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    own = [_texts(shown) for shown in maps.colours]
    maps.colour = ["no-tagger-1", "mood", "calm"]
    assert [_texts(shown) for shown in maps.colours] == own


def test_judgements_colour_each_map_by_its_own_dimension(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    table = lived_in.judgements.table()
    table = table[table["choice"] != "skip"]
    maps.colour = ["listeners", "judgements"]
    for shown, dimension in zip(maps.colours, DIMENSIONS, strict=True):
        own = table[table["dimension"] == dimension]
        asked = own[["anchor_id", "a_id", "b_id"]].to_numpy()
        for item, text in zip(maps.items["id"], _texts(shown), strict=True):
            count = int((asked == item).any(axis=1).sum())
            assert text == (str(count) if count else "")
    maps.colour = ["listeners", "disagreement"]
    assert {shown["shows"] for shown in maps.colours} == {"against listeners"}


def test_without_judgements_nobody_is_offered_their_colours(bare: Workspace) -> None:
    add_songs(bare)
    add_model(bare, 40)
    maps = SubspaceMaps(bare)
    assert maps.maps
    assert not any(choice["value"][:1] == ["listeners"] for choice in maps.colourings)


def test_the_selected_item_has_its_neighbours_of_every_subspace(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    kinds = dict(zip(maps.items["id"], maps.items["kind"], strict=True))
    songs = {item for item, kind in kinds.items() if kind == "song"}
    item = min(songs)
    maps.selected = item
    store, blocks = read_subspaces(lived_in)
    vectors = dict(zip(store.ids.tolist(), np.asarray(store.vectors), strict=True))
    for dimension, block in blocks.items():
        own = vectors[item][block]
        apart = {i: np.linalg.norm(vectors[i][block] - own) for i in songs - {item}}
        found, relevance = zip(*maps.near[str(item)][dimension], strict=True)
        assert list(found) == sorted(apart, key=apart.__getitem__)[: len(found)]
        np.testing.assert_allclose(relevance, [1 - apart[i] / 2 for i in found], atol=1e-5)
    maps.selected = None
    assert maps.near == {}


def test_trails_lead_from_another_versions_maps(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    assert "v0003" in maps.versions
    maps.trails_from = "v0003"
    ways = trails(lived_in, "v0003", lived_in.models.current())
    for shown, dimension in zip(maps.trails, DIMENSIONS, strict=True):
        way = ways[dimension]
        row = maps.items["id"].index(int(way.ids[2]))
        before = np.frombuffer(shown["xy"], "<f4").reshape(-1, 2)
        np.testing.assert_array_equal(before[row], way.before[2])
        assert np.frombuffer(shown["moved"], "<f4")[row] == way.moved[2]
    maps.trails_from = ""
    assert maps.trails == []


def test_trails_from_maps_that_are_gone_are_explained(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    maps.trails_from = "v0099"
    assert "v0099" in maps.note
    assert maps.trails == []


def test_maps_say_what_they_rest_on_and_what_is_not_on_them(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    card = lived_in.models.card()
    assert maps.source.startswith(f"Model {card.version} of")
    encoded = lived_in.vectors(card.encoder)
    ids = np.append(encoded.ids, encoded.ids.max() + 1)
    encoded.write(ids, np.concatenate([encoded.vectors, encoded.vectors[:1]]))
    maps.refresh()
    assert "1 item is not on them" in maps.note
    assert maps.maps


def test_who_may_only_read_is_not_asked_for_tasks(lived_in: Workspace) -> None:
    assert SubspaceMaps(lived_in).may_ask
    assert not SubspaceMaps(Workspace(lived_in.root, read_only=True)).may_ask
