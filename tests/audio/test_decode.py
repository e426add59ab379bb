from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from sounds import RATE, tone, write

from workbench.audio import decode as decoding
from workbench.audio.decode import decode, encode
from workbench.errors import MediaError, StorageError
from workbench.limits import LONGEST_S

# Format: the error a codec may make (root mean square, full scale 1.0) and how far it may shift.
FORMATS = {
    "wav": (2**-14, 0),
    "flac": (2**-14, 0),
    "aiff": (2**-14, 0),
    "mp3": (0.02, 0),
    "ogg": (0.02, 0),
    "opus": (0.02, 0),
    "m4a": (0.05, 2112),
    "wma": (0.02, 2048),
}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_back_the_tone(tmp_path: Path, suffix: str) -> None:
    tolerance, most_shift = FORMATS[suffix]
    rate = 48000 if suffix == "opus" else RATE
    original = tone(seconds=1.5, rate=rate)
    sound = decode(write(tmp_path / f"tone.{suffix}", original, rate=rate))

    assert sound.sample_rate == rate
    assert sound.samples.dtype == np.float32
    assert sound.samples.shape[0] == 2
    assert sound.duration_s == pytest.approx(1.5, abs=0.06 if most_shift else 1e-9)
    middle = slice(rate // 2, rate)
    shift = _shift(sound.samples[0], original[0, middle], rate // 2)
    assert abs(shift) <= most_shift
    heard = sound.samples[:, rate // 2 + shift : rate + shift]
    assert np.sqrt(np.mean((heard - original[:, middle]) ** 2, axis=1)).max() < tolerance


def _shift(heard: np.ndarray, part: np.ndarray, start: int) -> int:
    """Return by how many samples `part`, which began at `start`, comes later."""
    return int(np.correlate(heard, part, mode="valid").argmax()) - start


def test_capital_suffixes_and_wrong_suffixes_do_not_matter(tmp_path: Path) -> None:
    file = write(tmp_path / "tone.m4a", tone())
    renamed = file.rename(tmp_path / "TONE.MP3")
    assert decode(renamed).duration_s == pytest.approx(1.0, abs=0.06)


def test_mono_is_the_mean_resampled(tmp_path: Path) -> None:
    sound = decode(write(tmp_path / "tone.wav", tone()))
    np.testing.assert_allclose(sound.mono(), (sound.samples[0] + sound.samples[1]) / 2, atol=1e-7)
    half = sound.mono(RATE // 2)
    assert half.shape == (RATE // 2,)
    np.testing.assert_allclose(half[5000:15000], sound.mono()[10000:30000:2], atol=2e-3)


# -- broken files ------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "mp3", "ogg", "m4a", "wma"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"tone.{suffix}", tone(seconds=3))
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(
        MediaError, match=r"^tone\.\w+: (the file breaks off|cannot be decoded|the file holds no)"
    ):
        decode(file)


def test_a_header_that_claims_the_most_is_no_claim(tmp_path: Path) -> None:
    file = write(tmp_path / "piped.wav", tone())
    data = bytearray(file.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    assert data[36:40] == b"data"
    file.write_bytes(data)
    assert decode(file).duration_s == pytest.approx(1.0)


def test_text_named_like_sound_is_refused(tmp_path: Path) -> None:
    for suffix in FORMATS:
        file = tmp_path / f"notes.{suffix}"
        file.write_text("Not a sound, but a letter.\n" * 200)
        with pytest.raises(MediaError, match="notes"):
            decode(file)


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (np.zeros((0, 1)), "holds no sound"),
        (np.array([[0.0], [np.nan]]), "not numbers"),
        (np.array([[0.0], [-np.inf]]), "not numbers"),
    ],
)
def test_sounds_of_nothing_are_refused(tmp_path: Path, frames: np.ndarray, sentence: str) -> None:
    file = tmp_path / "odd.wav"
    soundfile.write(file, frames, RATE, subtype="FLOAT")
    with pytest.raises(MediaError, match=sentence):
        decode(file)


def test_an_empty_file_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    for name, sentence in [
        ("empty.wav", "the file is empty"),
        ("folder.wav", "there is no such file"),
        ("nothing.wav", "there is no such file"),
    ]:
        with pytest.raises(MediaError, match=sentence):
            decode(tmp_path / name)


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_what_is_too_long_is_refused(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / f"long.{suffix}", tone(seconds=2))
    monkeypatch.setenv(LONGEST_S, "1")
    with pytest.raises(MediaError, match=f"longer than 1 s; cut it, or set {LONGEST_S}"):
        decode(file)


# -- writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_what_is_encoded_can_be_decoded(tmp_path: Path, suffix: str) -> None:
    samples = tone(seconds=4)  # longer than one block
    file = tmp_path / "new folder" / f"tone.{suffix}"
    encode(file, samples, RATE)
    heard = decode(file)
    assert heard.samples.shape == samples.shape
    np.testing.assert_allclose(heard.samples, samples, atol=0.03 if suffix == "ogg" else 1e-4)
    assert list(file.parent.iterdir()) == [file]


def test_samples_beyond_full_scale_are_clipped_rather_than_wrapped(tmp_path: Path) -> None:
    loud = 3 * tone()
    encode(tmp_path / "loud.flac", loud, RATE)
    heard = decode(tmp_path / "loud.flac").samples
    np.testing.assert_allclose(heard, np.clip(loud, -1, 1), atol=1e-4)


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="9 channels"):
        encode(tmp_path / "nine.flac", np.zeros((9, 100), np.float32), RATE)
    with pytest.raises(MediaError, match="format"):
        encode(tmp_path / "sound.wma", np.zeros((1, 100), np.float32), RATE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_a_full_disk_is_named_and_leaves_nothing(small_disk: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).normal(scale=0.2, size=(2, 120 * RATE)).astype(np.float32)
    file = small_disk / f"noise.{suffix}"
    with pytest.raises(StorageError, match=r"disk.* full"):
        encode(file, noise, RATE)
    assert list(small_disk.iterdir()) == []


def test_writers_of_the_same_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    program = (
        "import sys, numpy; from pathlib import Path; from workbench.audio.decode import encode\n"
        "noise = numpy.random.default_rng(0).normal(scale=0.1, size=(2, 400_000))\n"
        "for _ in range(10): encode(Path(sys.argv[1]), noise.astype('float32'), 44100)\n"
    )
    file = tmp_path / "copy.flac"
    writers = [subprocess.Popen([sys.executable, "-c", program, str(file)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert decode(file).samples.shape == (2, 400_000)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("promised", [0, 1])
def test_a_stream_longer_than_its_header_says_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promised: int
) -> None:
    """As streams without a length are, and those whose length is a guess."""
    original = tone(seconds=3.0)
    file = write(tmp_path / "tone.ogg", original)
    whole = decode(file).samples
    monkeypatch.setattr(decoding, "int", lambda _: promised * RATE, raising=False)
    np.testing.assert_array_equal(decode(file).samples, whole)
    assert whole.shape == original.shape


def test_a_stream_that_changes_its_rate_keeps_the_first(tmp_path: Path) -> None:
    """As radio streams do between one programme and the next."""
    parts = [_adts(tmp_path / f"{rate}.aac", rate).read_bytes() for rate in (44100, 22050)]
    file = tmp_path / "stream.aac"
    file.write_bytes(b"".join(parts))
    sound = decode(file)
    assert sound.sample_rate == 44100
    assert 1.9 < sound.duration_s < 2.2
    for second in (0.5, 1.5):  # the second half was resampled, not played at double speed
        part = sound.samples[0, round((second - 0.2) * 44100) :][: round(0.4 * 44100)]
        peak = np.abs(np.fft.rfft(part)).argmax() / 0.4
        assert peak == pytest.approx(440.0, abs=5)


def _adts(file: Path, rate: int) -> Path:
    """Write a second of 440 Hz as a stream without a header of the whole."""
    with av.open(str(file), "w", format="adts") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        wave = np.sin(2 * np.pi * 440 * np.arange(rate) / rate, dtype=np.float32) / 2
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file
