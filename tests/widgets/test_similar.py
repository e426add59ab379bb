"""Similar items: the list is what the model's distances say, and titles stay text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from example_workspace import HOSTILE, add_songs
from heard import store_heard
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.media import describe_score
from workbench.search.find import find
from workbench.search.query import Query
from workbench.search.query_vector import ScoresUnreadError
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.widgets import SimilarItems
from workbench.widgets.item_lists import playable_items, search_items


def nearest(ws: Workspace, query: int, weights: dict[str, float], kind: str | None) -> list[int]:
    """Return all items of a kind by weighted squared distance, one pair at a time.

    The query's own parts and its song are left out.
    """
    items = ws.catalogue.items(domain="audio")
    rows = ws.vectors("model-v0002").rows(items.index).reshape(len(items), 6, 4)
    place = {int(item): row for item, row in zip(items.index, rows, strict=True)}
    far = {
        item: sum(
            weights[name] * float(np.sum((place[query][i] - row[i]) ** 2))
            for i, name in enumerate(DIMENSIONS)
        )
        for item, row in place.items()
        if kind in (None, items.loc[item, "kind"])
        and query not in (item, items.parent_id[item])
        and item != items.parent_id[query]
    }
    return sorted(far, key=far.__getitem__)


def test_starts_with_the_first_song_and_its_ten_nearest(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    songs = lived_in.catalogue.items(kind="song")
    assert widget.query["id"] == widget.item == songs.index[0]
    assert [r["id"] for r in widget.results] == nearest(
        lived_in, widget.item, dict.fromkeys(DIMENSIONS, 1.0), "song"
    )[:10]
    assert not widget.problem


def test_weights_change_the_order(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    only_tempo = dict.fromkeys(DIMENSIONS, 0.0) | {"tempo": 0.7}
    widget.weights = only_tempo
    expected = nearest(lived_in, widget.item, only_tempo, "song")[:10]
    assert [r["id"] for r in widget.results] == expected
    parts = [r["parts"]["tempo"] for r in widget.results]
    assert parts == sorted(parts, reverse=True)
    assert [r["relevance"] for r in widget.results] == pytest.approx(parts)
    percentiles = [r["percentile"] for r in widget.results]
    assert percentiles == [r["percentiles"]["tempo"] for r in widget.results]
    assert percentiles == pytest.approx([(10 - i) / 11 for i in range(10)])


def test_a_weight_below_zero_asks_for_what_is_unlike(lived_in: Workspace):
    widget = SimilarItems(lived_in, count=99)
    alike = dict.fromkeys(DIMENSIONS, 0.0) | {"era": 1.0}
    widget.weights = alike
    nearest_first = [r["id"] for r in widget.results]
    widget.weights = alike | {"era": -0.5}
    assert [r["id"] for r in widget.results] == nearest_first[::-1]


def test_filters_limit_the_list(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    assert widget.filters == {"kinds": ["song"]}
    widget.filters = {"kinds": ["track"]}
    assert {r["kind"] for r in widget.results} == {"track"}
    widget.filters = {}
    assert {r["kind"] for r in widget.results} == {"song", "track"}
    widget.filters = {"tags": {"genre": ["folk"]}, "key": "C major", "tempo_bpm": [None, 90]}
    assert {r["title"] for r in widget.results} == {"Song 06"}


def test_filters_that_nothing_passes_say_so(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    widget.filters = {"tempo_bpm": [10, 20]}
    assert "clear one of them" in widget.problem
    assert widget.results == []
    widget.filters = {"tempo_bpm": [90, 20]}
    assert "lower one first" in widget.problem
    widget.filters = {}
    assert widget.problem == ""


def test_filters_are_offered_as_the_catalogue_has_them(lived_in: Workspace):
    choices = SimilarItems(lived_in).choices
    assert choices["kinds"] == ["track", "song"]
    assert choices["instruments"] == ["flute"]
    assert choices["keys"] == ["C major", "A minor"]
    assert choices["tags"]["genre"] == ["folk", "ragtime", "chorale"]
    assert "tempo" not in choices["tags"]


def test_a_file_is_the_query_until_an_item_is(lived_in: Workspace, monkeypatch):
    widget = SimilarItems(lived_in)
    first, asked = widget.item, []

    def stand_in(ws: Workspace, query: Query, **options: object) -> object:
        asked.append((query.file and query.file.read_bytes(), query.items, query.span_s))
        return find(ws, 1, **options)

    monkeypatch.setattr("workbench.widgets.similar.find", stand_in)
    for at, piece in ((0, b"so"), (2, b"und")):
        told = widget._upload({"name": "../<b>x.wav", "size": 5, "at": at}, [piece])
        assert told == ({"said": ""}, [])
    assert widget.query["title"] == widget.file == "<b>x.wav"
    widget.span = [1.0, 2.0]
    widget.item = first + 2
    assert widget.file == ""
    assert widget.query["id"] == first + 2
    assert asked == [(b"sound", (), None), (b"sound", (), (1.0, 2.0)), (None, (first + 2,), None)]


def test_a_score_that_the_model_cannot_read_is_compared_by_its_sound(
    lived_in: Workspace, monkeypatch
):
    widget = SimilarItems(lived_in)

    def stand_in(ws: Workspace, query: Query, **options: object) -> object:
        if not query.render:
            raise ScoresUnreadError("no scores")
        return find(ws, 1, **options)

    monkeypatch.setattr("workbench.widgets.similar.find", stand_in)
    widget._upload({"name": "x.mid", "size": 1, "at": 0}, [b"x"])
    assert "rendered sound" in widget.note
    assert len(widget.results) == 10


def test_another_query_brings_another_list(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    other = widget.results[3]["id"]
    widget.item = other
    assert widget.query["id"] == other
    assert other not in [r["id"] for r in widget.results]


def test_every_row_can_be_heard_by_its_own_address(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    for row in [widget.query, *widget.results]:
        assert row["url"] == f"workbench/audio/{lived_in.id}/{row['id']}"


def test_all_weights_zero_asks_for_one(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    widget.weights = dict.fromkeys(DIMENSIONS, 0.0)
    assert "move one of the sliders" in widget.problem
    assert widget.results == []
    widget.weights = dict.fromkeys(DIMENSIONS, 0.5)
    assert widget.problem == ""
    assert len(widget.results) == 10


def test_search_finds_every_word_in_title_or_artist(lived_in: Workspace):
    items = playable_items(lived_in)
    found = search_items(items, "ARTIST 11 song", limit=99)
    assert [e["title"] for e in found] == ["Song 11", "Song 11: flute"]
    assert search_items(items, "song (", limit=9) == []
    assert [e["kind"] for e in search_items(items, "", limit=13)] == ["song"] * 12 + ["track"]


def test_search_box_is_answered(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    widget.search = "song 07"
    assert [e["title"] for e in widget.found] == ["Song 07", "Song 07: flute"]


def test_hostile_title_travels_as_it_is(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    widget.search = "söhne"
    assert widget.found[0]["title"] == HOSTILE
    static = Path(__file__).parents[2] / "workbench/widgets/static"
    for name in ("items", "item_picker", "item_filters", "pair", "similar_query", "similar"):
        script = (static / f"{name}.js").read_text()
        assert "innerHTML" not in script
        assert "insertAdjacentHTML" not in script


def test_unknown_item_is_one_sentence(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    widget.item = 9999
    assert "9999" in widget.problem
    assert widget.results == []


def test_workspace_without_model_says_what_to_do(bare: Workspace):
    add_songs(bare, 3)
    assert "workbench train" in SimilarItems(bare).problem


def test_source_names_model_and_date(lived_in: Workspace):
    assert "model v0002 of 2 March 2026" in SimilarItems(lived_in).source


def test_scores_are_listed_and_named_as_such(tmp_path: Path) -> None:
    from tiny_scores import Voice, tune, write_midi

    from workbench.catalogue.importer import import_music

    ws = Workspace.create(tmp_path / "scores")
    voices = [Voice(0, tune()), Voice(32, tune(36))]
    import_music(ws, [write_midi(tmp_path / "moon.mid", voices)], processes=1)
    listed = playable_items(ws)
    assert listed["title"].tolist() == ["moon", "moon (piano)", "moon (bass)"]
    kinds = [found["kind"] for found in search_items(listed, "moon", limit=9)]
    assert kinds == ["score", "track", "track"]


def chip_names(widget: SimilarItems) -> list[tuple[str, str, bool]]:
    return [(chip["value"], chip["by"], chip["on"]) for chip in widget.tags]


def test_tags_of_the_query_find_what_shares_them(lived_in: Workspace):
    widget = SimilarItems(lived_in)
    tags = lived_in.catalogue.tags()
    mine = tags[tags["item_id"] == widget.item]
    words = mine[~mine["dimension"].isin(["tempo", "key", "composition"])]
    assert {chip["value"] for chip in widget.tags} == set(words["value"])
    assert all(chip["on"] for chip in widget.tags)
    scores = [row["score"] for row in widget.tagged]
    assert scores == sorted(scores, reverse=True)
    assert {row["kind"] for row in widget.tagged} == {"song"}
    assert widget.item not in {row["id"] for row in widget.tagged}


def test_tags_that_are_switched_off_are_not_looked_for(lived_in: Workspace):
    widget = SimilarItems(lived_in, count=99)
    first, *others = widget.tags
    widget.off = [[chip["dimension"], chip["value"]] for chip in others]
    tags = lived_in.catalogue.tags(first["dimension"])
    having = set(tags.loc[tags["value"] == first["value"], "item_id"])
    songs = set(lived_in.catalogue.items(kind="song").index)
    assert {row["id"] for row in widget.tagged} == (having & songs) - {widget.item}
    widget.off = [[chip["dimension"], chip["value"]] for chip in widget.tags]
    assert widget.tagged == []
    widget.item = widget.results[0]["id"]
    assert widget.off == []
    assert all(chip["on"] for chip in widget.tags)


def test_machine_tags_are_shown_and_counted_only_when_asked_for(lived_in: Workspace):
    before = SimilarItems(lived_in)
    assert before.choices["machine"] == {}
    count = len(lived_in.catalogue.items())
    store_heard(lived_in, {("mood", HOSTILE): [0.8] * count, ("mood", "loud"): [0.1] * count})
    widget = SimilarItems(lived_in, count=99)
    assert (widget.tags, widget.results) == (before.tags, SimilarItems(lived_in, count=99).results)
    assert widget.choices["machine"]["tags"] == {"mood": [HOSTILE]}
    assert {row["by_machine"] for row in widget.results} == {""}
    widget.filters = {"kinds": ["song"], "machine": True, "tags": {"mood": [HOSTILE]}}
    assert (HOSTILE, "machine", True) in chip_names(widget)
    assert all(row["by_machine"].startswith(f"mood {HOSTILE} 0.80") for row in widget.results)
    assert all(HOSTILE in [tag["value"] for tag in row["said"]] for row in widget.tagged)
    widget.filters = {"kinds": ["song"], "machine": True, "machine_threshold": 0.9}
    assert HOSTILE not in [chip["value"] for chip in widget.tags]
    widget.filters = {"kinds": ["song"], "tags": {"mood": [HOSTILE]}}
    assert "No item" in widget.problem


def test_items_heard_together_are_one_query(lived_in: Workspace, monkeypatch):
    widget = SimilarItems(lived_in)
    songs = lived_in.catalogue.items(kind="song").index.tolist()
    asked = []

    def listen(ws, query, **options):
        asked.append(query)
        return find(ws, query.items[0], **options)

    monkeypatch.setattr("workbench.widgets.similar.find", listen)
    widget.together = [songs[3], songs[4]]
    assert asked == [Query.of_parts([songs[0], songs[3], songs[4]])]
    assert [entry["id"] for entry in widget.joined] == songs[3:5]
    widget.item = songs[5]  # another query is asked about by itself
    assert widget.together == widget.joined == []
    assert asked[-1] == Query.of_item(songs[5])


def test_a_piece_and_its_score_are_not_both_listed_at_first(lived_in: Workspace, tmp_path: Path):
    assert SimilarItems(lived_in).filters == {"kinds": ["song"]}
    score = describe_score(write_midi(tmp_path / "tune.mid", [Voice(0, tune())]))
    lived_in.catalogue.add_item(kind="song", domain="symbolic", title="Tune", media=score)
    assert SimilarItems(lived_in).filters == {"kinds": ["song"], "domains": ["audio"]}
