"""Note facts agree with another reader of MIDI files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.errors import MediaError
from workbench.symbolic.notes import notes_of, read_notes


def two_parts() -> Any:
    import symusic

    score: Any = symusic.Score(480)
    score.tempos.append(symusic.Tempo(0, qpm=90))
    score.tempos.append(symusic.Tempo(960, qpm=150))  # the tempo changes on the way
    for part, pitches in enumerate(([60, 64, 67, 72], [48, 55])):
        track: Any = symusic.Track(program=part, is_drum=False)
        step = 1920 // len(pitches)
        for i, pitch in enumerate(pitches):
            track.notes.append(symusic.Note(i * step, step - 10, pitch, 70 + i))
        score.tracks.append(track)
    return score


def test_times_pitches_and_parts_agree_with_pretty_midi(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    file = tmp_path / "score.mid"
    two_parts().dump_midi(str(file))
    notes = read_notes(file)
    expected = sorted(
        (note.start, note.pitch, note.end - note.start, note.velocity, part)
        for part, instrument in enumerate(pretty_midi.PrettyMIDI(str(file)).instruments)
        for note in instrument.notes
    )
    columns = (notes.onset_s, notes.pitch, notes.duration_s, notes.velocity, notes.part)
    assert np.allclose(np.column_stack(columns), np.array(expected), atol=1e-4)


def test_pitch_classes_are_weighed_by_how_long_they_sound() -> None:
    weights = notes_of(two_parts()).pitch_class_weights()
    assert weights.sum() == pytest.approx(1.0)
    assert set(np.flatnonzero(weights)) == {0, 4, 7}
    assert weights[0] > weights[7] > weights[4]  # two long C and one of G, one short E


def test_notes_struck_together_are_one_onset() -> None:
    # Onsets at 0, 480, 960 and 1440 ticks; two fall together with those of the other part.
    end = 960 / 480 * 60 / 90 + (1910 - 960) / 480 * 60 / 150
    assert notes_of(two_parts()).onset_rate() == pytest.approx(4 / end, rel=1e-3)


def test_a_score_without_notes_has_no_rate() -> None:
    import symusic

    notes = notes_of(symusic.Score(480))
    assert len(notes) == 0
    assert notes.onset_rate() == 0.0
    assert not notes.pitch_class_weights().any()


def test_a_damaged_file_is_named_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "broken.mid"
    file.write_bytes(b"MThd nothing")
    with pytest.raises(MediaError, match=r"broken\.mid: cannot be read as MIDI"):
        read_notes(file)
    with pytest.raises(MediaError, match=r"absent\.mid"):
        read_notes(tmp_path / "absent.mid")
