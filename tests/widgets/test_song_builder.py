"""The song builder: steps of the page change the saved song, and failures are sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_workspace import HOSTILE, add_songs

from workbench import Workspace
from workbench.search.baskets import Basket, list_baskets
from workbench.search.find import find
from workbench.search.rankings import ranking
from workbench.widgets import SongBuilder


def do(widget: SongBuilder, step: str, **options: object) -> str:
    told, _ = widget._do({"step": step, "with": options}, [])
    return told["said"]


@pytest.fixture
def builder(lived_in: Workspace) -> SongBuilder:
    widget = SongBuilder(lived_in, rater="Ada")
    assert do(widget, "new", title="Evening") == ""
    for item in (1, 4):  # a song, and a track of the one with a hostile title
        assert do(widget, "add", item=item) == ""
    return widget


def test_starts_without_a_song_and_offers_to_begin_one(lived_in: Workspace) -> None:
    widget = SongBuilder(lived_in)
    assert (widget.song, widget.parts, widget.songs) == ({}, [], [])
    assert do(widget, "add", item=1) == "Begin a song first."
    do(widget, "new", title="First")
    assert widget.song["title"] == "First"
    assert "Add a first part" in widget.problem


def test_every_step_is_saved_and_shown(lived_in: Workspace, builder: SongBuilder) -> None:
    do(builder, "set", place=1, gain_db=-6, muted=True)
    do(builder, "move", place=1, to=0)
    do(builder, "rename", title="Night")
    saved = Basket.open(lived_in, "Night")
    assert [(p.item, p.gain_db, p.muted) for p in saved.parts] == [(4, -6, True), (1, 0, False)]
    first, second = builder.parts
    assert (first["id"], first["gain_db"], first["muted"]) == (4, -6, True)
    assert first["title"] == f"{HOSTILE}: flute"
    assert second["url"] == f"workbench/audio/{lived_in.id}/1"
    assert second["duration_s"] == 30
    assert len(second["peaks"]) == 200
    assert builder.song["words"] == "60 bpm, C major"
    do(builder, "remove", place=0)
    do(builder, "undo")
    assert len(builder.parts) == 2
    do(builder, "redo")
    assert [part["id"] for part in builder.parts] == [1]


def test_the_song_saved_last_is_open_when_the_page_is(
    lived_in: Workspace, builder: SongBuilder
) -> None:
    do(builder, "new", title="Another")
    do(builder, "open", song=builder.songs[1]["id"])
    assert builder.song["title"] == "Evening"
    do(builder, "set", place=0, gain_db=1)
    assert SongBuilder(lived_in).song["title"] == "Evening"
    assert SongBuilder(lived_in, song="another").song["title"] == "Another"


def test_problems_are_sentences_and_change_nothing(
    lived_in: Workspace, builder: SongBuilder
) -> None:
    assert "no part 8" in do(builder, "remove", place=7)
    assert "no item 999" in do(builder, "add", item=999)
    assert do(builder, "nonsense") == ""
    assert "went wrong" in do(builder, "remove", nowhere=1)
    Basket.open(lived_in, "Evening").add(3)
    assert "changed elsewhere" in do(builder, "add", item=5)
    assert [part["id"] for part in builder.parts] == [1, 4, 3]


def test_stars_are_of_this_song_and_this_rater(lived_in: Workspace, builder: SongBuilder) -> None:
    do(builder, "rate", item=4, stars=2)
    do(builder, "rate", item=4, stars=5)
    assert ranking(lived_in)["stars"].to_dict() == {4: 5.0}
    assert builder.parts[1]["stars"] == 5


def test_suggestions_can_be_heard_and_say_how_close_they_are(
    lived_in: Workspace, builder: SongBuilder, monkeypatch
) -> None:
    seen = []

    def stand_in(ws: Workspace, query: object, **options: object) -> object:
        seen.append((query, options))
        return find(ws, 1, count=3)

    monkeypatch.setattr("workbench.search.suggest.find", stand_in)
    builder.filters = {"tags": {"genre": ["folk"]}}
    assert do(builder, "suggest", instrument="flute", neighbours=True) == ""
    filters = seen[0][1]["filters"]
    assert (filters.has, filters.tags) == (("flute",), {"genre": ("folk",)})
    assert (filters.key, filters.key_relation) == ("C major", "neighbour")
    assert len(builder.suggestions) == 3
    assert set(builder.suggestions[0]["percentiles"]) == set(builder.dimensions)
    assert builder.suggestions[0]["url"].startswith("workbench/audio/")
    do(builder, "new", title="Empty")
    assert builder.suggestions == []
    assert "add a part" in do(builder, "suggest")


def test_exports_never_meet(lived_in: Workspace, builder: SongBuilder, monkeypatch) -> None:
    folders: list[Path] = []

    def stand_in(ws: Workspace, basket: Basket, folder: Path) -> Path:
        folder.mkdir(parents=True)
        folders.append(folder)
        return folder

    monkeypatch.setattr("workbench.widgets.song_builder.export_song", stand_in)
    do(builder, "rename", title="../Evening: <b>")
    for _ in range(2):
        do(builder, "export")
    assert folders == [lived_in.root / "exports" / name for name in ("Evening_b", "Evening_b_2")]
    assert str(folders[1]) in builder.note


def test_titles_are_only_ever_text() -> None:
    static = Path(__file__).parents[2] / "workbench/widgets/static"
    for name in ("song", "song_parts", "song_sound"):
        script = (static / f"{name}.js").read_text()
        assert "innerHTML" not in script
        assert "insertAdjacentHTML" not in script


def test_a_workspace_without_sound_or_model_says_what_to_do(bare: Workspace) -> None:
    assert "bring music in first" in SongBuilder(bare).problem
    add_songs(bare, 3)
    widget = SongBuilder(bare)
    do(widget, "new", title="No model")
    do(widget, "add", item=1)
    assert "workbench train" in do(widget, "suggest")
    assert list_baskets(bare)["parts"].tolist() == [1]
