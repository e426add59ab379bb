"""The sound font is found and put in tune, measured on the sound itself."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_fonts import tiny_font

from workbench.errors import MediaError, NotReadyError
from workbench.symbolic import soundfont
from workbench.symbolic.render import SAMPLE_RATE, render
from workbench.symbolic.soundfont import find_sound_font, tuned_copy, without_root_overrides


@pytest.fixture(scope="module")
def font() -> Path:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    return find_sound_font()


def one_note(program: int, pitch: int) -> Any:
    import symusic

    score: Any = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, qpm=60))
    track: Any = symusic.Track(program=program, is_drum=False)
    track.notes.append(symusic.Note(0, 960, pitch, 90))
    score.tracks.append(track)
    return score


def strength(sound: np.ndarray, frequency: float) -> float:
    """Return the largest magnitude within half a semitone of a frequency."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    frequencies = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    near = np.abs(12 * np.log2(np.maximum(frequencies, 1) / frequency)) < 0.5
    return float(spectrum[near].max() / spectrum.max())


@pytest.mark.parametrize(
    ("program", "pitch"), [(0, 60), (0, 67), (40, 67), (24, 60), (11, 72), (81, 70), (71, 52)]
)
def test_an_instrument_sounds_at_the_pitch_that_is_written(
    font: Path, program: int, pitch: int
) -> None:
    sound = render(one_note(program, pitch))[:, SAMPLE_RATE // 4 :].mean(axis=0)
    fundamental = 440 * 2 ** ((pitch - 69) / 12)
    assert strength(sound, fundamental) > 0.2
    wrong = [strength(sound, fundamental * 2 ** (shift / 12)) for shift in (-5, -3, 3, 5, 8)]
    assert max(wrong) < 0.2


def test_the_original_font_is_out_of_tune_in_symusic_which_is_why_we_copy_it(font: Path) -> None:
    """When this fails, symusic has learned about root keys and `tuned_copy` can go."""
    import symusic

    sound = symusic.Synthesizer(str(font), SAMPLE_RATE).render(one_note(0, 60), stereo=True)
    middle_c = 440 * 2 ** (-9 / 12)
    assert strength(np.asarray(sound).mean(axis=0), middle_c) < 0.1


def test_the_copy_is_made_once_and_found_again(
    font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path)
    first = tuned_copy(font)
    written = first.stat().st_mtime_ns
    assert first.is_relative_to(tmp_path)
    assert tuned_copy(font) == first
    assert first.stat().st_mtime_ns == written


def test_a_file_that_is_no_sound_font_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "noise.sf2"
    file.write_bytes(b"RIFF" + struct.pack("<I", 4) + b"junk")
    with pytest.raises(MediaError, match=r"noise\.sf2: not a SoundFont 2 file"):
        tuned_copy(file)


def test_without_pretty_midi_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(soundfont.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NotReadyError, match=r"pip install .*\[demo\]"):
        find_sound_font()


# -- a font of two zones, written by hand ----------------------------------------------------------


def zone_pitches(font: bytes) -> list[int]:
    """Read which pitch the sample of every zone has: an independent, naive reading."""
    samples_at = font.index(b"shdr") + 8
    table = font[font.index(b"igen") + 8 : font.index(b"shdr")]
    pairs = list(struct.iter_unpack("<HH", table))
    return [font[samples_at + 46 * amount + 40] for operator, amount in pairs if operator == 53]


def test_every_zone_gets_a_sample_of_its_own_root_key() -> None:
    assert zone_pitches(tiny_font([72, None, 48, 72])) == [60, 60, 60, 60]
    tuned = without_root_overrides(tiny_font([72, None, 48, 72]))
    assert zone_pitches(tuned) == [72, 60, 48, 72]


def test_a_root_key_set_for_all_zones_holds_where_a_zone_sets_none() -> None:
    tuned = without_root_overrides(tiny_font([None, 50], shared_root=65))
    assert zone_pitches(tuned) == [65, 50]


def test_the_sizes_in_the_headers_stay_right() -> None:
    tuned = without_root_overrides(tiny_font([72, 48]))
    assert struct.unpack_from("<I", tuned, 4)[0] == len(tuned) - 8
    list_size = struct.unpack_from("<I", tuned, 16)[0]
    assert tuned[20 + list_size : 24 + list_size] == b"LIST"  # the next chunk is where it should be


def test_a_font_whose_zones_are_to_be_read_again_and_again_is_refused() -> None:
    many = tiny_font([60] * 2000)
    instruments = many.index(b"inst") + 8
    repeated = struct.pack("<20sH20sH", b"one", 0, b"EOI", 2000) * 1000
    endless = many[: instruments - 4] + struct.pack("<I", len(repeated)) + repeated
    with pytest.raises(MediaError, match="not a SoundFont 2 file"):
        without_root_overrides(endless + many[instruments + 44 :])
