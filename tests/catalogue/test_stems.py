from __future__ import annotations

from pathlib import Path

import pytest

from workbench.catalogue.stems import SongFolder, find_song_folders


def folder(*names: str, below: str = "/music/song") -> list[Path]:
    return [Path(below) / name for name in names]


def test_a_mix_beside_other_files_makes_a_song() -> None:
    files = folder("a.wav", "Mix.wav", "b.flac")
    (song,) = find_song_folders(files)
    assert song == SongFolder(Path("/music/song"), files[1], [files[0], files[2]], [])
    assert song.title == "song"


def test_a_second_mix_is_a_submix() -> None:
    files = folder("kick.wav", "master.wav", "mix.wav")
    (song,) = find_song_folders(files)
    assert (song.mix, song.tracks, song.submixes) == (files[2], [files[0]], [files[1]])


def test_a_folder_of_stems_belongs_to_the_mix_beside_it() -> None:
    mix = Path("/music/Blue_Moon/mixture.wav")
    stems = folder("S00.flac", "S01.flac", below="/music/Blue_Moon/stems")
    (song,) = find_song_folders([mix, *stems])
    assert (song.mix, song.tracks, song.title) == (mix, stems, "Blue Moon")


def test_parts_without_a_mix_are_known_by_their_names() -> None:
    (song,) = find_song_folders(folder("my_drums.wav", "Lead-Vox 2.wav", "03 bass.wav", "hiss.wav"))
    assert song.mix is None
    assert len(song.tracks) == 4


@pytest.mark.parametrize(
    "files",
    [
        folder("one.mp3", "two.mp3", "three.mp3"),
        folder("Piano Sonata 1.mp3", "Piano Sonata 2.mp3", "Piano Sonata 3.mp3"),
        folder("Cello Suite 1.mp3", "Cello Suite 2.mp3", "Cello Suite 3.mp3", "Cello Suite 4.mp3"),
        folder("01 Organ.mp3", "02 Organ.mp3", "03 Bass.mp3", "04 Bass.mp3"),
        folder("drums.wav", "bass.wav"),
        folder("bassoon.wav", "padding.wav", "keyshift.wav", "leading.wav"),
        folder("mix.wav"),
        folder("mix.wav", "master.wav"),
        folder("000002.mp3", "000005.mp3", "000010.mp3", below="/data/tracks"),
        folder("000002.mp3", "000005.mp3", "000010.mp3", below="/data/parts"),
    ],
    ids=lambda files: files[0].name,
)
def test_other_folders_hold_songs(files: list[Path]) -> None:
    assert find_song_folders(files) == []


def test_real_multitracks_are_recognised(multitracks: Path) -> None:
    files = sorted(multitracks.rglob("*.ogg"))
    songs = {song.title: song for song in find_song_folders(files)}
    assert list(songs) == ["caesium", "hydrogen", "lithium", "potassium"]
    for title, song in songs.items():
        assert song.mix == multitracks / title / "mix.ogg"
    assert songs["caesium"].submixes == [multitracks / "caesium" / "master.ogg"]
    without_mix = [f for f in files if f.stem not in ("mix", "master")]
    found = find_song_folders(without_mix)
    assert [song.title for song in found] == list(songs)
    assert all(song.mix is None for song in found)
    assert sum(len(song.tracks) for song in found) == len(without_mix)
