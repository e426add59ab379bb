from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_scores import MAJOR, MINOR, Voice, tune, write_midi, write_musicxml

from workbench.corpus.scores import (
    BeatScore,
    Part,
    global_key,
    read_beats,
    signature_during,
)
from workbench.errors import MediaError

PIANO = [Voice(0, tune())]


@pytest.mark.parametrize(
    ("metre", "quarters"),
    [
        ((4, 4), 1.0),
        ((3, 4), 1.0),
        ((2, 4), 1.0),
        ((2, 2), 2.0),
        ((3, 2), 2.0),
        ((6, 8), 1.5),
        ((9, 8), 1.5),
        ((12, 8), 1.5),
        ((6, 16), 0.75),
        (None, 1.0),
    ],
)
def test_notes_and_tempo_are_in_the_beats_one_taps(
    tmp_path: Path, metre: tuple[int, int] | None, quarters: float
) -> None:
    file = write_midi(tmp_path / "a.mid", PIANO, qpm=96.0, metre=metre)
    score = read_beats(file)
    assert score.bpm == pytest.approx(96.0 / quarters, rel=1e-4)
    notes = score.parts[0].notes
    np.testing.assert_allclose(notes[:, 0], np.arange(64) / quarters, atol=1e-9)
    np.testing.assert_allclose(notes[:, 1], 1.0 / quarters, atol=1e-9)
    assert score.beats == pytest.approx(64 / quarters)


def test_a_dotted_quarter_of_six_eight_is_one_beat_in_musicxml(tmp_path: Path) -> None:
    score = read_beats(write_musicxml(tmp_path / "a.musicxml", fifths=2))
    notes = score.parts[0].notes
    np.testing.assert_allclose(notes[:, 0], np.arange(24) / 3, atol=1e-5)
    assert notes[:6, 2].tolist() == [60, 62, 64, 65, 67, 69]
    assert score.beats == pytest.approx(8.0, abs=1e-4)
    assert score.bpm is None
    assert score.signatures == [(0.0, 2)]


def test_a_musicxml_in_four_four_counts_quarters(tmp_path: Path) -> None:
    score = read_beats(write_musicxml(tmp_path / "a.xml", beats=4, beat_type=4, fifths=-1))
    np.testing.assert_allclose(score.parts[0].notes[:, 0], np.arange(32) / 2, atol=1e-5)
    assert score.signatures == [(0.0, -1)]


@pytest.mark.parametrize(("name", "program"), [("Tenor 2", 53), ("Singstimme", 53), ("Flute", 0)])
def test_voices_sing_and_all_else_is_a_piano_in_musicxml(
    tmp_path: Path, name: str, program: int
) -> None:
    assert read_beats(write_musicxml(tmp_path / "a.xml", part=name)).parts[0].program == program


def test_programs_and_drums_come_from_the_tracks(tmp_path: Path) -> None:
    voices = [Voice(40, tune()), Voice(0, tune(36), drums=True), Voice(73, tune(72)), Voice(5, [])]
    score = read_beats(write_midi(tmp_path / "a.mid", voices))
    assert [(p.program, p.drums) for p in score.parts if not p.drums] == [(40, False), (73, False)]
    assert sum(p.drums for p in score.parts) == 1


def test_notes_are_in_the_order_of_their_onsets(tmp_path: Path) -> None:
    notes = [*tune()[::-1], (3.0, 1.0, 30)]
    found = read_beats(write_midi(tmp_path / "a.mid", [Voice(0, notes)])).parts[0].notes
    assert (np.diff(found[:, 0]) >= 0).all()
    assert found[3:5, 2].tolist() == [30, 60 + MAJOR[3]]


@pytest.mark.parametrize(
    ("sharps", "pattern", "tonic", "expected"),
    [
        (0, MAJOR, 60, (0, True)),
        (0, MINOR, 57, (9, False)),
        (1, MAJOR, 67, (7, True)),
        (-3, MAJOR, 63, (3, True)),
        (-3, MINOR, 60, (0, False)),
        (6, MAJOR, 66, (6, True)),
        (-6, MINOR, 63, (3, False)),
    ],
)
def test_the_key_is_one_of_the_two_of_its_signature_the_one_its_notes_fit(
    tmp_path: Path, sharps: int, pattern: tuple[int, ...], tonic: int, expected: tuple[int, bool]
) -> None:
    voices = [Voice(0, tune(tonic, pattern=pattern)), Voice(0, tune(37), drums=True)]
    score = read_beats(write_midi(tmp_path / "a.mid", voices, sharps=[(0, sharps)]))
    assert global_key(score) == expected


def test_without_a_signature_or_pitches_the_key_is_unknown(tmp_path: Path) -> None:
    without = read_beats(write_midi(tmp_path / "a.mid", PIANO, sharps=[]))
    drums = read_beats(write_midi(tmp_path / "b.mid", [Voice(0, tune(36), drums=True)]))
    assert global_key(without) is None
    assert global_key(drums) is None


def test_the_signature_of_a_span_is_known_unless_it_changes_within() -> None:
    part = Part(0, False, np.array([[0.0, 40.0, 60.0, 80.0]]))
    score = BeatScore([part], 120.0, [(0.0, 0), (16.0, 2), (24.0, 2), (32.0, -1)])
    assert signature_during(score, 0, 16) == 0
    assert signature_during(score, 8, 20) is None
    assert signature_during(score, 16, 32) == 2
    assert signature_during(score, 33, 40) == -1
    assert signature_during(BeatScore([part], 120.0, []), 0, 8) is None
    assert signature_during(BeatScore([part], 120.0, [(4.0, 1)]), 0, 8) is None


def test_a_score_without_dynamics_is_accented_on_the_beat(tmp_path: Path) -> None:
    flat = read_beats(write_musicxml(tmp_path / "a.xml", beats=4, beat_type=4)).parts[0].notes
    assert flat[:4, 3].tolist() == [80.0, 70.0, 80.0, 70.0]


def test_a_tempo_that_programs_write_by_default_says_nothing(tmp_path: Path) -> None:
    assert read_beats(write_midi(tmp_path / "a.mid", PIANO, qpm=120.0)).bpm is None


def test_a_file_that_is_no_score_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"no score")
    with pytest.raises(MediaError, match=r"a\.mid"):
        read_beats(tmp_path / "a.mid")
