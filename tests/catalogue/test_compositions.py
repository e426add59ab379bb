"""Scores and recordings of one composition find each other; a person has the last word."""

from __future__ import annotations

from pathlib import Path

import pytest
from sounds import tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import UnknownNameError, WorkbenchError


def song(ws: Workspace, title: str, *, domain: str = "audio", artist: str = "") -> int:
    return ws.catalogue.add_item(kind="song", domain=domain, title=title, artist=artist)


def sources(ws: Workspace) -> set[str]:
    return set(ws.catalogue.tags("composition")["source"])


@pytest.mark.parametrize(
    ("score", "sound"),
    [
        ("a.mid", "a.wav"),
        ("scores/a.mid", "audio/a.wav"),
        ("MIDI/rock/a.mid", "rock/wav/a.wav"),
        ("a.mid", "a/mix.wav"),
    ],
)
def test_files_of_one_name_are_one_composition(
    ws: Workspace, tmp_path: Path, score: str, sound: str
) -> None:
    music = tmp_path / "music"
    write_midi(music / score, [Voice(0, tune())])
    write(music / sound, tone())
    write(music / sound.replace("a", "b", 1), tone(300))
    report = import_music(ws, [music], processes=1)
    assert report.linked == 2
    assert sources(ws) == {"same name"}
    (symbolic,) = ws.catalogue.items(domain="symbolic").index
    (other,) = ws.catalogue.composition_of(symbolic)
    assert ws.catalogue.media_path(other) == (music / sound)
    assert import_music(ws, [music], processes=1).linked == 0


def test_folders_that_tell_music_apart_are_not_left_out(ws: Workspace, tmp_path: Path) -> None:
    write_midi(tmp_path / "music" / "one" / "01.mid", [Voice(0, tune())])
    write(tmp_path / "music" / "two" / "01.wav", tone())
    assert import_music(ws, [tmp_path / "music"], processes=1).linked == 0


def test_a_manifest_says_it_first(ws: Workspace, tmp_path: Path) -> None:
    music = tmp_path / "music"
    write_midi(music / "x.mid", [Voice(0, tune())])
    write(music / "x.wav", tone())
    write(music / "y.wav", tone(300))
    (music / "list.csv").write_text("path,composition\nx.mid,Moon\ny.wav,Moon\n")
    report = import_music(ws, [music], manifest=music / "list.csv", processes=1)
    assert report.linked == 1  # x.wav, by its name
    assert set(ws.catalogue.tags("composition")["value"]) == {"Moon"}
    assert sources(ws) == {"manifest", "same name"}
    assert len(ws.catalogue.composition_of(1)) == 2


def test_title_and_artist_link_a_score_and_a_recording(ws: Workspace) -> None:
    sound = song(ws, "Für Elise", artist="L. v. Beethoven")
    score = song(ws, "FUR ELISE!", artist="L v Beethoven", domain="symbolic")
    song(ws, "Für Elise", artist="Somebody Else", domain="symbolic")
    song(ws, "Untold"), song(ws, "Untold", domain="symbolic")
    assert ws.catalogue.link_compositions() == 2
    assert ws.catalogue.composition_of(sound) == [score]
    assert sources(ws) == {"same title"}


def test_two_recordings_alone_are_not_linked(ws: Workspace) -> None:
    song(ws, "One", artist="Ada"), song(ws, "One", artist="Ada")
    assert ws.catalogue.link_compositions() == 0


def test_a_person_links_and_unlinks_and_no_import_undoes_it(ws: Workspace) -> None:
    score = song(ws, "One", artist="Ada", domain="symbolic")
    sound = song(ws, "One", artist="Ada")
    cover = song(ws, "One, live")
    ws.catalogue.link_compositions()
    ws.catalogue.link(cover, score)
    assert ws.catalogue.composition_of(score) == [sound, cover]
    assert ws.catalogue.composition_of(cover) == [score, sound]
    ws.catalogue.link(cover, score)
    assert ws.catalogue.unlink(score, sound)
    assert not ws.catalogue.unlink(score, sound)
    assert ws.catalogue.link_compositions() == 0
    assert ws.catalogue.composition_of(sound) == []
    assert ws.catalogue.composition_of(score) == [cover]


def test_two_compositions_become_one(ws: Workspace) -> None:
    a, b, c, d = (song(ws, name) for name in "abcd")
    ws.catalogue.link(a, b)
    ws.catalogue.link(c, d)
    ws.catalogue.link(b, c)
    assert ws.catalogue.composition_of(a) == [b, c, d]


def test_tracks_are_the_composition_of_their_song(ws: Workspace) -> None:
    a, b = song(ws, "a"), song(ws, "b")
    stem = ws.catalogue.add_item(kind="track", domain="audio", title="stem", parent_id=a)
    ws.catalogue.link(stem, b)
    assert ws.catalogue.composition_of(stem) == [b]
    assert ws.catalogue.composition_of(b) == [a]
    with pytest.raises(WorkbenchError, match="are one song"):
        ws.catalogue.link(stem, a)
    with pytest.raises(UnknownNameError, match="There is no item 99"):
        ws.catalogue.link(a, 99)
