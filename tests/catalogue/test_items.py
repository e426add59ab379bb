from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.errors import MediaError, UnknownNameError


def song(ws: Workspace, title: str = "One", **columns: object) -> int:
    return ws.catalogue.add_item(kind="song", domain="audio", title=title, **columns)  # type: ignore[arg-type]


# -- items and tags ------------------------------------------------------------------------------


def test_items_are_a_table_by_id(ws: Workspace) -> None:
    one = song(ws, artist="Ada")
    part = ws.catalogue.add_item(
        kind="track", domain="symbolic", title="Part", parent_id=one, start_s=2, duration_s=3
    )
    items = ws.catalogue.items()
    assert list(items.columns) == [
        "kind", "domain", "title", "artist", "parent_id", "media_id", "track_number", "start_s",
        "duration_s", "created_at",
    ]  # fmt: skip
    assert items.index.name == "id"
    assert items.loc[one, ["kind", "domain", "title", "artist"]].tolist() == [
        "song", "audio", "One", "Ada",
    ]  # fmt: skip
    assert items.loc[part, ["parent_id", "start_s", "duration_s"]].tolist() == [one, 2, 3]
    assert list(ws.catalogue.items(kind="song").index) == [one]
    assert list(ws.catalogue.items(domain="symbolic").index) == [part]


@pytest.mark.parametrize("columns", [{"kind": "opera"}, {"domain": "smell"}])
def test_unknown_kinds_and_domains_are_refused(ws: Workspace, columns: dict[str, str]) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        ws.catalogue.add_item(**{"kind": "song", "domain": "audio", "title": "One", **columns})
    assert ws.catalogue.items().empty


def test_tags_keep_all_they_say(ws: Workspace) -> None:
    tag = TagValue("tempo", "90", "analysis", number=90.0, weak=True, confidence=0.5)
    item = song(ws, tags=[tag, TagValue("genre", "folk", "manifest")])
    tags = ws.catalogue.tags()
    assert tags.to_dict("records")[0] == {"item_id": item, **vars(tag)}
    assert ws.catalogue.tags("genre")["value"].tolist() == ["folk"]
    assert ws.catalogue.tags("era").empty


def test_a_tag_said_again_keeps_its_first_entry(ws: Workspace) -> None:
    first = TagValue("genre", "folk", "manifest", confidence=0.5)
    again = TagValue("genre", "folk", "manifest", confidence=0.9)
    item = song(ws, tags=[first, again])
    ws.catalogue.set_tags({item: [again, TagValue("genre", "folk", "rater")]})
    tags = ws.catalogue.tags("genre")
    assert list(zip(tags["source"], tags["confidence"], strict=True)) == [
        ("manifest", 0.5),
        ("rater", 1.0),
    ]


def test_annotating_changes_what_is_said_only(ws: Workspace) -> None:
    item = song(ws, artist="Ada")
    ws.catalogue.annotate(item, title="Two", tags=[TagValue("genre", "folk", "manifest")])
    ws.catalogue.annotate(item)
    assert ws.catalogue.items().loc[item, ["title", "artist"]].tolist() == ["Two", "Ada"]
    assert len(ws.catalogue.tags()) == 1


def test_failures_are_recorded_once_and_forgotten(ws: Workspace, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"latin \xe9\n.wav")
    ws.catalogue.record_failure(odd, "first reason")
    ws.catalogue.record_failure(odd, "second reason")
    assert ws.catalogue.failures()["reason"].tolist() == ["second reason"]
    assert ws.catalogue.failures()["path"].tolist() == [rf"{tmp_path}/latin \udce9\n.wav"]
    ws.catalogue.forget_failure(odd)
    assert ws.catalogue.failures().empty


# -- files -----------------------------------------------------------------------------------------


