"""Scores to sound by the engine and sound font that were chosen."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_scores import Voice, tune, write_midi

from workbench.errors import MediaError, NotReadyError, WorkbenchError
from workbench.symbolic import synthesis
from workbench.symbolic.reading import read_score
from workbench.symbolic.render import SAMPLE_RATE, render
from workbench.symbolic.score import Score
from workbench.symbolic.synthesis import LONGEST_S, Synthesis, faded
from workbench.symbolic.writing import to_symusic

# What stands for FluidSynth: a tone as long as it says, and a note of what it was asked.
FAKE = """#!/bin/sh
echo "$@" >> "{log}"
while [ $# -gt 2 ]; do [ "$1" = -F ] && target="$2"; shift; done
cp "{sound}" "$target"
"""


@pytest.fixture
def score(tmp_path: Path) -> Score:
    voices = [Voice(0, tune(quarters=4)), Voice(0, [(0, 1, 36)], drums=True)]
    return read_score(write_midi(tmp_path / "a.mid", voices))


@pytest.fixture
def fluidsynth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program called fluidsynth; the file where it notes what it was asked."""
    folder, log, sound = tmp_path / "bin", tmp_path / "log", tmp_path / "sound.wav"
    folder.mkdir()
    soundfile.write(sound, np.full((4410, 2), 0.1), SAMPLE_RATE)
    program = folder / "fluidsynth"
    program.write_text(FAKE.format(log=log, sound=sound))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_the_default_needs_pip_only(score: Score) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    sound = Synthesis().sound(score)
    assert np.array_equal(sound, render(to_symusic(score)))
    assert Synthesis().key.startswith("symusic-")


def test_a_sound_font_may_be_chosen(score: Score, two_fonts: tuple[Path, Path]) -> None:
    first, second = (Synthesis.from_config({"sound_font": str(font)}) for font in two_fonts)
    assert first.key != second.key
    assert np.array_equal(first.sound(score), second.sound(score))  # the same sounds, renamed


def test_fluidsynth_is_asked_where_it_is_there(
    score: Score, two_fonts: tuple[Path, Path], fluidsynth: Path
) -> None:
    chosen = Synthesis.from_config({"engine": "fluidsynth", "sound_font": str(two_fonts[0])})
    sound = chosen.sound(score)
    np.testing.assert_allclose(sound, np.full((2, 4410), 0.1), atol=1e-4)
    (asked,) = fluidsynth.read_text().splitlines()
    assert f"-r {SAMPLE_RATE} -T wav -F " in asked
    assert str(two_fonts[0]) in asked
    assert chosen.key.startswith("fluidsynth-")


def test_many_instruments_are_rendered_in_groups_that_midi_can_hold(
    tmp_path: Path, two_fonts: tuple[Path, Path], fluidsynth: Path
) -> None:
    file = write_midi(tmp_path / "many.mid", [Voice(n, tune(quarters=2)) for n in range(20)])
    sound = Synthesis("fluidsynth", two_fonts[0]).sound(read_score(file))
    assert len(fluidsynth.read_text().splitlines()) == 2
    assert sound.max() == pytest.approx(0.2, abs=1e-3)


def test_a_fluidsynth_that_fails_or_is_missing_is_one_sentence(
    score: Score, two_fonts: tuple[Path, Path], fluidsynth: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = Synthesis("fluidsynth", two_fonts[0])
    program = fluidsynth.with_name("bin") / "fluidsynth"
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(MediaError, match="FluidSynth could not render"):
        chosen.sound(score)
    monkeypatch.setattr(synthesis.shutil, "which", lambda _name: None)
    with pytest.raises(NotReadyError, match="FluidSynth is not installed; install it"):
        chosen.sound(score)


@pytest.mark.parametrize(
    "table", ["loud", {"engine": "organ"}, {"sound_font": 7}, {"speed": 2}, {"engine": ["a"]}]
)
def test_a_wrong_table_is_one_sentence(table: object) -> None:
    with pytest.raises(WorkbenchError, match=r"\[rendering\]"):
        Synthesis.from_config(table)


def test_a_font_that_is_none_is_one_sentence(tmp_path: Path, score: Score) -> None:
    (tmp_path / "a.sf2").write_text("no font")
    with pytest.raises(MediaError, match="not a SoundFont 2 file"):
        Synthesis(sound_font=tmp_path / "a.sf2").sound(score)
    with pytest.raises(MediaError, match="there is no such sound font"):
        _ = Synthesis(sound_font=tmp_path / "b.sf2").key


def test_a_score_that_lasts_too_long_is_not_rendered(tmp_path: Path) -> None:
    file = write_midi(tmp_path / "a.mid", [Voice(0, [(0, 1, 60), (LONGEST_S * 2 + 10, 1, 60)])])
    with pytest.raises(MediaError, match="lasts 30 minutes; 30 are the most"):
        Synthesis().sound(read_score(file))


def test_a_span_has_its_length_and_fades_out() -> None:
    long = faded(np.ones((2, 44100), dtype=np.float32), 0.5)
    assert long.shape == (2, 22050)
    assert long[:, -1].tolist() == [0.0, 0.0]
    assert (long[:, :21000] == 1.0).all()
    short = faded(np.ones((2, 100), dtype=np.float32), 0.5)
    assert short.sum() == 200
