"""The maps hold what is stored, and say what to run where nothing is."""

from __future__ import annotations

import numpy as np
import pytest
from heard import KEY, store_heard

from workbench import Workspace
from workbench.errors import WorkbenchError
from workbench.listening.task_store import RatingTasks
from workbench.maps.store import Layout
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.urls import audio_url
from workbench.widgets import SubspaceMaps


def test_every_dimension_has_a_map_with_the_stored_places(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    stored = lived_in.maps.load(lived_in.models.current())
    assert [shown["dimension"] for shown in maps.maps] == list(DIMENSIONS)
    for shown in maps.maps:
        layout = stored[shown["dimension"]]
        places = np.frombuffer(shown["xy"], "<f4").reshape(-1, 2)
        np.testing.assert_array_equal(places, layout.xy)
        assert maps.items["id"] == layout.ids.tolist()
        assert len(shown["colour"]) == len(shown["texts"]) == len(layout.ids)
        assert max(shown["colour"]) < len(shown["palette"])


def test_points_carry_their_titles_and_tags(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    items, tags = lived_in.catalogue.items(), lived_in.catalogue.tags("genre")
    genre = dict(zip(tags["item_id"], tags["value"], strict=True))
    assert maps.items["title"] == [items.loc[i, "title"] for i in maps.items["id"]]
    assert maps.items["kind"] == [items.loc[i, "kind"] for i in maps.items["id"]]
    assert maps.maps[0]["texts"] == [genre.get(i, "") for i in maps.items["id"]]


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


@pytest.mark.parametrize(("kind", "shown"), [("song", "song"), ("track", "track"), (None, None)])
def test_songs_tracks_or_both_can_be_shown(lived_in: Workspace, kind, shown) -> None:
    assert SubspaceMaps(lived_in, kind=kind).kind == shown


def test_a_kind_that_no_item_has_shows_all(lived_in: Workspace) -> None:
    assert SubspaceMaps(lived_in, kind="bar").kind is None


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
    own = [shown["texts"] for shown in maps.maps]
    assert [choice["value"] for choice in maps.colourings][:2] == [[], ["era"]]
    maps.colour = ["genre"]
    assert {shown["shows"] for shown in maps.maps} == {"genre"}
    assert all(shown["texts"] == own[0] for shown in maps.maps)  # genre comes first
    maps.colour = []
    assert [shown["texts"] for shown in maps.maps] == own


def test_maps_can_be_coloured_by_what_a_machine_heard(lived_in: Workspace) -> None:
    ids = lived_in.catalogue.items().index.to_numpy()
    scores = np.random.default_rng(0).random(len(ids) - 3)
    store_heard(lived_in, {("mood", "<b>calm"): scores}, ids=ids[3:])
    maps = SubspaceMaps(lived_in)
    choice = maps.colourings[-1]
    assert (choice["value"], choice["group"]) == ([KEY, "mood", "<b>calm"], f"Heard by {KEY}")
    maps.colour = choice["value"]
    heard = dict(zip(ids[3:].tolist(), scores.astype(np.float32), strict=True))
    for shown in maps.maps:
        expected = [f"{heard[i]:.2f}" if i in heard else "" for i in maps.items["id"]]
        assert shown["texts"] == expected
        assert KEY in shown["legend"]["note"]
        assert "scale" in shown["legend"]


def test_a_colouring_that_is_gone_is_that_of_each_map(lived_in: Workspace) -> None:
    maps = SubspaceMaps(lived_in)
    own = [shown["texts"] for shown in maps.maps]
    maps.colour = ["no-tagger-1", "mood", "calm"]
    assert [shown["texts"] for shown in maps.maps] == own