def test_a_file_is_one_item_wherever_it_lies(ws: Workspace, tmp_path: Path) -> None:
    one = write(tmp_path / "one.wav", tone())
    copy = write(tmp_path / "copy.wav", tone())
    first = ws.catalogue.add_file(describe_audio(one), kind="song", title="One")
    again = ws.catalogue.add_file(describe_audio(copy), kind="track", title="Copy")
    assert again == (first[0], False)
    assert first[1] is True
    assert ws.catalogue.items()["title"].tolist() == ["One"]
    assert ws.catalogue.known_media() == {describe_audio(one).sha256: first[0]}
    assert ws.catalogue.media_path(first[0]) == one


def test_a_moved_file_is_found_at_its_new_place(ws: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "one.wma", tone())
    playable = ws.cache_folder / "playable"
    media = describe_audio(file, playable_folder=playable)
    item, _ = ws.catalogue.add_file(media, kind="song", title="One")
    assert ws.catalogue.lost_media() == set()

    moved = file.rename(tmp_path / "two.wma")
    assert ws.catalogue.lost_media() == {media.sha256}
    with pytest.raises(MediaError, match=rf"item {item} is gone: .*one\.wma"):
        ws.catalogue.media_path(item)
    ws.catalogue.add_file(describe_audio(moved, playable_folder=playable), kind="song", title="Two")
    assert ws.catalogue.media_path(item) == moved
    assert ws.catalogue.media_path(item, playable=True).parent == playable

    ws.catalogue.media_path(item, playable=True).unlink()
    assert ws.catalogue.lost_media() == {media.sha256}


def test_an_item_without_a_file_and_no_item_are_named(ws: Workspace) -> None:
    item = song(ws)
    for wrong in (item, 99):
        with pytest.raises(UnknownNameError, match=f"Item {wrong} does not exist or has no file"):
            ws.catalogue.media_path(wrong)
    assert ws.catalogue.peaks([item, 99]) == {}


def test_waveforms_come_by_item(ws: Workspace, tmp_path: Path) -> None:
    media = describe_audio(write(tmp_path / "one.wav", tone()))
    item = song(ws, media=media)
    segment = ws.catalogue.add_item(
        kind="segment", domain="audio", title="Bit", media=media, start_s=0.2, duration_s=0.1
    )
    assert ws.catalogue.peaks([segment, item]) == {item: media.peaks, segment: media.peaks}
    assert ws.catalogue.items()["media_id"].nunique() == 1
    assert ws.catalogue.items().loc[[item, segment], "duration_s"].tolist() == [1.0, 0.1]


# -- songs of parts --------------------------------------------------------------------------------


def parents(ws: Workspace) -> list[float]:
    return ws.catalogue.items()["parent_id"].fillna(0).tolist()


def test_parts_join_their_mix_once(ws: Workspace) -> None:
    mix, kick, bass = song(ws, "Mix"), song(ws, "Kick"), song(ws, "Bass")
    assert ws.catalogue.join_song([kick, mix], song_id=mix) is False
    assert ws.catalogue.join_song([kick, bass], song_id=mix) is False
    assert parents(ws) == [0, mix, mix]
    assert ws.catalogue.items()["kind"].tolist() == ["song", "track", "track"]


def test_parts_without_a_mix_get_one_song(ws: Workspace) -> None:
    kick, bass, late = song(ws, "Kick"), song(ws, "Bass"), song(ws, "Late")
    assert ws.catalogue.join_song([kick, bass], title="Whole") is True
    assert ws.catalogue.join_song([kick, bass], title="Whole") is False
    assert ws.catalogue.join_song([kick, bass, late], title="Whole") is False
    whole = ws.catalogue.items().index[-1]
    assert parents(ws) == [whole, whole, whole, 0]
    assert ws.catalogue.items()["title"].tolist() == ["Kick", "Bass", "Late", "Whole"]


def test_parts_of_a_song_stay_with_it_and_songs_stay_songs(ws: Workspace) -> None:
    mix, kick, other = song(ws, "Mix"), song(ws, "Kick"), song(ws, "Other mix")
    ws.catalogue.join_song([kick], song_id=mix)
    assert ws.catalogue.join_song([kick, mix], song_id=other) is False
    assert parents(ws) == [0, mix, 0]
