"""Sounds are short, small, where the piece is loud, and missing ones are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench import Workspace
from workbench.audio.decode import Sound, encode
from workbench.catalogue.media import describe_audio
from workbench.publishing.sounds import RATE, excerpt, write_sounds

RATE_HZ = 22050


def _tone(seconds: float, hertz: float = 440.0, rate: int = RATE_HZ) -> np.ndarray:
    at = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def _song(ws: Workspace, samples: np.ndarray, name: str = "song") -> int:
    file = ws.root / "media" / f"{name}.wav"
    encode(file, samples, RATE_HZ)
    media = describe_audio(file)
    return ws.catalogue.add_item(kind="song", domain="audio", title=name, media=media)


def test_the_loud_part_is_heard_and_faded():
    samples = np.concatenate([np.zeros(4 * RATE_HZ, np.float32), _tone(3), np.zeros(9)])[None]
    cut = excerpt(Sound(samples, RATE_HZ), 2.0)
    assert cut.duration_s == pytest.approx(2.0)
    assert np.sqrt(np.mean(cut.samples**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)
    assert abs(cut.samples[0, 0]) < 0.001
    assert abs(cut.samples[0, -1]) < 0.001


@pytest.mark.parametrize("seconds", [None, 5.0, 100.0])
def test_what_is_short_enough_is_heard_whole_and_unchanged(seconds):
    sound = Sound(_tone(5)[None], RATE_HZ)
    assert np.array_equal(excerpt(sound, seconds).samples, sound.samples)


def test_at_most_two_channels_and_the_usual_rate():
    many = excerpt(Sound(np.stack([_tone(3, rate=96000)] * 4), 96000), 1.0)
    assert many.samples.shape == (1, RATE)
    assert many.sample_rate == RATE


def test_files_are_small_and_can_be_heard(ws: Workspace, tmp_path: Path):
    rng = np.random.default_rng(0)
    noisy = np.stack([_tone(70, f) + 0.05 * rng.normal(size=70 * RATE_HZ) for f in (440, 660)])
    song = _song(ws, noisy.astype(np.float32))
    written = write_sounds(ws, [song], tmp_path / "audio", seconds=None)
    assert (written.items, written.missing) == ([song], {})
    file = tmp_path / "audio" / f"{song}.ogg"
    samples, rate = soundfile.read(file)
    assert soundfile.info(file).subtype == "VORBIS"
    assert len(samples) / rate == pytest.approx(70, abs=0.1)  # one write of that length crashes
    assert np.sqrt(np.mean(samples**2)) > 0.1
    assert file.stat().st_size * 8 / 70 < 100_000  # bits a second


def test_sounds_that_are_missing_are_told_and_the_others_written(ws: Workspace, tmp_path: Path):
    songs = [_song(ws, _tone(1, 300 + 50 * n)[None], f"song{n}") for n in range(3)]
    (ws.root / "media" / "song1.wav").unlink()
    written = write_sounds(ws, songs, tmp_path, processes=2)
    assert written.items == [songs[0], songs[2]]
    assert list(written.missing) == [songs[1]]
    assert "song1.wav" in written.missing[songs[1]]
    assert {file.name for file in tmp_path.glob("*.ogg")} == {f"{n}.ogg" for n in written.items}


def test_a_submix_is_mixed_as_the_catalogue_mixes_it(ws: Workspace, tmp_path: Path):
    parts = [_song(ws, _tone(2, hertz)[None], f"part{hertz}") for hertz in (300, 500)]
    mix = ws.catalogue.add_submix(parts, title="both")
    assert write_sounds(ws, [mix], tmp_path, seconds=None).items == [mix]
    samples, rate = soundfile.read(tmp_path / f"{mix}.ogg")
    spectrum = np.abs(np.fft.rfft(samples[: 2 * rate]))
    loudest = sorted(np.argsort(spectrum)[-2:] / 2)
    assert loudest == [300, 500]
