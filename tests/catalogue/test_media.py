from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import RATE, tone, write

from workbench.audio.decode import decode
from workbench.catalogue.media import (
    AUDIO_SUFFIXES,
    content_hash,
    describe_audio,
    describe_score,
    waveform_outline,
)
from workbench.errors import MediaError


def test_the_outline_is_the_peak_of_each_part() -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, size=(2, 8000)).astype(np.float32)
    naive = [
        int(255 * max(abs(float(v)) for v in samples[:, i * 10 : (i + 1) * 10].ravel()))
        for i in range(800)
    ]
    assert list(waveform_outline(samples)) == naive


def test_the_outline_of_short_silent_and_loud_sounds() -> None:
    assert waveform_outline(np.zeros((1, 0))) == b""
    assert waveform_outline(np.zeros(5000)) == bytes(800)
    assert list(waveform_outline(np.array([0.5, -1.0, 3.0]))) == [127, 255, 255]


def test_a_sound_is_described(tmp_path: Path) -> None:
    file = write(tmp_path / "tone.flac", tone(seconds=2))
    info = describe_audio(file, playable_folder=tmp_path / "playable")
    assert info.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == content_hash(file)
    assert (info.format, info.sample_rate, info.channels) == ("flac", RATE, 2)
    assert info.duration_s == pytest.approx(2)
    assert info.size_bytes == file.stat().st_size
    assert info.peaks is not None
    assert len(info.peaks) == 800
    assert abs(max(info.peaks) - 0.4 * 255) < 2
    assert info.playable_path is None
    assert not (tmp_path / "playable").exists()


@pytest.mark.parametrize("suffix", ["wma", "m4a", "aiff", "WMA"])
def test_formats_browsers_cannot_play_get_a_flac_copy(tmp_path: Path, suffix: str) -> None:
    plain = write(tmp_path / f"tone.{suffix.lower()}", tone())
    file = plain.rename(tmp_path / f"tone.{suffix}")
    info = describe_audio(file, playable_folder=tmp_path / "playable")
    assert info.playable_path is not None
    copy = Path(info.playable_path)
    assert (copy.parent, copy.suffix) == (tmp_path / "playable", ".flac")
    assert soundfile.info(copy).format == "FLAC"
    np.testing.assert_allclose(decode(copy).samples, decode(file).samples, atol=1e-4)
    before = copy.stat().st_mtime_ns
    describe_audio(file, playable_folder=tmp_path / "playable")
    assert copy.stat().st_mtime_ns == before


def test_many_channels_get_a_copy_of_their_mean(tmp_path: Path) -> None:
    many = np.random.default_rng(0).uniform(-0.5, 0.5, size=(10, 1000)).astype(np.float32)
    file = write(tmp_path / "many.aiff", many)
    info = describe_audio(file, playable_folder=tmp_path)
    assert info.channels == 10
    heard = decode(Path(info.playable_path or "")).samples
    np.testing.assert_allclose(heard, decode(file).samples.mean(axis=0)[None], atol=1e-4)


def test_without_a_folder_no_copy_is_made(tmp_path: Path) -> None:
    assert describe_audio(write(tmp_path / "tone.aiff", tone())).playable_path is None
    assert [p.name for p in tmp_path.iterdir()] == ["tone.aiff"]


def test_a_score_is_described_by_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "Score.MID"
    file.write_bytes(b"MThd")
    info = describe_score(file, duration_s=3.5)
    assert (info.format, info.size_bytes, info.duration_s) == ("mid", 4, 3.5)
    assert info.sha256 == hashlib.sha256(b"MThd").hexdigest()
    with pytest.raises(MediaError, match="cannot be read: No such file"):
        describe_score(tmp_path / "missing.mid")


def test_every_format_promised_is_known() -> None:
    promised = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".wma", ".aiff"}
    assert promised <= AUDIO_SUFFIXES
