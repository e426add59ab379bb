from __future__ import annotations

from pathlib import Path

import pytest
from sounds import tone, write

from workbench.catalogue.embedded import embedded_tags

COMMON = {"title": "Étude <b>1</b>", "artist": "Ada", "genre": "Jazz; Blues", "date": "1987-05-01"}
FIELDS = {  # what programs of each kind call tempo, key and mood
    "mp3": {"TBPM": "128", "TKEY": "Bbm", "TMOO": "calm"},
    "flac": {"BPM": "128.0", "INITIALKEY": "Bbm", "MOOD": "calm"},
    "ogg": {"bpm": "128", "key": "Bb minor", "mood": "calm"},
    "opus": {"bpm": "128", "initial_key": "Bb minor", "mood": "calm"},
    "wma": {"WM/BeatsPerMinute": "128", "WM/InitialKey": "Bbm", "WM/Mood": "calm"},
}


def by_dimension(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tag in embedded_tags(path).tags:
        assert tag.source == "file"
        found.setdefault(tag.dimension, []).append(tag.value)
    return found


@pytest.mark.parametrize("suffix", FIELDS)
def test_every_format_tells_its_tags(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"tone.{suffix}", tone(rate=48000), **COMMON, **FIELDS[suffix])
    found = embedded_tags(file)
    assert (found.title, found.artist) == ("Étude <b>1</b>", "Ada")
    assert by_dimension(file) == {
        "genre": ["Jazz", "Blues"],
        "era": ["1980s"],
        "tempo": ["128"],
        "key": ["Bb minor"],
        "mood": ["calm"],
    }
    assert [t.number for t in found.tags if t.dimension == "tempo"] == [128.0]


def test_m4a_tells_its_tags(tmp_path: Path) -> None:
    file = write(tmp_path / "tone.m4a", tone(), **COMMON)
    assert embedded_tags(file).title == "Étude <b>1</b>"
    assert by_dimension(file) == {"genre": ["Jazz", "Blues"], "era": ["1980s"]}


@pytest.mark.parametrize(
    "nonsense",
    [
        {"bpm": "fast"},
        {"bpm": "0"},
        {"initialkey": "off"},
        {"date": "long ago"},
        {"genre": " ; / "},
        {"date": "0000"},
    ],
)
def test_values_that_say_nothing_are_left_out(tmp_path: Path, nonsense: dict[str, str]) -> None:
    assert embedded_tags(write(tmp_path / "tone.flac", tone(), **nonsense)).tags == []


def test_control_characters_and_endless_texts_are_cut(tmp_path: Path) -> None:
    file = write(tmp_path / "tone.flac", tone(), title="\x1b[31mred\r\n" + "x" * 5000)
    title = embedded_tags(file).title
    assert title.startswith("[31mredxxx")
    assert len(title) == 300


def test_a_file_without_tags_and_one_that_is_no_sound_give_none(tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no sound")
    for file in (write(tmp_path / "tone.wav", tone()), text):
        found = embedded_tags(file)
        assert (found.title, found.artist, found.tags) == ("", "", [])
