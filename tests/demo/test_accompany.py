"""Tunes are harmonised as a textbook would."""

from __future__ import annotations

import pytest

from workbench.demo.accompany import add_accompaniment, choose_triads


def bar(*pitch_classes: int) -> list[tuple[int, float]]:
    return [(pitch, 1.0) for pitch in pitch_classes]


def test_a_cadence_in_c_major() -> None:
    bars = [bar(0, 4, 7), bar(5, 9, 0), bar(7, 11, 2), bar(2, 11)]
    triads = choose_triads(bars, tonic=0, minor=False)
    assert triads == [(0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)]  # the last bar comes home


def test_the_choice_moves_with_the_tonic_and_knows_minor() -> None:
    bars = [bar(9, 0, 4), bar(2, 5, 9), bar(4, 8, 11), bar(9)]
    triads = choose_triads(bars, tonic=9, minor=True)
    assert triads == [(9, 0, 4), (2, 5, 9), (4, 8, 11), (9, 0, 4)]


def test_an_empty_tune_needs_no_chords() -> None:
    assert choose_triads([], tonic=0, minor=False) == []
    assert choose_triads([[]], tonic=0, minor=False) == [(0, 4, 7)]


def test_chords_and_bass_fill_the_bars_of_the_tune() -> None:
    pytest.importorskip("music21", reason="the demo extra is not installed")
    from music21 import converter, stream

    score = stream.Score()
    score.insert(0, converter.parse("tinynotation: 3/4 c4 e g f a c' g2 b4 c2."))
    add_accompaniment(score, tonic=0, minor=False, beat=1.0)
    tune, chords, bass = score.parts
    assert tune.highestTime == chords.highestTime == bass.highestTime == 12.0
    assert [note.pitch.pitchClass for note in bass.flatten().notes] == [0, 5, 7, 0]
    assert [len(b.notes) for b in chords.getElementsByClass("Measure")] == [2, 2, 2, 2]
    first = chords.flatten().notes[0]
    assert {pitch.pitchClass for pitch in first.pitches} == {0, 4, 7}
    assert first.offset == 1.0  # the bass has the first beat
