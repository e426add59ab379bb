"""Scores beside sound: songs, tracks, bars and tags; what is no score is passed by or named."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SHARED_DATA
from sounds import tone, write
from tiny_scores import MINOR, Voice, tune, write_midi, write_musicxml

from workbench import Workspace
from workbench.catalogue.bars import Bars
from workbench.catalogue.importer import ImportReport, import_music
from workbench.symbolic.reading import read_score

BEAT = [(i * 0.5, 0.25, 42 if i % 2 else 36) for i in range(128)]
TRIO = [Voice(0, tune()), Voice(0, tune(48)), Voice(0, BEAT, drums=True)]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture
def take(ws: Workspace, music: Path) -> Callable[..., ImportReport]:
    """Import the music folder in this process."""

    def run(*paths: Path, **options: object) -> ImportReport:
        return import_music(ws, paths or [music], **{"processes": 1, **options})  # type: ignore[arg-type]

    return run


def tag_values(ws: Workspace, item: int) -> dict[str, list[str]]:
    tags = ws.catalogue.tags()
    return tags[tags["item_id"] == item].groupby("dimension")["value"].apply(list).to_dict()


def children(ws: Workspace, song: int) -> pd.DataFrame:
    items = ws.catalogue.items()
    return items[items["parent_id"] == song]


# -- songs and tracks ------------------------------------------------------------------------------


def test_a_score_is_a_song_with_a_track_per_instrument(ws: Workspace, music: Path, take) -> None:
    file = write_midi(music / "Blue_Moon.mid", TRIO, qpm=96)
    report = take()
    assert (report.songs, report.tracks, report.scores, report.score_tracks) == (0, 0, 1, 3)
    song = ws.catalogue.items(kind="song").iloc[0]
    score = read_score(file)
    assert (song["domain"], song["title"]) == ("symbolic", "Blue Moon")
    assert song["duration_s"] == pytest.approx(score.end_s)
    tracks = children(ws, 1)
    assert tracks["title"].tolist() == [
        "Blue Moon (piano 1)", "Blue Moon (piano 2)", "Blue Moon (drums)",
    ]  # fmt: skip
    assert tracks["track_number"].tolist() == [0, 1, 2]
    assert set(tracks["kind"]) == {"track"}
    assert set(tracks["domain"]) == {"symbolic"}
    assert set(tracks["media_id"]) == {song["media_id"]}
    assert ws.catalogue.tracks_in_file(1) == tracks.index.tolist()


def test_a_score_of_one_instrument_is_one_item(ws: Workspace, music: Path, take) -> None:
    write_midi(music / "solo.mid", [Voice(40, tune())])
    report = take()
    assert (report.scores, report.score_tracks) == (1, 0)
    assert len(ws.catalogue.items()) == 1


def test_tags_tell_instruments_key_and_tempo(ws: Workspace, music: Path, take) -> None:
    voices = [Voice(19, tune(57, pattern=MINOR)), Voice(0, BEAT, drums=True)]
    write_midi(music / "a.mid", voices, qpm=135, metre=(6, 8), sharps=[(0, 0)])
    take()
    assert tag_values(ws, 1) == {
        "instrument": ["organ", "drums"],
        "key": ["A minor"],
        "tempo": ["90"],  # dotted quarters
    }
    tags = ws.catalogue.tags()
    assert set(tags["source"]) == {"score"}
    assert tags.loc[tags["dimension"] == "key", "weak"].all()
    assert tags.loc[tags["dimension"] == "tempo", "number"].tolist() == [90.0] * 3
    organ, drums = ws.catalogue.tracks_in_file(1)
    assert tag_values(ws, organ) == {"instrument": ["organ"], "key": ["A minor"], "tempo": ["90"]}
    assert tag_values(ws, drums) == {"instrument": ["drums"], "tempo": ["90"]}


def test_a_key_that_the_notes_speak_against_and_a_tempo_nobody_wrote(
    ws: Workspace, music: Path, take
) -> None:
    write_midi(music / "a.mid", [Voice(0, tune(66))], qpm=None, sharps=[(0, 0)])
    take()
    tags = ws.catalogue.tags()
    assert set(tags["dimension"]) == {"instrument", "tempo"}
    assert tags.loc[tags["dimension"] == "tempo", "weak"].all()


def test_the_manifest_goes_before_what_the_score_says(ws: Workspace, music: Path, take) -> None:
    write_midi(music / "a.mid", TRIO, qpm=96)
    manifest = music / "list.csv"
    manifest.write_text(
        "path,title,artist,genre,tempo,instrument,composition\na.mid,Said,Ada,folk,90,harp,Moon\n"
    )
    take(manifest=manifest)
    assert ws.catalogue.items().loc[1, ["title", "artist"]].tolist() == ["Said", "Ada"]
    assert tag_values(ws, 1) == {
        "genre": ["folk"], "tempo": ["90"], "instrument": ["harp"], "composition": ["Moon"],
        "key": ["C major"],
    }  # fmt: skip
    drums = ws.catalogue.tracks_in_file(1)[2]
    assert tag_values(ws, drums) == {"genre": ["folk"], "tempo": ["90"], "instrument": ["drums"]}
    assert set(ws.catalogue.items()["artist"]) == {"Ada"}


def test_a_manifest_may_come_later(ws: Workspace, music: Path, take) -> None:
    write_midi(music / "a.mid", TRIO)
    take()
    manifest = music / "list.csv"
    manifest.write_text("path,title,genre\na.mid,Said,folk\n")
    report = take(manifest=manifest)
    assert (report.scores, report.known, report.ignored) == (0, 1, 1)
    assert ws.catalogue.items().loc[1, "title"] == "Said"
    assert ws.catalogue.tags("genre")["item_id"].tolist() == [1, 2, 3, 4]


def test_bars_are_stored_with_the_file(ws: Workspace, music: Path, take) -> None:
    file = write_midi(music / "a.mid", TRIO, qpm=100, metre=(3, 4))
    take()
    score = read_score(file)
    table = ws.catalogue.bars(1)
    np.testing.assert_allclose(table["start_s"], score.bars[:-1, 1], atol=1e-4)
    np.testing.assert_allclose(table["end_s"], score.bars[1:, 1], atol=1e-4)
    assert table["number"].tolist() == list(range(1, score.bar_count + 1))


def test_every_notation_is_imported(ws: Workspace, music: Path, take) -> None:
    write_midi(music / "one.mid", [Voice(0, tune())])
    write_musicxml(music / "two.musicxml")
    write_musicxml(music / "three.xml", beats=3)
    (music / "four.abc").write_text("X:1\nT:A Reel\nC:Ada\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|\n")
    with zipfile.ZipFile(music / "five.mxl", "w") as archive:
        archive.write(write_musicxml(music.parent / "s.musicxml", beats=4, beat_type=4), "s.xml")
    (music / "six.csv").write_text("onset,duration,pitch\n0,1,60\n1,2,67\n")
    (music / "seven.json").write_text('[{"onset": 0, "duration": 2, "pitch": 62}]')
    np.savez(music / "eight.npz", roll=np.eye(128, dtype=np.uint8) * 80)
    report = take(processes=2)
    assert (report.scores, report.ignored, report.failures) == (8, 0, [])
    titles = set(ws.catalogue.items(kind="song")["title"])
    assert titles == {"one", "two", "three", "A Reel", "five", "six", "seven", "eight"}
    assert [path.name for path, _ in report.doubts] == ["five.mxl"]
    assert ws.catalogue.failures().empty


# -- what is no score ------------------------------------------------------------------------------


def test_tables_and_data_that_are_no_scores_are_left_alone(
    ws: Workspace, music: Path, take
) -> None:
    write_midi(music / "a.mid", [Voice(0, tune())])
    (music / "prices.csv").write_text("name,price\nbread,2\n")
    (music / "settings.json").write_text('{"a": 1}')
    (music / "page.xml").write_text("<html/>")
    (music / "empty.tsv").touch()
    np.savez(music / "numbers.npz", x=np.zeros(3))
    for _ in range(2):
        report = take(processes=2)
        assert (report.ignored, report.failures) == (5, [])
    assert ws.catalogue.failures().empty
    report = take(music / "prices.csv", music / "page.xml")
    assert report.ignored == 0
    assert [path.name for path, _ in report.failures] == ["prices.csv", "page.xml"]


def test_a_broken_table_of_notes_is_named_even_in_a_folder(
    ws: Workspace, music: Path, take
) -> None:
    write_midi(music / "a.mid", [Voice(0, tune())])
    (music / "notes.csv").write_text("onset,duration,pitch\n0,1,60\nx,1,62\n")
    (music / "notes.json").write_text('{"notes": [{"pitch": 60, "onset": 0,')
    report = take()
    assert report.ignored == 0
    assert sorted(path.name for path, _ in report.failures) == ["notes.csv", "notes.json"]


def test_what_a_manifest_names_is_meant_to_be_a_score(ws: Workspace, music: Path, take) -> None:
    (music / "a.json").write_text("{}")
    manifest = music / "list.csv"
    manifest.write_text("path\na.json\n")
    report = take(manifest=manifest)
    assert [path.name for path, _ in report.failures] == ["a.json"]
    assert report.ignored == 1


def test_a_moved_and_a_copied_score_are_known(ws: Workspace, music: Path, take) -> None:
    write_midi(music / "a.mid", TRIO)
    take()
    music.rename(music.parent / "elsewhere")
    shutil.copy(music.parent / "elsewhere" / "a.mid", music.parent / "elsewhere" / "b.mid")
    report = take(music.parent / "elsewhere")
    assert (report.scores, report.known) == (0, 2)
    assert len(ws.catalogue.items()) == 4
    assert ws.catalogue.media_path(1).parent.name == "elsewhere"


def test_scores_and_sound_are_imported_together(ws: Workspace, music: Path, take) -> None:
    write(music / "song" / "mix.wav", tone())
    write(music / "song" / "drums.wav", tone(200))
    write_midi(music / "song" / "song.mid", TRIO)
    report = take(processes=2)
    assert (report.songs, report.tracks, report.scores, report.score_tracks) == (1, 1, 1, 3)
    parents = ws.catalogue.items().groupby("domain")["parent_id"].nunique()
    assert parents.to_dict() == {"audio": 1, "symbolic": 1}


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the real scores are not on this machine")
def test_real_scores_are_imported(ws: Workspace, music: Path, take) -> None:
    for corpus in ("pop909", "openewld", "lieder", "mutopia", "groove", "freedoom"):
        files = sorted(
            f for f in (SHARED_DATA / "scores" / corpus).rglob("*") if f.suffix in (".mid", ".mxl")
        )
        for file in files[:3]:
            shutil.copy(file, music / f"{corpus}-{file.name}")
    report = take()
    assert (report.scores, report.failures) == (18, [])
    songs = ws.catalogue.items(kind="song")
    assert (songs["duration_s"] > 1).all()
    for song in songs.index:
        count = len(read_score(ws.catalogue.media_path(song)).tracks)
        assert len(ws.catalogue.tracks_in_file(song)) == (count if count > 1 else 0)


def test_bars_survive_their_bytes() -> None:
    bars = Bars.of(np.array([0.0, 1.5, 3.25, 4.0]))
    again = Bars.from_bytes(bars.to_bytes())
    assert again.edges.tolist() == [0.0, 1.5, 3.25, 4.0]
    assert len(Bars.from_bytes(Bars.of(np.zeros(0)).to_bytes())) == 0
    assert again.within(1.5, 3.5).edges.tolist() == [0.0, 1.75, 2.0]
    assert len(again.within(5.0, 6.0)) == 0
