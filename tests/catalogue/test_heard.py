"""What is played of items that have no sound of their own is made once, and made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import RATE, tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.audio.decode import decode
from workbench.audio.levels import Levels
from workbench.catalogue.importer import import_music
from workbench.catalogue.media import waveform_outline
from workbench.errors import MediaError

pytest.importorskip("pretty_midi", reason="the demo extra is not installed")


@pytest.fixture
def score(ws: Workspace, tmp_path: Path) -> int:
    """A score of two instruments."""
    voices = [Voice(0, tune(quarters=16)), Voice(32, tune(36, quarters=8))]
    import_music(ws, [write_midi(tmp_path / "a.mid", voices)], processes=1)
    return 1


@pytest.fixture
def sound(ws: Workspace, tmp_path: Path) -> int:
    """Three seconds of a tone."""
    import_music(ws, [write(tmp_path / "tone.wav", tone(seconds=3.0))], processes=1)
    return int(ws.catalogue.items(domain="audio").index[0])


def test_a_recording_is_played_as_it_is(ws: Workspace, sound: int) -> None:
    heard = ws.catalogue.heard(sound)
    assert heard.path == ws.catalogue.media_path(sound, playable=True)
    assert ws.catalogue.sound_path(sound) == heard.path
    assert heard.duration_s == 3.0


def test_a_score_and_its_tracks_are_rendered_once(ws: Workspace, score: int) -> None:
    for item in (score, *ws.catalogue.tracks_in_file(score)):
        heard = ws.catalogue.heard(item)
        played = decode(heard.path)
        rendered = ws.catalogue.sound_of(item, played.sample_rate)
        np.testing.assert_allclose(played.mono(), rendered, atol=1e-4)
        assert heard.duration_s == pytest.approx(played.duration_s)
        assert heard.peaks == waveform_outline(ws.catalogue.whole_sound(item).samples)
        measured = Levels.of(played.samples, played.sample_rate)
        assert heard.levels.loudness == pytest.approx(measured.loudness, abs=0.1)
        before = heard.path.stat().st_mtime_ns
        assert ws.catalogue.heard(item).path.stat().st_mtime_ns == before
        assert heard.path.is_relative_to(ws.cache_folder)
    assert len(list(ws.cache_folder.rglob("*.flac"))) == 3


def test_what_is_deleted_is_made_again(ws: Workspace, score: int) -> None:
    path = ws.catalogue.sound_path(score)
    data = path.read_bytes()
    shutil.rmtree(ws.cache_folder)
    assert ws.catalogue.sound_path(score).read_bytes() == data
    path.with_suffix(".npz").unlink()
    assert ws.catalogue.heard(score).duration_s > 0


def test_another_sound_font_is_heard_at_once(
    ws: Workspace, score: int, two_fonts: tuple[Path, Path]
) -> None:
    before = ws.catalogue.sound_path(score)
    config = ws.root / "workbench.toml"
    config.write_text(f'{config.read_text()}\n[rendering]\nsound_font = "{two_fonts[1]}"\n')
    assert Workspace(ws.root).catalogue.sound_path(score) != before


@pytest.mark.parametrize("which", ["score", "sound"])
def test_a_span_is_a_file_of_its_own(
    ws: Workspace, which: str, request: pytest.FixtureRequest
) -> None:
    item = request.getfixturevalue(which)
    span = ws.catalogue.add_span(item, 0.5, 1.5)
    heard = ws.catalogue.heard(span)
    assert heard.duration_s == pytest.approx(1.0)
    assert len(heard.levels.power) == 10
    if which == "sound":
        whole = soundfile.read(ws.catalogue.media_path(item))[0]
        played = soundfile.read(heard.path)[0]
        np.testing.assert_allclose(played, whole[RATE // 2 : RATE // 2 * 3], atol=1e-4)


def test_a_damaged_score_is_one_sentence_and_leaves_nothing(
    ws: Workspace, tmp_path: Path, score: int
) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd")
    with pytest.raises(MediaError, match="cannot be read as MIDI"):
        ws.catalogue.heard(score)
    assert not list(ws.cache_folder.rglob("*.*"))


def test_scores_are_listed_among_what_can_be_played(ws: Workspace, score: int, sound: int) -> None:
    ws.catalogue.add_item(kind="song", domain="audio", title="without a file")
    ws.catalogue.add_span(score, 0.0, 1.0)
    mix = ws.catalogue.add_submix([score, sound])
    tracks = ws.catalogue.tracks_in_file(score)
    assert ws.catalogue.playable().index.tolist() == sorted([score, *tracks, sound, mix])
